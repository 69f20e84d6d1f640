"""What a station is told: OCPP 2.0.1 charging profiles, in kW."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from twinev.domain.checks import require_finite, require_utc
from twinev.errors import BadInput


class ProfilePurpose(StrEnum):
    """OCPP 2.0.1 ChargingProfilePurposeEnumType, the purposes that TwinEV sends."""

    STATION_MAX = "ChargingStationMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


@dataclass(frozen=True, kw_only=True)
class SchedulePeriod:
    """From ``start_seconds`` after the schedule's start until the next period, at most ``limit_kw``."""

    start_seconds: int
    limit_kw: float

    def __post_init__(self) -> None:
        if self.start_seconds < 0:
            raise BadInput("start_seconds", self.start_seconds, "a whole number of at least 0")
        require_finite("limit_kw", self.limit_kw)


@dataclass(frozen=True, kw_only=True)
class ChargingSchedule:
    """A staircase of limits; without ``duration_seconds`` the last one has no end."""

    start: datetime
    periods: tuple[SchedulePeriod, ...]
    duration_seconds: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", require_utc("start", self.start))
        starts = [period.start_seconds for period in self.periods]
        if not starts or starts[0] != 0 or any(b <= a for a, b in pairwise(starts)):
            raise BadInput("periods", starts, "at least one period, the first at 0 s, each later than the one before")

    def limit_kw_at(self, instant: datetime) -> float | None:
        """The limit at ``instant``; None outside the schedule."""
        elapsed = (instant - self.start).total_seconds()
        if elapsed < 0 or (self.duration_seconds is not None and elapsed >= self.duration_seconds):
            return None
        return next(p.limit_kw for p in reversed(self.periods) if p.start_seconds <= elapsed)


@dataclass(frozen=True, kw_only=True)
class ChargingProfile:
    """One profile for one EVSE; ``evse_id`` 0 is the whole station. A TxProfile names its transaction."""

    id: int
    purpose: ProfilePurpose
    stack_level: int
    evse_id: int
    schedule: ChargingSchedule
    ocpp_transaction_id: str | None = None

    def __post_init__(self) -> None:
        if (self.purpose is ProfilePurpose.TX) != (self.ocpp_transaction_id is not None):
            raise BadInput("ocpp_transaction_id", self.ocpp_transaction_id, "given for a TxProfile, and only for it")
