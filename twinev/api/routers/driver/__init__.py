"""The pages of the drivers' app, a module for each; `ROUTERS` is what the application includes."""

from __future__ import annotations

from twinev.api.routers.driver import files, history, map, profile, sessions, start, vehicles

ROUTERS = (
    files.router,
    map.router,
    # Before a session, whose id stands where it has a word.
    start.router,
    sessions.router,
    history.router,
    vehicles.router,
    profile.router,
)
