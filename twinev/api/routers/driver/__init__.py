"""The pages of the drivers' app, a module for each; `ROUTERS` is what the application includes."""

from __future__ import annotations

from twinev.api.routers.driver import files, map

ROUTERS = (files.router, map.router)
