"""The repository of sites."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from twinev.adapters.database.raw_rows import RawRows
from twinev.adapters.database.records import from_record, to_record
from twinev.adapters.database.remembered import Remembered
from twinev.adapters.database.statements import upsert
from twinev.adapters.database.tables import sites
from twinev.domain.charge_points import Address, Location, Site
from twinev.domain.opening_hours import OpeningHours
from twinev.errors import NotFound

_SITES: Remembered[Site] = Remembered()
_RAW = RawRows(list(sites.c))
_ONE = select(*_RAW.selected).where(sites.c.id == bindparam("named"))
_ONE_TO_EDIT = _ONE.with_for_update()
_LIST = select(*_RAW.selected).order_by(sites.c.id)


class DatabaseSites:
    """Implements `twinev.services.ports.charge_points.Sites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, site_id: str) -> Site:
        return self._get(_ONE, site_id)

    def get_to_edit(self, site_id: str) -> Site:
        """As `get`; until the commit nobody else gets it to edit."""
        return self._get(_ONE_TO_EDIT, site_id)

    def _get(self, statement: Select, site_id: str) -> Site:
        row = self._connection.execute(statement, {"named": site_id}).one_or_none()
        if row is None:
            raise NotFound("site", site_id)
        return self._site(row)

    def list(self) -> list[Site]:
        return [self._site(row) for row in self._connection.execute(_LIST).all()]

    def save(self, site: Site) -> None:
        row = asdict(site)
        row.update(row.pop("location"))
        row["opening_hours"] = site.opening_hours and to_record(site.opening_hours)
        upsert(self._connection, sites, row)

    def _site(self, row: Row) -> Site:
        return _SITES.of(row[0], row, lambda: _site(_RAW.values(row, self._connection)))


def _site(values: dict[str, Any]) -> Site:
    location = Location(
        latitude_degrees=values.pop("latitude_degrees"), longitude_degrees=values.pop("longitude_degrees")
    )
    address, opening_hours = values.pop("address"), values.pop("opening_hours")
    return Site(
        location=location,
        address=address and Address(**address),
        opening_hours=opening_hours and from_record(OpeningHours, opening_hours),
        **values,
    )
