"""The repository of charging stations and their EVSEs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from twinev.adapters.database.raw_rows import RawRows
from twinev.adapters.database.records import from_record, to_record
from twinev.adapters.database.remembered import Remembered
from twinev.adapters.database.statements import storable, upsert
from twinev.adapters.database.tables import evses, pending_station_keys, stations
from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location
from twinev.domain.connectors import Connector
from twinev.errors import NotFound

_PUBLIC = [column for column in stations.c if column.name not in ("key_hmac", "connection_id")]
_TOLD_BY_STATION = ("status", "status_at", "error_code")
_DECIDED = ("site_id", "name", "security_profile", "public", "blocked_at", "block_reason", "removed_at")


_STATIONS: Remembered[ChargingStation] = Remembered()
_EVSES: Remembered[Evse] = Remembered()
# By site, and of all under None: between two messages of stations the whole list is as it was.
_LISTS: Remembered[tuple[ChargingStation, ...]] = Remembered()
Values = tuple[Any, ...]
_RAW_STATIONS, _RAW_EVSES = RawRows(_PUBLIC), RawRows(list(evses.c))
_LIST = select(*_RAW_STATIONS.selected).where(stations.c.removed_at.is_(None)).order_by(stations.c.id)
_LIST_EVSES = select(*_RAW_EVSES.selected).order_by(evses.c.id)
_AT_SITE = stations.c.site_id == bindparam("of")
_LISTS_OF_SITE = (_LIST.where(_AT_SITE), _LIST_EVSES.join_from(evses, stations).where(_AT_SITE))
_NAMED = bindparam("named", expanding=True)
_ONES_NAMED = select(*_RAW_STATIONS.selected).where(stations.c.id.in_(_NAMED))
_EVSES_NAMED = _LIST_EVSES.where(evses.c.station_id.in_(_NAMED))
#: Of one query; PostgreSQL and SQLite take some 32,000 values.
_MOST_NAMED = 5000


class DatabaseStations:
    """Implements `twinev.services.ports.charge_points.Stations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, station_id: str) -> ChargingStation:
        return self.named([station_id])[station_id]

    def get_to_edit(self, station_id: str) -> ChargingStation:
        """As `get`; until the commit nobody else gets it to edit."""
        self._connection.execute(select(stations.c.id).where(stations.c.id == station_id).with_for_update())
        return self.get(station_id)

    def named(self, station_ids: Collection[str]) -> dict[str, ChargingStation]:
        """Return stations by id, removed ones too; `NotFound` where there is none of that id."""
        found: dict[str, ChargingStation] = {}
        asked = list(dict.fromkeys(station_ids))
        for some in (asked[first : first + _MOST_NAMED] for first in range(0, len(asked), _MOST_NAMED)):
            rows = [tuple(row) for row in self._connection.execute(_ONES_NAMED, {"named": some}).all()]
            of_rows = [tuple(row) for row in self._connection.execute(_EVSES_NAMED, {"named": some}).all()]
            found |= {station.id: station for station in self._made(rows, of_rows)}
        for station_id in station_ids:
            if station_id not in found:
                raise NotFound("charging station", station_id)
        return found

    def list(self, *, site_id: str | None = None) -> list[ChargingStation]:
        of_stations, of_evses, asked = (
            (_LIST, _LIST_EVSES, {}) if site_id is None else (*_LISTS_OF_SITE, {"of": site_id})
        )
        rows = [tuple(row) for row in self._connection.execute(of_stations, asked).all()]
        of_rows = [tuple(row) for row in self._connection.execute(of_evses, asked).all()]
        return list(_LISTS.of(site_id, (rows, of_rows), lambda: self._made(rows, of_rows)))

    def _made(self, rows: Sequence[Values], of_rows: Sequence[Values]) -> tuple[ChargingStation, ...]:
        evses_of: dict[str, list[Evse]] = defaultdict(list)
        for row in of_rows:
            evses_of[row[0]].append(_EVSES.of(row[:2], row, partial(self._listed_evse, row)))
        return tuple(
            _STATIONS.of(row[0], (*row, tuple(evses_of[row[0]])), partial(self._listed, row, evses_of[row[0]]))
            for row in rows
        )

    def _listed_evse(self, row: Values) -> Evse:
        return _evse(_RAW_EVSES.values(row, self._connection))

    def _listed(self, row: Values, of_station: list[Evse]) -> ChargingStation:
        return _station(_RAW_STATIONS.values(row, self._connection), of_station)

    def count(self) -> tuple[int, int]:
        """Return how many there are, and how many of them are online."""
        everything = select(func.count(), func.count().filter(stations.c.online)).where(stations.c.removed_at.is_(None))
        known, online = self._connection.execute(everything).one()
        return known, online

    def save(self, station: ChargingStation) -> None:
        row = {column.name: getattr(station, column.name, None) for column in _PUBLIC}
        row["latitude_degrees"] = station.location.latitude_degrees
        row["longitude_degrees"] = station.location.longitude_degrees
        upsert(self._connection, stations, row)
        kept = [evse.id for evse in station.evses]
        self._connection.execute(delete(evses).where(evses.c.station_id == station.id, evses.c.id.not_in(kept)))
        for evse in station.evses:
            upsert(self._connection, evses, _evse_row(station.id, evse))

    def describe(self, station: ChargingStation) -> None:
        """Write what an operator decides of a station and its EVSEs, and nothing that stations tell."""
        row = {name: getattr(station, name) for name in _DECIDED}
        row["latitude_degrees"] = station.location.latitude_degrees
        row["longitude_degrees"] = station.location.longitude_degrees
        self._connection.execute(update(stations).where(stations.c.id == station.id).values(row))
        kept = [evse.id for evse in station.evses]
        self._connection.execute(delete(evses).where(evses.c.station_id == station.id, evses.c.id.not_in(kept)))
        for evse in station.evses:
            upsert(self._connection, evses, _evse_row(station.id, evse), untouched=_TOLD_BY_STATION)

    def told_availability(self, station_id: str) -> dict[int, str | None]:
        """Return what was published last of each EVSE."""
        statement = select(evses.c.id, evses.c.availability).where(evses.c.station_id == station_id)
        return {row.id: row.availability for row in self._connection.execute(statement)}

    def set_told_availability(self, station_id: str, evse_id: int, availability: str) -> None:
        evse = (evses.c.station_id == station_id) & (evses.c.id == evse_id)
        self._connection.execute(update(evses).where(evse).values(availability=availability))

    def key_hmac(self, station_id: str) -> bytes | None:
        return self._connection.execute(select(stations.c.key_hmac).where(stations.c.id == station_id)).scalar()

    def set_key_hmac(self, station_id: str, key_hmac: bytes) -> None:
        self._connection.execute(update(stations).where(stations.c.id == station_id).values(key_hmac=key_hmac))

    def add_pending_key(self, station_id: str, key_hmac: bytes, at: datetime) -> int:
        row = {"station_id": station_id, "key_hmac": key_hmac, "told_at": at}
        return self._connection.execute(insert(pending_station_keys).values(row)).inserted_primary_key[0]

    def pending_keys(self, station_id: str) -> list[tuple[int, bytes]]:
        """Return number and HMAC of each key that the station has not come with yet, the newest first."""
        keys = pending_station_keys.c
        statement = select(keys.number, keys.key_hmac).where(keys.station_id == station_id)
        return [(row.number, row.key_hmac) for row in self._connection.execute(statement.order_by(keys.number.desc()))]

    def forget_pending_key(self, station_id: str, number: int) -> None:
        keys = pending_station_keys
        self._connection.execute(delete(keys).where(keys.c.station_id == station_id, keys.c.number == number))

    def settle_key(self, station_id: str, number: int) -> None:
        """Make a pending key the station's own; the one before, and those told before it, are forgotten."""
        self.set_key_hmac(station_id, dict(self.pending_keys(station_id))[number])
        keys = pending_station_keys
        self._connection.execute(delete(keys).where(keys.c.station_id == station_id, keys.c.number <= number))

    def set_online(self, station_id: str, online: bool, at: datetime, connection_id: str | None = None) -> None:
        """Note a socket gained or lost; the loss of a socket that another one has replaced changes nothing."""
        statement = update(stations).where(stations.c.id == station_id)
        if not online and connection_id is not None:
            current = stations.c.connection_id
            statement = statement.where(or_(current.is_(None), current == connection_id))
        since = at if online else None
        self._connection.execute(
            statement.values(online=online, online_since=since, last_seen=at, connection_id=connection_id)
        )

    def set_last_seen(self, station_id: str, at: datetime) -> None:
        self._connection.execute(update(stations).where(stations.c.id == station_id).values(last_seen=at))

    def set_boot(
        self,
        station_id: str,
        *,
        protocol: str,
        vendor: str,
        model: str,
        firmware_version: str | None,
        at: datetime,
    ) -> bool:
        said = {"protocol": protocol, "vendor": vendor, "model": model, "firmware_version": firmware_version}
        statement = update(stations).where(stations.c.id == station_id).values(last_seen=at, **said)
        return self._connection.execute(statement).rowcount == 1

    def save_evse(self, station_id: str, evse: Evse) -> None:
        upsert(self._connection, evses, _evse_row(station_id, evse))

    def set_status(
        self,
        station_id: str,
        evse_id: int,
        status: ConnectorStatus,
        at: datetime,
        *,
        error_code: str | None = None,
        even_if_older: bool = False,
    ) -> bool:
        statement = update(evses).where(evses.c.station_id == station_id, evses.c.id == evse_id)
        if not even_if_older:
            statement = statement.where(or_(evses.c.status_at.is_(None), evses.c.status_at <= at))
        said = {"status": str(status), "status_at": at, "error_code": storable(error_code, evses.c.error_code)}
        return self._connection.execute(statement.values(said)).rowcount == 1


def _station(row: Mapping[str, Any], of_station: list[Evse]) -> ChargingStation:
    values = dict(row)
    location = Location(
        latitude_degrees=values.pop("latitude_degrees"), longitude_degrees=values.pop("longitude_degrees")
    )
    return ChargingStation(location=location, evses=tuple(of_station), **values)


def _evse(row: Mapping[str, Any]) -> Evse:
    return Evse(
        id=row["id"],
        connector_type=row["connector_type"],
        max_kw=row["max_kw"],
        phases=row["phases"],
        status=ConnectorStatus(row["status"]),
        status_at=row["status_at"],
        error_code=row["error_code"],
        connectors=tuple(from_record(Connector, kept) for kept in row["connectors"] or ()),
    )


def _evse_row(station_id: str, evse: Evse) -> dict[str, Any]:
    return {
        "station_id": station_id,
        "id": evse.id,
        "connector_type": evse.connector_type,
        "max_kw": evse.max_kw,
        "phases": evse.phases,
        "status": str(evse.status),
        "status_at": evse.status_at,
        "error_code": evse.error_code,
        "connectors": [to_record(connector) for connector in evse.connectors],
    }
