"""Charging limits for a station: kW to whole watts or tenths of amperes, whole seconds, no more periods than it takes.

Every step goes toward zero: neither charging nor discharging may exceed what was planned, at any instant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.station import Station
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, SchedulePeriod
from twinev.errors import BadInput

# Weighs the last period of a schedule without an end when periods are merged. [s]
_OPEN_END_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class StationPeriod:
    """A period in the station's unit, W or A."""

    start_seconds: int
    limit: float


@dataclass(frozen=True, kw_only=True)
class FittedProfile:
    """A profile as the station takes it: ``periods`` in ``rate_unit``, and the same in kW as ``sent``."""

    rate_unit: RateUnit
    periods: tuple[StationPeriod, ...]
    sent: ChargingProfile


def fit_profile(profile: ChargingProfile, abilities: Abilities, station: Station) -> FittedProfile:
    """Round and merge ``profile`` until the station can take it."""
    schedule = in_whole_seconds(profile.schedule)
    if profile.evse_id not in abilities.discharging_evses:
        schedule = without_discharging(schedule)
    periods = [
        StationPeriod(start_seconds=period.start_seconds, limit=to_station_unit(period.limit_kw, abilities, station))
        for period in schedule.periods
    ]
    periods = merge_periods(_join_equal(periods), abilities.max_periods, schedule.duration_seconds)
    sent_periods = tuple(
        SchedulePeriod(
            start_seconds=period.start_seconds,
            limit_kw=to_kw(period.limit, abilities.rate_unit, station.phases, station.voltage_v),
        )
        for period in periods
    )
    stack_level = profile.stack_level
    if abilities.max_stack_level is not None:
        stack_level = min(stack_level, abilities.max_stack_level)
    sent = replace(profile, stack_level=stack_level, schedule=replace(schedule, periods=sent_periods))
    return FittedProfile(rate_unit=abilities.rate_unit, periods=tuple(periods), sent=sent)


def to_station_unit(limit_kw: float, abilities: Abilities, station: Station) -> float:
    """Whole watts, or tenths of amperes per phase, toward zero. [W or A]"""
    # Exact arithmetic on the decimal that was written: 11.04 kW at 3 × 230 V is 16.0 A, in floats 15.9.
    watts = Fraction(repr(float(limit_kw))) * 1000
    if abilities.rate_unit is RateUnit.WATT:
        return math.trunc(watts)
    amperes = watts / (Fraction(repr(float(station.voltage_v))) * station.phases)
    return math.trunc(amperes * 10) / 10


def to_kw(limit: float, rate_unit: RateUnit, phases: int, voltage_v: float) -> float:
    """What a station's limit means. [kW]

    Raises
    ------
    BadInput
        It is more than any number that a computer counts in.
    """
    exact = Fraction(repr(float(limit)))
    if rate_unit is RateUnit.AMPERE:
        exact *= Fraction(repr(float(voltage_v))) * phases
    try:
        return float(exact / 1000)
    except OverflowError as error:
        raise BadInput("limit", limit, "a power that a float can hold") from error


def without_discharging(schedule: ChargingSchedule) -> ChargingSchedule:
    """Nothing instead of discharging: a station that knows no negative limits might read one as none at all."""
    periods = tuple(replace(period, limit_kw=max(period.limit_kw, 0.0)) for period in schedule.periods)
    return replace(schedule, periods=periods)


def in_whole_seconds(schedule: ChargingSchedule) -> ChargingSchedule:
    """Begin at a whole second: reductions come up to a second early, raises never early."""
    fraction = timedelta(microseconds=schedule.start.microsecond)
    if not fraction:
        return schedule
    limits: dict[int, float] = {}
    before: float | None = None
    for period in schedule.periods:
        between = period.limit_kw if before is None else toward_zero(before, period.limit_kw)
        if between != before:
            limits[period.start_seconds] = between
        if between != period.limit_kw:
            limits[period.start_seconds + 1] = period.limit_kw
        before = period.limit_kw
    periods = tuple(SchedulePeriod(start_seconds=start, limit_kw=limit) for start, limit in sorted(limits.items()))
    return replace(schedule, start=schedule.start - fraction, periods=periods)


def merge_periods(periods: list[StationPeriod], most: int | None, duration_seconds: int | None) -> list[StationPeriod]:
    """Join neighbours under the lower of their limits until at most ``most`` are left, losing as little as possible."""
    merged = list(periods)
    while most is not None and len(merged) > max(1, most):
        end = duration_seconds or merged[-1].start_seconds + _OPEN_END_SECONDS
        starts = [period.start_seconds for period in merged] + [end]
        index = min(range(len(merged) - 1), key=lambda i: _loss(merged[i : i + 2], starts[i : i + 3]))
        limit = toward_zero(merged[index].limit, merged[index + 1].limit)
        merged[index : index + 2] = [replace(merged[index], limit=limit)]
    return _join_equal(merged)


def toward_zero(one: float, other: float) -> float:
    """The limit that neither exceeds: the smaller of two that charge or of two that discharge, else none at all."""
    if one >= 0 and other >= 0:
        return min(one, other)
    if one <= 0 and other <= 0:
        return max(one, other)
    return 0


def _loss(pair: list[StationPeriod], edges: list[int]) -> float:
    limit = toward_zero(pair[0].limit, pair[1].limit)
    return sum(abs(period.limit - limit) * (edges[i + 1] - edges[i]) for i, period in enumerate(pair))


def _join_equal(periods: list[StationPeriod]) -> list[StationPeriod]:
    return [period for i, period in enumerate(periods) if i == 0 or period.limit != periods[i - 1].limit]
