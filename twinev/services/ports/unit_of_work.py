"""One transaction with every repository in it.

The database is a synchronous unit of work: ``with unit_of_work() as work: …; work.commit()``. What leaves it without
``commit`` is rolled back. An event added to ``work.events`` is published if, and only if, the commit succeeds.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from twinev.services.ports.analysis import Analysis, SiteDays
from twinev.services.ports.audit import Audit
from twinev.services.ports.charge_points import Commands, Reports, Sites, Stations, Tokens
from twinev.services.ports.charging import Facts, MeterValues, Sessions
from twinev.services.ports.contracts import Contracts, Partners, TermsStore
from twinev.services.ports.drivers import PreferencesStore, VehicleBookings, Vehicles
from twinev.services.ports.exchange import Events, Inbox, Outbox
from twinev.services.ports.pricing import ChargeDetailRecords, Payments, Tariffs
from twinev.services.ports.requests import Idempotency
from twinev.services.ports.reservations import ChargeOrders, Reservations, StationAccess
from twinev.services.ports.retention import Retention
from twinev.services.ports.smart_charging import (
    Abilities,
    ExternalLimits,
    FlexibilityOrders,
    Plans,
    Restrictions,
    SeriesStore,
    StationFaults,
)
from twinev.services.ports.usage import Usage


class UnitOfWork(Protocol):
    sites: Sites
    stations: Stations
    sessions: Sessions
    meter_values: MeterValues
    facts: Facts
    plans: Plans
    commands: Commands
    reports: Reports
    restrictions: Restrictions
    series: SeriesStore
    flexibility_orders: FlexibilityOrders
    abilities: Abilities
    external_limits: ExternalLimits
    station_faults: StationFaults
    tokens: Tokens
    tariffs: Tariffs
    charge_detail_records: ChargeDetailRecords
    payments: Payments
    contracts: Contracts
    terms: TermsStore
    partners: Partners
    reservations: Reservations
    charge_orders: ChargeOrders
    station_access: StationAccess
    vehicles: Vehicles
    vehicle_bookings: VehicleBookings
    preferences: PreferencesStore
    events: Events
    outbox: Outbox
    inbox: Inbox
    idempotency: Idempotency
    retention: Retention
    audit: Audit
    usage: Usage
    analysis: Analysis
    site_days: SiteDays

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def commit(self) -> None: ...


UnitOfWorkFactory = Callable[[], UnitOfWork]
