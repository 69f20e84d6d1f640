"""The repository of tariffs, their versions, and where each rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from twinev.adapters.database.documents import from_known_document, insert_once, to_document
from twinev.adapters.database.pricing_tables import tariff_assignments, tariffs
from twinev.adapters.database.raw_rows import RawRows
from twinev.adapters.database.statements import upsert
from twinev.domain.tariffs import Tariff, TariffAssignment
from twinev.errors import NotFound

_versions, _places = tariffs, tariff_assignments
_CONTENT = RawRows([tariffs.c.content]).selected[0]

_OF_TARIFF = select(_CONTENT).where(_versions.c.id == bindparam("tariff_id")).order_by(_versions.c.version.desc())
_IN_FORCE = _OF_TARIFF.where(_versions.c.valid_from <= bindparam("instant")).limit(1)
_BEGUN = (
    select(_places)
    .where(_places.c.site_id == bindparam("of"), _places.c.since <= bindparam("at"))
    .order_by(_places.c.since)
)


class DatabaseTariffs:
    """Implements `twinev.services.ports.pricing.Tariffs`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, tariff_id: str, *, version: int | None = None) -> Tariff:
        statement = self._versions_of(tariff_id)
        if version is not None:
            statement = statement.where(_versions.c.version == version)
        found = self._all(statement.limit(1))
        if not found:
            raise NotFound("tariff" if version is None else f"version {version} of the tariff", tariff_id)
        return found[0]

    def versions(self, tariff_id: str) -> Sequence[Tariff]:
        return self._all(self._versions_of(tariff_id))

    def at(self, tariff_id: str, instant: datetime) -> Tariff | None:
        # A later version rules from its begin; where it has ended, no older one comes back.
        found = self._all(_IN_FORCE, {"tariff_id": tariff_id, "instant": instant})
        return found[0] if found and found[0].in_force_at(instant) else None

    def latest(self, *, limit: int, after: str | None = None) -> Sequence[Tariff]:
        newest = select(_versions.c.id, func.max(_versions.c.version).label("version")).group_by(_versions.c.id)
        if after is not None:
            newest = newest.where(_versions.c.id > after)
        newest = newest.order_by(_versions.c.id).limit(limit).subquery()
        joined = _versions.join(newest, (_versions.c.id == newest.c.id) & (_versions.c.version == newest.c.version))
        return self._all(select(_CONTENT).select_from(joined).order_by(_versions.c.id))

    def add(self, tariff: Tariff) -> None:
        row = {name: getattr(tariff, name) for name in ("id", "version", "valid_from", "valid_to", "published_at")}
        what = f"version {tariff.version} of the tariff {tariff.id}"
        insert_once(self._connection, _versions, row | {"content": to_document(tariff)}, what)

    def assign(self, assignment: TariffAssignment) -> None:
        row = {column.name: getattr(assignment, column.name) for column in _places.c}
        upsert(self._connection, _places, row | {"station_id": assignment.station_id or ""})

    def assignments(self, site_id: str, *, at: datetime) -> Sequence[TariffAssignment]:
        begun = self._connection.execute(_BEGUN, {"of": site_id, "at": at}).mappings()
        latest: dict[tuple[str, int], TariffAssignment] = {}
        for row in begun:
            place = dict(row) | {"station_id": row["station_id"] or None}
            latest[row["station_id"], row["evse_id"]] = TariffAssignment(**place)
        return [latest[place] for place in sorted(latest)]

    def _versions_of(self, tariff_id: str) -> Select[Any]:
        return _OF_TARIFF.params(tariff_id=tariff_id)

    def _all(self, statement: Select[Any], asked: Mapping[str, Any] | None = None) -> list[Tariff]:
        documents = self._connection.execute(statement, asked).scalars()
        return [from_known_document(Tariff, document) for document in documents]
