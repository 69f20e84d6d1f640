"""The pages of the drivers' app, a module for each; `ROUTERS` is what the application includes."""

from __future__ import annotations

from twinev.api.routers.driver import files, map, reservations, search, stations

ROUTERS = (files.router, map.router, search.router, stations.router, reservations.router)
