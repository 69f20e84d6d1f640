"""The repositories of the analysis: a day's sessions, readings, bills and reservations, and the days counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter

from sqlalchemy import CTE, Column, ColumnElement, Connection, Float, and_, cast, func, or_, select

from twinev.adapters.database.analysis_tables import site_days
from twinev.adapters.database.documents import from_document, to_document
from twinev.adapters.database.pricing_tables import charge_detail_records
from twinev.adapters.database.quarter_of import quarter_of
from twinev.adapters.database.reservation_tables import reservations
from twinev.adapters.database.statements import upsert
from twinev.adapters.database.tables import charging_sessions, meter_values, plans, series_values, sites
from twinev.domain.reservation import ReservationStatus
from twinev.domain.site_day import SiteDay
from twinev.domain.tariff import SeriesKind
from twinev.services.ports.analysis import CountedSession, QuarterReadings
from twinev.services.put_series import OF_ZONES
from twinev.services.read_meters import EXPORT_REGISTER, REGISTER

ROWS_AT_ONCE = 2000
#: Readings that far from the day still say how the energy was spread; nobody needs those of a month ago.
AROUND = timedelta(days=1)

_sessions, _values, _records = charging_sessions.c, meter_values.c, charge_detail_records.c
_COUNTED = (
    "id", "started_at", "ended_at", "measured_at", "energy_kwh", "returned_kwh", "meter_start_kwh", "export_start_kwh",
)  # fmt: skip


class DatabaseAnalysis:
    """Implements `twinev.services.ports.analysis.Analysis`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_session(self, site_id: str) -> datetime | None:
        statement = select(func.min(_sessions.started_at)).where(_sessions.site_id == site_id)
        return self._connection.execute(statement).scalar()

    def sessions(self, site_id: str, start: datetime, end: datetime) -> Sequence[CountedSession]:
        statement = select(*(_sessions[name] for name in _COUNTED)).where(_under_way(site_id, start, end))
        found = [CountedSession(**row._mapping) for row in self._connection.execute(statement)]
        # Ordered by the database, it would read all sessions there are by their ids.
        return sorted(found, key=attrgetter("id"))

    def readings(self, site_id: str, start: datetime, end: datetime) -> Iterable[QuarterReadings]:
        quarter = quarter_of(_values.timestamp)
        session = _sessions_under_way(site_id, start, end).c
        of_session = and_(
            _values.station_id == session.station_id,
            _values.ocpp_transaction_id == session.ocpp_transaction_id,
            _values.timestamp >= session.started_at,
            _values.timestamp <= func.coalesce(session.ended_at, end),
        )
        statement = (
            select(
                session.id,
                _values.measurand,
                func.min(_values.timestamp),
                func.max(_values.timestamp),
                func.min(_values.value),
                func.max(_values.value),
            )
            .where(of_session, _values.timestamp >= start - AROUND, _values.timestamp <= end + AROUND)
            .where(_values.measurand.in_((REGISTER, EXPORT_REGISTER)))
            .where(_values.location == "Outlet", _values.phase == "")
            .group_by(session.id, _values.measurand, quarter)
            .order_by(session.id, _values.measurand, quarter)
        )
        found = self._connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
        # Row by row by its places: a large site has a hundred thousand a day.
        return (
            QuarterReadings(
                session_id=session_id,
                measurand=measurand,
                first_at=first_at,
                last_at=last_at,
                lowest_kwh=lowest_kwh,
                highest_kwh=highest_kwh,
            )
            for session_id, measurand, first_at, last_at, lowest_kwh, highest_kwh in found
        )

    def reservations(self, site_id: str, start: datetime, end: datetime) -> Mapping[ReservationStatus, int]:
        table = reservations.c
        statement = select(table.status, func.count()).where(
            table.site_id == site_id, *_within(table.start, start, end)
        )
        found = self._connection.execute(statement.group_by(table.status))
        return {ReservationStatus(status): count for status, count in found}

    def billed(self, site_id: str, start: datetime, end: datetime) -> Mapping[str, tuple[int, float]]:
        cost = _records.content["cost"]
        currency, amount = cost["currency"].as_string(), cast(cost["total"]["excl_vat"].as_string(), Float)
        statement = (
            select(currency.label("currency"), func.count(), func.sum(amount))
            .where(_records.site_id == site_id, *_within(_records.made_at, start, end))
            .group_by("currency")
        )
        # Amounts are whole cents; only their sum as floats is not.
        return {name: (count, round(total, 2)) for name, count, total in self._connection.execute(statement)}

    def plans(self, site_id: str, start: datetime, end: datetime) -> Sequence[tuple[datetime, str]]:
        made, of_site = plans.c.made_at, select(plans.c.made_at, plans.c.id).where(plans.c.site_id == site_id)
        before = of_site.where(made <= start).order_by(made.desc(), plans.c.id.desc()).limit(1)
        within = of_site.where(made > start, made < end).order_by(made, plans.c.id)
        return [(row.made_at, row.id) for one in (before, within) for row in self._connection.execute(one)]

    def traces(self, site_id: str, start: datetime, end: datetime) -> str:
        counts = [
            select(func.count(), func.sum(_sessions.energy_kwh), func.count(_sessions.ended_at)).where(
                _under_way(site_id, start, end)
            ),
            select(func.count(), func.max(_records.made_at)).where(
                _records.site_id == site_id, *_within(_records.made_at, start, end)
            ),
            select(func.count(), func.sum(series_values.c.value)).where(
                or_(*self._series_of(site_id)), *_within(series_values.c.start, start, end)
            ),
        ]
        found = [value for statement in counts for value in self._connection.execute(statement).one()]
        return " ".join([*map(_trace, found), *sorted(map(_trace, self.reservations(site_id, start, end).items()))])

    def _series_of(self, site_id: str) -> list[ColumnElement[bool]]:
        """The series that the site's days are counted from."""
        table = series_values.c
        zone = self._connection.execute(select(sites.c.price_zone).where(sites.c.id == site_id)).scalar_one()
        return [
            and_(table.kind == str(kind), table.subject == (zone if kind in OF_ZONES else site_id))
            for kind in SeriesKind
            if kind is not SeriesKind.FLEXIBILITY
        ]


