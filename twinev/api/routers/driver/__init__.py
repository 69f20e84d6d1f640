"""The pages of the drivers' app, a module for each; `ROUTERS` is what the application includes."""

from __future__ import annotations

from twinev.api.routers.driver import (
    files,
    history,
    map,
    profile,
    reservations,
    search,
    sessions,
    start,
    stations,
    vehicles,
)

ROUTERS = (
    files.router,
    map.router,
    search.router,
    stations.router,
    reservations.router,
    # Before a session, whose id stands where it has a word.
    start.router,
    sessions.router,
    history.router,
    vehicles.router,
    profile.router,
)
