"""Rounding and merging: at no instant may a station be allowed more than was planned, in either direction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.limits import fit_profile, in_whole_seconds, to_kw, to_station_unit
from twinev.adapters.ocpp.mapping.station import Station
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.errors import BadInput

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
THREE_PHASES = Station(station_id="CP", protocol="ocpp1.6", phases=3, voltage_v=230.0)
ONE_PHASE = Station(station_id="CP", protocol="ocpp1.6", phases=1, voltage_v=230.0)
AMPERES = Abilities(rate_unit=RateUnit.AMPERE)

stations = st.builds(
    Station,
    station_id=st.just("CP"),
    protocol=st.just("ocpp1.6"),
    phases=st.sampled_from([1, 3]),
    voltage_v=st.sampled_from([230.0, 231.7, 110.0, 400.0]),
)
limits_kw = st.floats(min_value=-350, max_value=350, allow_nan=False)
abilities = st.builds(
    Abilities,
    rate_unit=st.sampled_from(RateUnit),
    max_periods=st.none() | st.integers(1, 8),
    max_stack_level=st.none() | st.integers(0, 3),
    discharging_evses=st.sampled_from([frozenset(), frozenset({1})]),
)
BOTH_WAYS = frozenset({1})


@st.composite
def profiles(draw: st.DrawFn) -> ChargingProfile:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 7200), max_size=12)))]
    periods = tuple(SchedulePeriod(start_seconds=s, limit_kw=draw(limits_kw)) for s in starts)
    start = START + timedelta(microseconds=draw(st.sampled_from([0, 1, 700_000, 999_999])))
    duration = draw(st.none() | st.integers(7201, 90_000))
    schedule = ChargingSchedule(start=start, periods=periods, duration_seconds=duration)
    return profile_of(schedule)


def profile_of(schedule: ChargingSchedule, *, stack_level: int = 0) -> ChargingProfile:
    return ChargingProfile(
        id=1, purpose=ProfilePurpose.TX_DEFAULT, stack_level=stack_level, evse_id=1, schedule=schedule
    )


def steps(*limits: float) -> ChargingSchedule:
    periods = tuple(SchedulePeriod(start_seconds=900 * i, limit_kw=limit) for i, limit in enumerate(limits))
    return ChargingSchedule(start=START, periods=periods, duration_seconds=900 * len(limits))


@pytest.mark.parametrize(
    ("limit_kw", "unit", "station", "expected"),
    [
        (7.36, RateUnit.WATT, THREE_PHASES, 7360),
        (11.04, RateUnit.WATT, THREE_PHASES, 11040),
        (7.3609, RateUnit.WATT, THREE_PHASES, 7360),
        (-7.3609, RateUnit.WATT, THREE_PHASES, -7360),
        (11.04, RateUnit.AMPERE, THREE_PHASES, 16.0),
        (11.0, RateUnit.AMPERE, THREE_PHASES, 15.9),
        (-11.0, RateUnit.AMPERE, THREE_PHASES, -15.9),
        (7.36, RateUnit.AMPERE, ONE_PHASE, 32.0),
        (0.0, RateUnit.AMPERE, ONE_PHASE, 0.0),
    ],
)
def test_to_station_unit_rounds_toward_zero(limit_kw: float, unit: RateUnit, station: Station, expected: float) -> None:
    assert to_station_unit(limit_kw, Abilities(rate_unit=unit), station) == expected


@given(limits_kw, stations, st.sampled_from(RateUnit))
def test_rounding_never_grows_the_limit(limit_kw: float, station: Station, unit: RateUnit) -> None:
    limit = to_station_unit(limit_kw, Abilities(rate_unit=unit), station)
    back_kw = to_kw(limit, unit, station.phases, station.voltage_v)

    assert abs(back_kw) <= abs(limit_kw)
    assert back_kw * limit_kw >= 0
    assert (
        abs(limit_kw - back_kw)
        <= (0.001 if unit is RateUnit.WATT else station.voltage_v * station.phases / 10_000) + 1e-9
    )


@given(profiles(), abilities, stations)
def test_fit_profile_never_grows_a_limit_at_any_instant(
    profile: ChargingProfile, can: Abilities, station: Station
) -> None:
    fitted = fit_profile(profile, can, station)

    assert can.max_periods is None or len(fitted.periods) <= can.max_periods
    assert fitted.sent.schedule.start.microsecond == 0
    edges = {p.start_seconds for p in profile.schedule.periods} | {p.start_seconds for p in fitted.periods}
    for seconds in sorted(edges):
        for shift in (
            timedelta(0),
            timedelta(microseconds=profile.schedule.start.microsecond),
            timedelta(microseconds=-1),
        ):
            instant = fitted.sent.schedule.start + timedelta(seconds=seconds) + shift
            planned, sent = profile.schedule.limit_kw_at(instant), fitted.sent.schedule.limit_kw_at(instant)
            if planned is not None and sent is not None:
                assert abs(sent) <= abs(planned)
                assert planned * sent >= 0


@given(profiles(), abilities, stations)
def test_fit_profile_says_the_same_in_kw_and_in_the_station_unit(
    profile: ChargingProfile, can: Abilities, station: Station
) -> None:
    fitted = fit_profile(profile, can, station)

    for period, sent in zip(fitted.periods, fitted.sent.schedule.periods, strict=True):
        assert period.start_seconds == sent.start_seconds
        assert to_kw(period.limit, can.rate_unit, station.phases, station.voltage_v) == sent.limit_kw


def test_fit_profile_merges_where_the_least_energy_is_lost() -> None:
    fitted = fit_profile(profile_of(steps(11.0, 10.9, 3.0, 7.0)), Abilities(max_periods=3), THREE_PHASES)

    assert [(p.start_seconds, p.limit) for p in fitted.periods] == [(0, 10900), (1800, 3000), (2700, 7000)]


def test_fit_profile_joins_equal_neighbours_for_free() -> None:
    fitted = fit_profile(profile_of(steps(7.0, 7.0, 7.0, 0.0)), Abilities(max_periods=2), THREE_PHASES)

    assert [(p.start_seconds, p.limit) for p in fitted.periods] == [(0, 7000), (2700, 0)]


def test_fit_profile_merges_charging_with_discharging_into_neither() -> None:
    fitted = fit_profile(
        profile_of(steps(5.0, -5.0)), Abilities(max_periods=1, discharging_evses=BOTH_WAYS), THREE_PHASES
    )

    assert [p.limit for p in fitted.periods] == [0]


def test_evse_that_declares_no_discharging_gets_nothing_instead() -> None:
    plan = profile_of(steps(5.0, -5.0, -2.0))

    silent = fit_profile(plan, Abilities(), THREE_PHASES)
    other = fit_profile(plan, Abilities(discharging_evses=frozenset({2})), THREE_PHASES)
    bidirectional = fit_profile(plan, Abilities(discharging_evses=BOTH_WAYS), THREE_PHASES)

    assert [p.limit for p in silent.periods] == [p.limit for p in other.periods] == [5000, 0]
    assert [p.limit_kw for p in silent.sent.schedule.periods] == [5.0, 0.0]
    assert [p.limit for p in bidirectional.periods] == [5000, -5000, -2000]


@given(profiles(), abilities, stations)
def test_no_discharging_is_ever_sent_to_an_evse_that_declares_none(
    profile: ChargingProfile, can: Abilities, station: Station
) -> None:
    fitted = fit_profile(profile, can, station)

    if 1 not in can.discharging_evses:
        assert all(period.limit >= 0 for period in fitted.periods)


@given(profiles(), abilities, stations, st.integers(1, 6))
def test_merging_never_raises_whatever_the_number_of_periods(
    profile: ChargingProfile, can: Abilities, station: Station, most: int
) -> None:
    whole = fit_profile(profile, replace(can, max_periods=None), station)
    merged = fit_profile(profile, replace(can, max_periods=most), station)

    assert len(merged.periods) <= most
    for period in (*whole.sent.schedule.periods, *merged.sent.schedule.periods):
        instant = whole.sent.schedule.start + timedelta(seconds=period.start_seconds)
        fine, coarse = whole.sent.schedule.limit_kw_at(instant), merged.sent.schedule.limit_kw_at(instant)
        if fine is not None and coarse is not None:
            assert abs(coarse) <= abs(fine)
            assert coarse * fine >= 0


def test_fit_profile_keeps_the_stack_level_within_the_station_s() -> None:
    profile = profile_of(steps(7.0), stack_level=5)

    assert fit_profile(profile, Abilities(max_stack_level=2), THREE_PHASES).sent.stack_level == 2
    assert fit_profile(profile, Abilities(), THREE_PHASES).sent.stack_level == 5


def test_in_whole_seconds_puts_nothing_between_charging_and_discharging() -> None:
    schedule = ChargingSchedule(
        start=START + timedelta(milliseconds=400),
        periods=tuple(SchedulePeriod(start_seconds=s, limit_kw=kw) for s, kw in [(0, 5.0), (60, -3.0)]),
    )

    whole = in_whole_seconds(schedule)

    assert [(p.start_seconds, p.limit_kw) for p in whole.periods] == [(0, 5.0), (60, 0.0), (61, -3.0)]


def test_in_whole_seconds_lets_reductions_come_early_and_raises_late() -> None:
    schedule = ChargingSchedule(
        start=START + timedelta(milliseconds=400),
        periods=tuple(SchedulePeriod(start_seconds=s, limit_kw=kw) for s, kw in [(0, 5.0), (60, 3.0), (120, 9.0)]),
    )

    whole = in_whole_seconds(schedule)

    assert whole.start == START
    assert [(p.start_seconds, p.limit_kw) for p in whole.periods] == [(0, 5.0), (60, 3.0), (121, 9.0)]


def test_limit_that_no_float_can_hold_is_the_stations_mistake() -> None:
    with pytest.raises(BadInput, match="limit"):
        to_kw(1e308, RateUnit.AMPERE, 1000, 230.0)
