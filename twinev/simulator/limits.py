"""What a station allows its EVs: its own composite of the charging profiles that it was sent.

Per EVSE and instant: the TxProfile rules where one has a limit, else the TxDefaultProfile; of each purpose the highest
stack level that has a limit then; the hardware caps it. A ChargingStationMaxProfile and what others impose on the
station (ChargingStationExternalConstraints) cap the sum: EVSEs in use share them equally. A negative limit asks the EV
to discharge. Recurring profiles are not known. All instants are what the station's clock shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from twinev.simulator.ev import VOLTAGE_V

EXTERNAL = "ChargingStationExternalConstraints"
STATION_MAX = "ChargingStationMaxProfile"
TX_DEFAULT = "TxDefaultProfile"
TX = "TxProfile"


@dataclass(frozen=True, kw_only=True)
class Period:
    """From ``start_seconds`` on, at most ``limit`` in the profile's unit; ``phases`` where the profile says it.

    A negative limit is a setpoint: the EV discharges with as much.
    """

    start_seconds: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True, kw_only=True)
class StationProfile:
    """A profile as a station keeps it, in OCPP 2.0.1's names; ``unit`` is ``W`` (in total) or ``A`` (per phase).

    Without ``start`` the schedule is relative to the transaction's begin.
    """

    id: int
    purpose: str
    stack_level: int
    evse_id: int
    unit: str
    periods: tuple[Period, ...]
    kind: str = "Absolute"
    start: datetime | None = None
    duration_seconds: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: str | None = None

    def limit_kw(self, at: datetime, *, relative_start: datetime, phases: int) -> float | None:
        """The limit at ``at`` for an EV on ``phases`` phases; None where the profile has none then. [kW]"""
        if (self.valid_from and at < self.valid_from) or (self.valid_to and at >= self.valid_to):
            return None
        elapsed = (at - (self.start or relative_start)).total_seconds()
        if elapsed < 0 or (self.duration_seconds is not None and elapsed >= self.duration_seconds):
            return None
        period = next(p for p in reversed(self.periods) if p.start_seconds <= elapsed)
        return to_kw(period.limit, self.unit, min(period.phases or phases, phases))

    def expired(self, now: datetime) -> bool:
        """Whether it can never rule again."""
        if self.valid_to is not None and now >= self.valid_to:
            return True
        if self.start is None or self.duration_seconds is None:
            return False
        return now >= self.start + timedelta(seconds=self.duration_seconds)

    def changes(self, relative_start: datetime) -> Iterable[datetime]:
        """The instants at which its limit may change."""
        start = self.start or relative_start
        yield from (start + timedelta(seconds=period.start_seconds) for period in self.periods)
        if self.duration_seconds is not None:
            yield start + timedelta(seconds=self.duration_seconds)
        yield from (instant for instant in (self.valid_from, self.valid_to) if instant)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What an EVSE's composite depends on besides the profiles.

    ``relative_start`` is when the transaction began (now, without one); ``hardware_kw`` what the station can give the
    EV on its ``phases``, ``discharge_kw`` what it can take back. The station's caps are shared by ``sharing`` EVSEs.
    """

    hardware_kw: float
    phases: int
    relative_start: datetime
    evse_id: int = 1
    discharge_kw: float = 0.0
    sharing: int = 1


def to_kw(limit: float, unit: str, phases: int) -> float:
    """A limit in kW: watts count in total, amperes per phase."""
    return limit * VOLTAGE_V * phases / 1000 if unit == "A" else limit / 1000


def from_kw(limit_kw: float, unit: str, phases: int) -> float:
    """A limit in W or A, cut to one decimal toward zero: no limit may grow in translation."""
    value = limit_kw * 1000 / (VOLTAGE_V * phases if unit == "A" else 1)
    # What was sent as 15.9 A must not come back as 15.8 because of binary fractions.
    return math.trunc(round(value * 10, 6)) / 10


def limit_kw_at(profiles: Sequence[StationProfile], at: datetime, given: Circumstances) -> float:
    """The composite limit of one EVSE at ``at``. [kW]"""
    return min(_own_kw(profiles, at, given), _cap_kw(profiles, at, given) / given.sharing)


def station_limit_kw_at(profiles: Sequence[StationProfile], at: datetime, evses: Sequence[Circumstances]) -> float:
    """The composite limit of the sum over all EVSEs. [kW]"""
    return min(sum(_own_kw(profiles, at, given) for given in evses), _cap_kw(profiles, at, evses[0]))


def _own_kw(profiles: Sequence[StationProfile], at: datetime, given: Circumstances) -> float:
    limit_kw = _leading(profiles, TX, at, given)
    if limit_kw is None:
        limit_kw = _leading(profiles, TX_DEFAULT, at, given)
    own_kw = given.hardware_kw if limit_kw is None else min(given.hardware_kw, limit_kw)
    return max(-given.discharge_kw, own_kw)


def _cap_kw(profiles: Sequence[StationProfile], at: datetime, given: Circumstances) -> float:
    caps = (_leading(profiles, purpose, at, given) for purpose in (STATION_MAX, EXTERNAL))
    return max(0.0, min((cap for cap in caps if cap is not None), default=math.inf))


def next_change(profiles: Sequence[StationProfile], after: datetime, given: Circumstances) -> datetime | None:
    """The first instant later than ``after`` at which an EVSE's composite limit may change."""
    instants = (instant for profile in profiles for instant in profile.changes(given.relative_start))
    return min((instant for instant in instants if instant > after), default=None)


def composite(
    profiles: Sequence[StationProfile], *, now: datetime, duration_seconds: int, evses: Sequence[Circumstances]
) -> tuple[datetime, tuple[Period, ...]]:
    """The composite schedule of one EVSE, or of the station with all of them, from now on.

    Returns its start on a whole second, and its periods with limits in kW.
    """
    start = now.replace(microsecond=0)
    end = start + timedelta(seconds=duration_seconds)
    instants = {at for p in profiles for given in evses for at in p.changes(given.relative_start) if now < at < end}
    steps = [(at, _composite_kw(profiles, at, evses)) for at in (now, *sorted(instants))]
    steps = [steps[0], *(after for before, after in pairwise(steps) if after[1] != before[1])]
    by_second: dict[int, float] = {}
    for position, (at, limit_kw) in enumerate(steps):
        elapsed = (at - start).total_seconds()
        falls = position == 0 or limit_kw < steps[position - 1][1]
        # A period starts on a whole second: a reduction rather earlier, a raise rather later.
        by_second[math.floor(elapsed) if falls else math.ceil(elapsed)] = limit_kw
    return start, tuple(Period(start_seconds=second, limit=kw) for second, kw in sorted(by_second.items()))


def _composite_kw(profiles: Sequence[StationProfile], at: datetime, evses: Sequence[Circumstances]) -> float:
    return limit_kw_at(profiles, at, evses[0]) if len(evses) == 1 else station_limit_kw_at(profiles, at, evses)


def _leading(profiles: Sequence[StationProfile], purpose: str, at: datetime, given: Circumstances) -> float | None:
    of_purpose = [p for p in profiles if p.purpose == purpose and p.evse_id in (0, given.evse_id)]
    # At equal stack level the EVSE's own profile goes before the whole station's.
    for profile in sorted(of_purpose, key=lambda p: (p.stack_level, p.evse_id), reverse=True):
        limit = profile.limit_kw(at, relative_start=given.relative_start, phases=given.phases)
        if limit is not None:
            return limit
    return None
