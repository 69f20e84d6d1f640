"""What a station is told, or says that it has: OCPP 2.0.1 charging profiles, in kW."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from twinev.domain.checks import require_finite, require_utc
from twinev.errors import BadInput


class ProfilePurpose(StrEnum):
    """OCPP 2.0.1 ChargingProfilePurposeEnumType; EXTERNAL is set by others than the CSMS, which may not send it."""

    EXTERNAL = "ChargingStationExternalConstraints"
    STATION_MAX = "ChargingStationMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class ProfileKind(StrEnum):
    """OCPP 2.0.1 ChargingProfileKindEnumType: from what instant a schedule counts."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(StrEnum):
    """OCPP 2.0.1 RecurrencyKindEnumType: how often a recurring schedule begins anew."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


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
    """A staircase of limits; without ``duration_seconds`` the last one has no end.

    ``start`` is None where the schedule counts from the begin of a transaction.
    """

    start: datetime | None
    periods: tuple[SchedulePeriod, ...]
    duration_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.start is not None:
            object.__setattr__(self, "start", require_utc("start", self.start))
        if self.duration_seconds is not None and self.duration_seconds < 0:
            raise BadInput("duration_seconds", self.duration_seconds, "a whole number of at least 0")
        starts = [period.start_seconds for period in self.periods]
        if not starts or starts[0] != 0 or any(b <= a for a, b in pairwise(starts)):
            raise BadInput("periods", starts, "at least one period, the first at 0 s, each later than the one before")

    def limit_kw_at(self, instant: datetime) -> float | None:
        """The limit at ``instant``; None outside the schedule, and before anybody knows when it begins."""
        return None if self.start is None else self.limit_kw_after((instant - self.start).total_seconds())

    def limit_kw_after(self, seconds: float) -> float | None:
        """The limit so many seconds after the schedule began; None outside it."""
        if seconds < 0 or (self.duration_seconds is not None and seconds >= self.duration_seconds):
            return None
        return next(p.limit_kw for p in reversed(self.periods) if p.start_seconds <= seconds)

    @property
    def edges_seconds(self) -> tuple[int, ...]:
        """The seconds after its start at which the limit may change, its end among them."""
        end = () if self.duration_seconds is None else (self.duration_seconds,)
        return (*(period.start_seconds for period in self.periods), *end)


@dataclass(frozen=True, kw_only=True)
class ChargingProfile:
    """One profile for one EVSE; ``evse_id`` 0 is the whole station. A TxProfile names its transaction.

    It rules within [``valid_from``, ``valid_to``) only, where these are given.
    """

    id: int
    purpose: ProfilePurpose
    stack_level: int
    evse_id: int
    schedule: ChargingSchedule
    ocpp_transaction_id: str | None = None
    kind: ProfileKind = ProfileKind.ABSOLUTE
    recurrency: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def __post_init__(self) -> None:
        if (self.purpose is ProfilePurpose.TX) != (self.ocpp_transaction_id is not None):
            raise BadInput("ocpp_transaction_id", self.ocpp_transaction_id, "given for a TxProfile, and only for it")
        if (self.kind is ProfileKind.RECURRING) != (self.recurrency is not None):
            raise BadInput("recurrency", self.recurrency, "given for a Recurring profile, and only for it")
        if (self.kind is ProfileKind.RELATIVE) != (self.schedule.start is None):
            raise BadInput("schedule.start", self.schedule.start, "left out of a Relative profile, and only of it")
        if self.stack_level < 0:
            raise BadInput("stack_level", self.stack_level, "a whole number of at least 0")
        for name in ("valid_from", "valid_to"):
            if (instant := getattr(self, name)) is not None:
                object.__setattr__(self, name, require_utc(name, instant))
