"""Whether a station must be told anew, and whether what it is told raises its power. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import CompositeSchedule
from twinev.services.evse_limits import EvseLimits, change_points
from twinev.services.translate_plan import DesiredProfile

LOOK_AHEAD = timedelta(hours=2)
RAISE_TOLERANCE_KW = 0.05
# What is to fall falls by the watt: many small excesses on one supply point add up.
REDUCTION_TOLERANCE_KW = 0.01
# A station rounds to its unit: 0.1 A on three phases of 230 V are 69 W.
READ_BACK_TOLERANCE_KW = 0.1
# Edges of what a station reports may be this far off: it counts whole seconds from its own now.
EDGE_SECONDS = 5.0


def needs_sending(limits: EvseLimits, desired: DesiredProfile, now: datetime, *, slot: timedelta) -> bool:
    """Whether ``desired`` says something else than what the station surely applies.

    The next two hours are compared; where a restriction is concerned, all of it and to the watt. A profile that ends
    within two slots is renewed as soon as the new one lasts longer.
    """
    profile = desired.profile
    known = limits.settled(profile.purpose)
    if known is None or known.ocpp_transaction_id != profile.ocpp_transaction_id:
        return True
    old_end, new_end = schedule_end(known.schedule), schedule_end(profile.schedule)
    if old_end is not None and old_end - now <= 2 * slot and (new_end is None or new_end > old_end):
        return True
    restricted = desired.restriction_id is not None
    tolerance_kw = REDUCTION_TOLERANCE_KW if restricted else RAISE_TOLERANCE_KW
    until = now + LOOK_AHEAD if not restricted else max(_last_change(known), _last_change(profile), now + LOOK_AHEAD)
    for instant in change_points([known.schedule, profile.schedule], now, until):
        old_kw, new_kw = known.schedule.limit_kw_at(instant), profile.schedule.limit_kw_at(instant)
        if (old_kw is None) != (new_kw is None):
            return True
        if old_kw is not None and not -REDUCTION_TOLERANCE_KW <= new_kw - old_kw <= tolerance_kw:
            return True
    return False


def raises_power(limits: EvseLimits, desired: DesiredProfile, now: datetime, *, within: timedelta) -> bool:
    """Whether the EVSE might draw more than so far at some instant ``within`` which all is sent.

    A later rise needs no order of sending: whatever fails until then is planned around.
    """
    profile = desired.profile
    schedules = [profile.schedule, *(known.schedule for known in (*limits.tx, *limits.default))]
    for instant in change_points(schedules, now, now + within):
        new_kw = profile.schedule.limit_kw_at(instant)
        old_kw = limits.highest_kw_at(
            instant, ocpp_transaction_id=profile.ocpp_transaction_id, otherwise_kw=desired.ceiling_kw
        )
        if new_kw is not None and new_kw > old_kw + REDUCTION_TOLERANCE_KW:
            return True
    return False


def is_unknown(limits: EvseLimits) -> bool:
    """Whether what rules at the EVSE is a guess: nothing was accepted since it is online, or an answer is missing."""
    return limits.settled(ProfilePurpose.TX_DEFAULT) is None or bool(limits.unsure)


def lowered(desired: DesiredProfile, held: Iterable[ChargingProfile], fallback: ChargingProfile) -> DesiredProfile:
    """Return ``desired``, at each instant no higher than the lowest of what the EVSE may hold.

    ``held`` are the TxProfiles that it may have; where they are silent, ``fallback`` counts.
    """
    schedule = desired.profile.schedule
    others = [profile.schedule for profile in held]
    end = schedule_end(schedule) or schedule.start + LOOK_AHEAD
    periods: list[SchedulePeriod] = []
    for instant in change_points([schedule, fallback.schedule, *others], schedule.start, end):
        known = [kw for other in others if (kw := other.limit_kw_at(instant)) is not None]
        bounds = [schedule.limit_kw_at(instant), *(known or [fallback.schedule.limit_kw_at(instant)])]
        limit_kw = min(kw for kw in bounds if kw is not None)
        if not periods or periods[-1].limit_kw != limit_kw:
            offset = int((instant - schedule.start).total_seconds())
            periods.append(SchedulePeriod(start_seconds=offset, limit_kw=limit_kw))
    profile = replace(desired.profile, schedule=replace(schedule, periods=tuple(periods)))
    return replace(desired, profile=profile)


def read_back_fault(
    composite: CompositeSchedule, planned: ChargingProfile | None, fallback: ChargingProfile | None, *, until: datetime
) -> str | None:
    """Return how the schedule that a station reports exceeds what it accepted; None where it does not.

    A lower limit is no fault: the station may have limits of its own.
    """
    reported = ChargingSchedule(
        start=composite.start, periods=composite.periods, duration_seconds=composite.duration_seconds
    )
    end = min(composite.start + timedelta(seconds=composite.duration_seconds), until)
    sent = [profile.schedule for profile in (planned, fallback) if profile is not None]
    edges = [*change_points([reported, *sent], composite.start, end), end]
    for left, right in pairwise(edges):
        if (right - left).total_seconds() <= EDGE_SECONDS:
            continue
        middle = left + (right - left) / 2
        allowed_kw = next((kw for s in sent if (kw := s.limit_kw_at(middle)) is not None), None)
        reported_kw = reported.limit_kw_at(middle)
        if allowed_kw is None or reported_kw is None or reported_kw <= allowed_kw + READ_BACK_TOLERANCE_KW:
            continue
        return (
            f"the composite schedule read back allows {reported_kw:.2f} kW from {left.isoformat(timespec='seconds')}, "
            f"{allowed_kw:.2f} kW were accepted"
        )
    return None


def schedule_end(schedule: ChargingSchedule) -> datetime | None:
    """When the schedule ends; None where it has no end."""
    if schedule.duration_seconds is None:
        return None
    return schedule.start + timedelta(seconds=schedule.duration_seconds)


def _last_change(profile: ChargingProfile) -> datetime:
    schedule = profile.schedule
    seconds = max(schedule.periods[-1].start_seconds, schedule.duration_seconds or 0)
    return schedule.start + timedelta(seconds=seconds + 1)