class DatabaseSiteDays:
    """Implements `twinev.services.ports.analysis.SiteDays`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def between(self, site_id: str, first: date, last: date) -> Mapping[str, SiteDay]:
        statement = select(site_days.c.day, site_days.c.content).where(*_days(site_id, first, last))
        return {day: from_document(SiteDay, content) for day, content in self._connection.execute(statement)}

    def traces(self, site_id: str, first: date, last: date) -> Mapping[str, str]:
        statement = select(site_days.c.day, site_days.c.traces).where(*_days(site_id, first, last))
        return dict(self._connection.execute(statement).all())

    def save(self, day: SiteDay, traces: str) -> None:
        row = {"site_id": day.site_id, "day": day.day, "traces": traces, "content": to_document(day)}
        upsert(self._connection, site_days, row)


def _under_way(site_id: str, start: datetime, end: datetime) -> ColumnElement[bool]:
    """Each way to be under way at some time of [start, end) has an index of its own."""
    before = _sessions.started_at < start
    return and_(
        _sessions.site_id == site_id,
        or_(
            and_(*_within(_sessions.started_at, start, end)),
            and_(_sessions.ended_at > start, before),
            and_(_sessions.ended_at.is_(None), before),
        ),
    )


def _sessions_under_way(site_id: str, start: datetime, end: datetime) -> CTE:
    """Found first and by themselves: a few of many, whose readings are then looked up by their key.

    SQLite must be told so; PostgreSQL, which knows from its statistics how few they are, would no longer.
    """
    wanted = ("id", "station_id", "ocpp_transaction_id", "started_at", "ended_at")
    statement = select(*(_sessions[name] for name in wanted)).where(_under_way(site_id, start, end))
    return statement.cte("under_way").prefix_with("MATERIALIZED", dialect="sqlite")


def _within(at: Column[datetime], start: datetime, end: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return at >= start, at < end


def _days(site_id: str, first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    table = site_days.c
    return table.site_id == site_id, table.day >= first.isoformat(), table.day <= last.isoformat()


def _trace(value: object) -> str:
    """Sums of floats differ in their last digits with the order in which a database adds them."""
    if isinstance(value, tuple):
        return ":".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.3f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)
