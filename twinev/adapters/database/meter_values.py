"""The repository of meter values: every sample once, by its natural key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from twinev.adapters.database.facts import set_aside
from twinev.adapters.database.statements import insert_new
from twinev.adapters.database.tables import charging_sessions, meter_values
from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession
from twinev.services.ports.clock import Clock
from twinev.wire.messages import encode

_KEY = tuple(column.name for column in meter_values.primary_key)
# Both databases refuse a statement with too many values, and would refuse it again for ever.
_INSTANTS_ASKED = 1000

_BEGUN, _BEGUN_AT = charging_sessions.c.started_at, bindparam("begun_at", type_=charging_sessions.c.started_at.type)
_NEIGHBOURS = select(func.max(_BEGUN).filter(_BEGUN < _BEGUN_AT), func.min(_BEGUN).filter(_BEGUN > _BEGUN_AT)).where(
    charging_sessions.c.station_id == bindparam("station"),
    charging_sessions.c.ocpp_transaction_id == bindparam("transaction"),
)


class DatabaseMeterValues:
    """Implements `twinev.services.ports.charging.MeterValues`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, station_id: str, evse_id: int, ocpp_transaction_id: str | None, samples: Iterable[Sample]) -> int:
        rows = [_row(station_id, evse_id, ocpp_transaction_id, sample) for sample in samples]
        if not rows:
            return 0
        inserted = insert_new(self._connection, meter_values, rows)
        if inserted < len(rows):
            self._flag_contradictions(rows)
        return inserted

    def of_session(
        self, session: ChargingSession, *, since: datetime | None = None, measurand: str | None = None
    ) -> Sequence[Sample]:
        statement = select(meter_values).where(
            meter_values.c.station_id == session.station_id,
            meter_values.c.ocpp_transaction_id == session.ocpp_transaction_id,
        )
        before, after = self._neighbours(session)
        if before is not None:
            statement = statement.where(meter_values.c.timestamp >= session.started_at)
        if after is not None:
            statement = statement.where(meter_values.c.timestamp < after)
        if since is not None:
            statement = statement.where(meter_values.c.timestamp >= since)
        if measurand is not None:
            statement = statement.where(meter_values.c.measurand == measurand)
        return [_sample(row) for row in self._connection.execute(statement.order_by(meter_values.c.timestamp))]

    def of_station(
        self, station_id: str, *, start: datetime, end: datetime, measurand: str | None = None
    ) -> Sequence[tuple[int, Sample]]:
        """Return EVSE and sample of all that was measured at a station within [start, end), by time."""
        statement = within(station_id, start=start, end=end, measurand=measurand)
        return [(row.evse_id, _sample(row)) for row in self._connection.execute(statement)]

    def _neighbours(self, session: ChargingSession) -> tuple[datetime | None, datetime | None]:
        """When the last transaction of the same name before this one began, and when the next one after it."""
        named = {"station": session.station_id, "transaction": session.ocpp_transaction_id}
        before, after = self._connection.execute(_NEIGHBOURS, named | {"begun_at": session.started_at}).one()
        return before, after

    def _flag_contradictions(self, rows: list[dict[str, Any]]) -> None:
        kept = self._kept_values(rows)
        for row in rows:
            if kept[_key(row)] != row["value"]:
                reason = f"contradicts the {row['measurand']} of {kept[_key(row)]:g} that was measured at the same time"
                key = "|".join(str(part) for part in _key(row))
                set_aside(
                    self._connection,
                    station_id=row["station_id"],
                    key=key,
                    body=encode(row),
                    reason=reason,
                    at=self._clock.now(),
                )

    def _kept_values(self, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], float]:
        """What is kept of the instants of ``rows``, which are all of one transaction."""
        first, instants = rows[0], sorted({row["timestamp"] for row in rows})
        kept: dict[tuple[Any, ...], float] = {}
        for begin in range(0, len(instants), _INSTANTS_ASKED):
            asked = instants[begin : begin + _INSTANTS_ASKED]
            statement = select(meter_values).where(
                meter_values.c.station_id == first["station_id"],
                meter_values.c.ocpp_transaction_id == first["ocpp_transaction_id"],
                meter_values.c.timestamp.between(asked[0], asked[-1]),
                meter_values.c.timestamp.in_(asked),
            )
            kept |= {_key(found._mapping): found.value for found in self._connection.execute(statement)}
        return kept


def within(station_id: str, *, start: datetime, end: datetime, measurand: str | None = None) -> Select:
    """Select a station's values of a time; its index is `ix_meter_values_station_id_timestamp`."""
    statement = select(meter_values).where(
        meter_values.c.station_id == station_id, meter_values.c.timestamp >= start, meter_values.c.timestamp < end
    )
    if measurand is not None:
        statement = statement.where(meter_values.c.measurand == measurand)
    return statement.order_by(meter_values.c.timestamp)


def _row(station_id: str, evse_id: int, ocpp_transaction_id: str | None, sample: Sample) -> dict[str, Any]:
    return {
        "station_id": station_id,
        "evse_id": evse_id,
        "ocpp_transaction_id": ocpp_transaction_id or "",
        "timestamp": sample.timestamp,
        "measurand": sample.measurand,
        "phase": sample.phase or "",
        "location": sample.location,
        "context": sample.context,
        "value": sample.value,
        "unit": sample.unit,
    }


def _key(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _sample(row: Row) -> Sample:
    return Sample(
        timestamp=row.timestamp,
        measurand=row.measurand,
        value=row.value,
        unit=row.unit,
        phase=row.phase or None,
        location=row.location,
        context=row.context,
    )
