"""Whether a station must be told anew, and whether what it is told raises its power. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.services.desired_profile import DesiredProfile
from twinev.services.evse_limits import EvseLimits, change_points

LOOK_AHEAD = timedelta(hours=2)
RAISE_TOLERANCE_KW = 0.05
# What is to fall falls by the watt: many small excesses on one supply point add up.
REDUCTION_TOLERANCE_KW = 0.01


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
    schedules = [profile.schedule, *(known.schedule for known in limits.profiles)]
    for instant in change_points(schedules, now, now + within):
        new_kw = profile.schedule.limit_kw_at(instant)
        if profile.evse_id == 0:
            old_kw = limits.highest_of_kw_at(profile.purpose, instant, otherwise_kw=desired.ceiling_kw)
        else:
            old_kw = limits.highest_kw_at(
                instant, ocpp_transaction_id=profile.ocpp_transaction_id, otherwise_kw=desired.ceiling_kw
            )
        if new_kw is not None and new_kw > old_kw + REDUCTION_TOLERANCE_KW:
            return True
    return False


def is_unknown(limits: EvseLimits) -> bool:
    """Whether what rules at the EVSE is a guess: nothing was accepted since it is online, or an answer is missing."""
    return limits.settled(ProfilePurpose.TX_DEFAULT) is None or bool(limits.unsure - {ProfilePurpose.STATION_MAX})


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


def schedule_end(schedule: ChargingSchedule) -> datetime | None:
    """When the schedule ends; None where it has no end."""
    if schedule.duration_seconds is None:
        return None
    return schedule.start + timedelta(seconds=schedule.duration_seconds)


def _last_change(profile: ChargingProfile) -> datetime:
    schedule = profile.schedule
    seconds = max(schedule.periods[-1].start_seconds, schedule.duration_seconds or 0)
    return schedule.start + timedelta(seconds=seconds + 1)
