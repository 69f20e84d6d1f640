"""The vehicle model: what an EV can take and what its driver asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.checks import require_finite, require_utc


class DriverProfile(StrEnum):
    """What the driver prefers, per session."""

    CHEAP = "cheap"
    FAST = "fast"
    GREEN = "green"
    DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class ChargingNeeds:
    """What the driver of one session asked for; None where nobody said.

    ``energy_kwh`` is counted from the plug-in, at the EVSE. ``max_kw`` is what the EV itself can take,
    ``max_discharge_kw`` what it gives back where it is asked to, as a magnitude.
    """

    energy_kwh: float | None = None
    departure_at: datetime | None = None
    max_kw: float | None = None
    max_discharge_kw: float | None = None
    profile: DriverProfile = DriverProfile.DEFAULT

    def __post_init__(self) -> None:
        if self.energy_kwh is not None:
            require_finite("energy_kwh", self.energy_kwh, at_least=0, at_most=1000)
        if self.max_kw is not None:
            require_finite("max_kw", self.max_kw, at_least=0, at_most=5000)
        if self.max_discharge_kw is not None:
            require_finite("max_discharge_kw", self.max_discharge_kw, at_least=0, at_most=5000)
        if self.departure_at is not None:
            object.__setattr__(self, "departure_at", require_utc("departure_at", self.departure_at))
