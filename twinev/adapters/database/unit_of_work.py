"""The unit of work: one database transaction with all repositories in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from twinev.adapters.database.analysis import DatabaseAnalysis, DatabaseSiteDays
from twinev.adapters.database.audit import DatabaseAudit
from twinev.adapters.database.charge_detail_records import DatabaseChargeDetailRecords, DatabasePayments
from twinev.adapters.database.charge_orders import DatabaseChargeOrders, DatabaseStationAccess
from twinev.adapters.database.commands import DatabaseCommands
from twinev.adapters.database.contracts import DatabaseContracts, DatabasePartners, DatabaseTerms
from twinev.adapters.database.engine import BUSY_SECONDS, READ_ONLY
from twinev.adapters.database.facts import DatabaseFacts
from twinev.adapters.database.flexibility_orders import DatabaseFlexibilityOrders
from twinev.adapters.database.idempotency import DatabaseIdempotency
from twinev.adapters.database.inbox import DatabaseInbox
from twinev.adapters.database.meter_values import DatabaseMeterValues
from twinev.adapters.database.outbox import DatabaseEvents, DatabaseOutbox
from twinev.adapters.database.plans import DatabasePlans
from twinev.adapters.database.preferences import DatabasePreferences
from twinev.adapters.database.reservations import DatabaseReservations
from twinev.adapters.database.restrictions import DatabaseRestrictions
from twinev.adapters.database.retention import DatabaseRetention
from twinev.adapters.database.series import DatabaseSeries
from twinev.adapters.database.sessions import DatabaseSessions
from twinev.adapters.database.sites import DatabaseSites
from twinev.adapters.database.smart_charging import (
    DatabaseAbilities,
    DatabaseExternalLimits,
    DatabaseStationFaults,
)
from twinev.adapters.database.station_reports import DatabaseReports
from twinev.adapters.database.stations import DatabaseStations
from twinev.adapters.database.tariffs import DatabaseTariffs
from twinev.adapters.database.tokens import DatabaseTokens
from twinev.adapters.database.usage import DatabaseUsage
from twinev.adapters.database.vehicles import DatabaseVehicleBookings, DatabaseVehicles
from twinev.errors import Unavailable
from twinev.services.ports.audit import actor_now
from twinev.services.ports.clock import Clock


class Database:
    """Makes units of work on one engine.

    Parameters
    ----------
    engine : Engine
        From `twinev.adapters.database.engine.open_engine`, its schema up to date.
    clock : Clock
        Stamps the events.
    """

    def __init__(self, *, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._wake: Callable[[], None] = _nothing
        # SQLite has one writer at a time and lets the others poll; a lock hands over in turn and at once.
        self._writing = threading.Lock() if engine.dialect.name == "sqlite" else None

    def on_events(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` after every commit that left events in the outbox; from any thread."""
        self._wake = wake

    def unit_of_work(self) -> DatabaseUnitOfWork:
        """Make a transaction that may write."""
        return DatabaseUnitOfWork(engine=self._engine, clock=self._clock, wake=self._wake, writing=self._writing)

    def reading(self) -> DatabaseUnitOfWork:
        """Make a snapshot for reading, which on SQLite never waits for a writer and cannot be committed."""
        return DatabaseUnitOfWork(engine=self._engine, clock=self._clock, wake=self._wake, read_only=True)

    def close(self) -> None:
        self._engine.dispose()


class DatabaseUnitOfWork:
    """Implements `twinev.services.ports.unit_of_work.UnitOfWork`.

    A database that does not answer raises `Unavailable`.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        wake: Callable[[], None],
        writing: threading.Lock | None = None,
        read_only: bool = False,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._wake = wake
        self._writing = writing
        self._read_only = read_only

    def __enter__(self) -> Self:
        if self._writing is not None and not self._writing.acquire(timeout=BUSY_SECONDS):
            raise Unavailable(f"the database is busy: another transaction has lasted for {BUSY_SECONDS:g} s")
        try:
            self._connection = self._engine.connect().execution_options(**{READ_ONLY: self._read_only})
        except (DBAPIError, PoolTimeout) as error:
            self._release()
            raise Unavailable(f"the database does not answer: {error}") from error
        self._add_repositories()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.audit.close()
            self._connection.close()
        finally:
            self._release()
        if isinstance(error, (OperationalError, InterfaceError)):
            raise Unavailable(f"the database does not answer: {error.orig}") from error

    def commit(self) -> None:
        if self._read_only:
            raise RuntimeError("a unit of work for reading cannot be committed")
        self.audit.flush()
        has_events = self.events.flush()
        self._connection.commit()
        if has_events:
            self._wake()

    def _add_repositories(self) -> None:
        connection = self._connection
        self.audit = DatabaseAudit(connection, self._clock, None if self._read_only else actor_now())
        self.sites = DatabaseSites(connection)
        self.stations = DatabaseStations(connection)
        self.sessions = DatabaseSessions(connection)
        self.meter_values = DatabaseMeterValues(connection, self._clock)
        self.facts = DatabaseFacts(connection)
        self.plans = DatabasePlans(connection)
        self.commands = DatabaseCommands(connection)
        self.reports = DatabaseReports(connection)
        self.restrictions = DatabaseRestrictions(connection)
        self.series = DatabaseSeries(connection)
        self.flexibility_orders = DatabaseFlexibilityOrders(connection)
        self.abilities = DatabaseAbilities(connection)
        self.external_limits = DatabaseExternalLimits(connection)
        self.station_faults = DatabaseStationFaults(connection)
        self.tokens = DatabaseTokens(connection)
        self.tariffs = DatabaseTariffs(connection)
        self.charge_detail_records = DatabaseChargeDetailRecords(connection)
        self.payments = DatabasePayments(connection)
        self.contracts = DatabaseContracts(connection)
        self.terms = DatabaseTerms(connection)
        self.partners = DatabasePartners(connection)
        self.reservations = DatabaseReservations(connection)
        self.charge_orders = DatabaseChargeOrders(connection)
        self.station_access = DatabaseStationAccess(connection)
        self.vehicles = DatabaseVehicles(connection)
        self.vehicle_bookings = DatabaseVehicleBookings(connection)
        self.preferences = DatabasePreferences(connection)
        self.events = DatabaseEvents(connection, self._clock)
        self.outbox = DatabaseOutbox(connection)
        self.inbox = DatabaseInbox(connection)
        self.idempotency = DatabaseIdempotency(connection)
        self.usage = DatabaseUsage(connection)
        self.analysis = DatabaseAnalysis(connection)
        self.site_days = DatabaseSiteDays(connection)
        self.retention = DatabaseRetention(connection)

    def _release(self) -> None:
        if self._writing is not None:
            self._writing.release()


def _nothing() -> None:
    """Wake nobody."""
