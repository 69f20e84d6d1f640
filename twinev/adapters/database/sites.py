"""The repository of sites."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, Row, select

from twinev.adapters.database.statements import upsert
from twinev.adapters.database.tables import sites
from twinev.domain.charge_points import Location, Site
from twinev.errors import NotFound


class DatabaseSites:
    """Implements `twinev.services.ports.charge_points.Sites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, site_id: str) -> Site:
        row = self._connection.execute(select(sites).where(sites.c.id == site_id)).one_or_none()
        if row is None:
            raise NotFound("site", site_id)
        return _site(row)

    def list(self) -> list[Site]:
        return [_site(row) for row in self._connection.execute(select(sites).order_by(sites.c.id))]

    def save(self, site: Site) -> None:
        row = asdict(site)
        row.update(row.pop("location"))
        upsert(self._connection, sites, row)


def _site(row: Row) -> Site:
    values = dict(row._mapping)
    location = Location(
        latitude_degrees=values.pop("latitude_degrees"), longitude_degrees=values.pop("longitude_degrees")
    )
    return Site(location=location, **values)
