"""The profiles of a station that keeps only a few at a time: the most important ones, and what the others say in them.

A station with N EVSEs gets up to 2 N + 1 profiles. Where it has less room (OCPP 1.6 MaxChargingProfilesInstalled; 2.x
SmartChargingCtrlr Entries), this goes first to last:

1. a TxDefaultProfile that rules at every EVSE: without one an EV that no plan reaches would take all it can;
2. the TxProfile of each transaction: the plan;
3. a TxDefaultProfile for each EVSE, in place of one for all under the lowest of them;
4. the ChargingStationMaxProfile.

With room for one profile per EVSE but not for 1 and 2, each EVSE's TxDefaultProfile carries its plan until this ends,
and the fallback from there: one profile that does both. With less room still, all EVSEs share one fallback and the
transactions that began first get what room is left; the others are planned at the fallback
(`twinev.services.site_state.SiteState.follows_common_fallback`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.services.desired_profile import DesiredProfile, profile_id
from twinev.services.evse_limits import change_points


def fit_room(desired: Iterable[DesiredProfile], room: Mapping[str, int | None]) -> list[DesiredProfile]:
    """Return what each station shall have, given how many profiles it keeps; None or missing: as many as it likes."""
    by_station: dict[str, list[DesiredProfile]] = defaultdict(list)
    for one in desired:
        by_station[one.key[0]].append(one)
    fitted: list[DesiredProfile] = []
    for station_id, wanted in by_station.items():
        most = room.get(station_id)
        fitted += wanted if most is None else _fit_station(wanted, most)
    return fitted


def _fit_station(wanted: list[DesiredProfile], most: int) -> list[DesiredProfile]:
    defaults = _of(wanted, ProfilePurpose.TX_DEFAULT)
    plans = _of(wanted, ProfilePurpose.TX)
    maxima = _of(wanted, ProfilePurpose.STATION_MAX)
    evses = len(defaults)
    # Room is kept for a plan at every EVSE, so that an EV that plugs in moves nothing.
    if most >= 2 * evses:
        return [*defaults, *plans, *maxima[: most - 2 * evses]]
    if most >= evses + 1:
        return [_lowest(defaults), *plans, *maxima[: most - evses - 1]]
    if most >= evses:
        planned = {plan.key: plan for plan in plans}
        return [_plan_then_fallback(planned.get(default.key), default) for default in defaults]
    return [_lowest(defaults), *plans[: most - 1]]


def _of(wanted: list[DesiredProfile], purpose: ProfilePurpose) -> list[DesiredProfile]:
    return [one for one in wanted if one.profile.purpose is purpose]


def _lowest(defaults: list[DesiredProfile]) -> DesiredProfile:
    """One TxDefaultProfile for all EVSEs, at every instant the lowest of theirs."""
    schedules = [default.profile.schedule for default in defaults]
    start = max(schedule.start for schedule in schedules)
    end = max(start + timedelta(seconds=max(schedule.edges_seconds) + 1) for schedule in schedules)
    periods = _periods(
        start,
        (
            (instant, min(kw for schedule in schedules if (kw := schedule.limit_kw_at(instant)) is not None))
            for instant in change_points(schedules, start, end)
        ),
    )
    first = defaults[0]
    return replace(
        first,
        key=(first.key[0], 0),
        ceiling_kw=max(default.ceiling_kw for default in defaults),
        profile=replace(
            first.profile,
            id=profile_id(0, ProfilePurpose.TX_DEFAULT),
            evse_id=0,
            schedule=ChargingSchedule(start=start, periods=periods),
        ),
    )


def _plan_then_fallback(plan: DesiredProfile | None, default: DesiredProfile) -> DesiredProfile:
    """A TxDefaultProfile that gives the plan until it ends, and the fallback from there."""
    if plan is None:
        return default
    own, fallback = plan.profile.schedule, default.profile.schedule
    start = max(own.start, fallback.start)
    end = start + timedelta(seconds=max(*own.edges_seconds, *fallback.edges_seconds) + 1)
    said = ((instant, own.limit_kw_at(instant)) for instant in change_points([own, fallback], start, end))
    periods = _periods(start, ((at, fallback.limit_kw_at(at) if kw is None else kw) for at, kw in said))
    schedule = ChargingSchedule(start=start, periods=periods)
    return replace(default, profile=replace(default.profile, schedule=schedule), ceiling_kw=plan.ceiling_kw)


def _periods(start: datetime, limits: Iterable[tuple[datetime, float]]) -> tuple[SchedulePeriod, ...]:
    periods: list[SchedulePeriod] = []
    for instant, limit_kw in limits:
        if not periods or periods[-1].limit_kw != limit_kw:
            seconds = round((instant - start).total_seconds())
            periods.append(SchedulePeriod(start_seconds=seconds, limit_kw=limit_kw))
    return tuple(periods)
