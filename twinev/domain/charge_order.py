"""A charge order: what a driver asked for when starting a session from afar, and how far the platform has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from twinev.domain.checks import require_finite
from twinev.domain.vehicles import ChargingNeeds
from twinev.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class BatteryState:
    """What the driver says of the battery: its size [kWh], its state of charge when he plugged in, the one he wants."""

    battery_kwh: float
    soc: float
    target_soc: float

    def __post_init__(self) -> None:
        require_finite("battery_kwh", self.battery_kwh, at_least=0.1, at_most=1000)
        require_finite("soc", self.soc, at_least=0, at_most=1)
        require_finite("target_soc", self.target_soc, at_least=0, at_most=1)
        if self.target_soc < self.soc:
            raise BadInput("target_soc", self.target_soc, f"at least the state of charge now, {self.soc:g}")

    @property
    def needed_kwh(self) -> float:
        """From the one to the other; losses are not counted, as in the printed model (docs/formulation.md). [kWh]"""
        return (self.target_soc - self.soc) * self.battery_kwh

    def soc_after(self, energy_kwh: float) -> float:
        """The state of charge once so much has flowed, at most full."""
        return min(self.soc + energy_kwh / self.battery_kwh, 1.0)


@dataclass(frozen=True, kw_only=True)
class ChargeOrder:
    """Charging that a driver ordered at an EVSE; ``session_id`` once the station says that it began.

    ``stop_at_target`` ends it when the energy asked for has flowed, ``stop_at`` at an instant (a reservation's end).
    ``stop_asked_at`` is when the station was last asked to stop.
    """

    id: str
    user_id: str
    station_id: str
    evse_id: int
    id_token: str
    ordered_at: datetime
    needs: ChargingNeeds = field(default_factory=ChargingNeeds)
    battery: BatteryState | None = None
    vehicle_id: str | None = None
    reservation_id: str | None = None
    stop_at_target: bool = True
    stop_at: datetime | None = None
    session_id: str | None = None
    stop_asked_at: datetime | None = None

    def due(
        self, energy_kwh: float, now: datetime, *, draws_on_until: datetime | None = None, least_kwh: float = 0.01
    ) -> str | None:
        """Why the session is to be stopped now: ``target``, ``window``; None while it may go on.

        Before ``draws_on_until`` no target ends it: what the EV holds may still be drawn on.
        """
        if self.stop_at is not None and now >= self.stop_at:
            return "window"
        if draws_on_until is not None and now < draws_on_until:
            return None
        wanted_kwh = self.needs.energy_kwh
        if self.stop_at_target and wanted_kwh is not None and energy_kwh >= wanted_kwh - least_kwh:
            return "target"
        return None
