"""A charging session: from plug-in to departure, with the OCPP transaction in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twinev.domain.charge_points import ChargingState
from twinev.domain.event_sequence import EventSequence
from twinev.domain.vehicles import ChargingNeeds


@dataclass(frozen=True, kw_only=True)
class ChargingSession:
    """One EV at one EVSE, as far as the facts that its station sent tell.

    ``energy_kwh`` is what has flowed into the EV since the transaction began, less ``returned_kwh``, what it gave back;
    ``power_kw`` is the last measured power (positive charges), ``measured_at`` when that was. ``meter_start_kwh`` and
    ``export_start_kwh`` are what the two registers read at the begin. ``ocpp_transaction_id`` is the station's name of
    the transaction, ``events`` which of the events in it came. ``user_id`` is whose id token it is, None where nobody
    knows.
    """

    id: str
    site_id: str
    station_id: str
    evse_id: int
    ocpp_transaction_id: str
    id_token: str | None
    user_id: str | None = None
    started_at: datetime
    ended_at: datetime | None = None
    stop_reason: str | None = None
    needs: ChargingNeeds = field(default_factory=ChargingNeeds)
    charging_state: ChargingState | None = None
    meter_start_kwh: float | None = None
    export_start_kwh: float | None = None
    energy_kwh: float = 0.0
    returned_kwh: float = 0.0
    power_kw: float = 0.0
    measured_at: datetime | None = None
    events: EventSequence = field(default_factory=EventSequence)

    @property
    def active(self) -> bool:
        return self.ended_at is None

    def departure(self, *, stay_minutes: float) -> datetime:
        """When the EV leaves: as its driver said, else after such a stay. [min]"""
        return self.needs.departure_at or self.started_at + timedelta(minutes=stay_minutes)
