"""A limit that somebody else set at a station: an energy management system, the grid (OCPP 2.x NotifyChargingLimit)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose


@dataclass(frozen=True, kw_only=True)
class ExternalLimit:
    """It holds until its source clears it, or its schedule ends; without a schedule nobody said how much.

    ``evse_id`` 0 is the whole station. ``source`` is OCPP's chargingLimitSource.
    """

    station_id: str
    evse_id: int
    source: str
    schedule: ChargingSchedule | None
    grid_critical: bool = False
    at: datetime

    @property
    def profile(self) -> ChargingProfile | None:
        """The limit as a profile of the composite schedule."""
        if self.schedule is None:
            return None
        return ChargingProfile(
            id=0, purpose=ProfilePurpose.EXTERNAL, stack_level=0, evse_id=self.evse_id, schedule=self.schedule
        )
