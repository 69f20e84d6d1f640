"""A station's composite schedule, as a table of profiles and what comes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.simulator.limits import (
    EXTERNAL,
    STATION_MAX,
    TX,
    TX_DEFAULT,
    Circumstances,
    Period,
    StationProfile,
    composite,
    from_kw,
    limit_kw_at,
    next_change,
    to_kw,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
THREE_PHASES = Circumstances(hardware_kw=11, phases=3, relative_start=NOW - timedelta(minutes=10))


def profile(purpose: str, *steps: tuple[int, float], stack: int = 0, evse: int = 1, unit: str = "W", **more):
    more.setdefault("start", NOW)
    return StationProfile(
        id=1,
        purpose=purpose,
        stack_level=stack,
        evse_id=evse,
        unit=unit,
        periods=tuple(Period(start_seconds=second, limit=limit) for second, limit in steps),
        **more,
    )


HOUR = timedelta(hours=1)

TABLE = {
    "nothing set: the hardware": ([], 11),
    "a TxDefault rules": ([profile(TX_DEFAULT, (0, 6000))], 6),
    "a TxProfile goes before a TxDefault, even upward": (
        [profile(TX_DEFAULT, (0, 6000)), profile(TX, (0, 9000))],
        9,
    ),
    "a TxProfile that is over leaves the TxDefault": (
        [profile(TX_DEFAULT, (0, 6000)), profile(TX, (0, 9000), start=NOW - HOUR, duration_seconds=3600)],
        6,
    ),
    "a TxProfile that has not begun leaves the TxDefault": (
        [profile(TX_DEFAULT, (0, 6000)), profile(TX, (0, 9000), start=NOW + HOUR)],
        6,
    ),
    "the station's maximum caps a TxProfile": (
        [profile(STATION_MAX, (0, 5000), evse=0), profile(TX, (0, 9000))],
        5,
    ),
    "the station's maximum does not raise": ([profile(STATION_MAX, (0, 9000), evse=0), profile(TX, (0, 5000))], 5),
    "the highest stack level rules, even upward": (
        [profile(TX, (0, 5000)), profile(TX, (0, 9000), stack=3), profile(TX, (0, 7000), stack=1)],
        9,
    ),
    "a higher stack level that is not valid yet does not rule": (
        [profile(TX, (0, 5000)), profile(TX, (0, 9000), stack=3, valid_from=NOW + HOUR)],
        5,
    ),
    "a higher stack level that is no longer valid does not rule": (
        [profile(TX, (0, 5000)), profile(TX, (0, 9000), stack=3, valid_to=NOW)],
        5,
    ),
    "at equal level the EVSE's own TxDefault goes before the station's": (
        [profile(TX_DEFAULT, (0, 9000), evse=0), profile(TX_DEFAULT, (0, 6000))],
        6,
    ),
    "a relative schedule counts from the transaction's begin": (
        [profile(TX, (0, 9000), (300, 8000), (900, 7000), start=None)],
        8,
    ),
    "amperes count per phase": ([profile(TX, (0, 10), unit="A")], 6.9),
    "no profile goes beyond the hardware": ([profile(TX, (0, 22000))], 11),
    "what others impose caps a TxProfile": (
        [profile(EXTERNAL, (0, 4000), evse=0), profile(TX, (0, 9000)), profile(STATION_MAX, (0, 8000), evse=0)],
        4,
    ),
    "another EVSE's profile is none of ours": ([profile(TX, (0, 5000), evse=2)], 11),
    "without V2G nothing is negative": ([profile(TX, (0, -5000))], 0),
    "zero is a limit": ([profile(TX, (0, 0)), profile(TX_DEFAULT, (0, 6000))], 0),
}


@pytest.mark.parametrize(("profiles", "limit_kw"), TABLE.values(), ids=TABLE.keys())
def test_composite_limit_of_profiles(profiles, limit_kw):
    assert limit_kw_at(profiles, NOW, THREE_PHASES) == pytest.approx(limit_kw)
    assert limit_kw_at(profiles[::-1], NOW, THREE_PHASES) == pytest.approx(limit_kw)


def test_negative_limit_discharges_within_what_the_hardware_takes_back():
    bidirectional = Circumstances(hardware_kw=11, discharge_kw=7, phases=3, relative_start=NOW)
    found = [limit_kw_at([profile(TX, (0, limit))], NOW, bidirectional) for limit in (-5000, -9000, 9000)]
    assert found == [-5, -7, 9]


def test_cap_of_the_station_is_shared_by_the_evses_in_use_and_bounds_their_sum():
    profiles = [profile(STATION_MAX, (0, 12000), evse=0), profile(TX, (0, 4000)), profile(TX, (0, 9000), evse=2)]
    evses = [Circumstances(hardware_kw=11, phases=3, relative_start=NOW, evse_id=n, sharing=2) for n in (1, 2)]
    assert [limit_kw_at(profiles, NOW, evse) for evse in evses] == [4, 6]
    _, (period,) = composite(profiles, now=NOW, duration_seconds=60, evses=evses)
    assert period.limit == 12
    _, (period,) = composite(profiles[1:], now=NOW, duration_seconds=60, evses=evses)
    assert period.limit == 13


def test_amperes_give_a_single_phase_ev_a_third():
    single = Circumstances(hardware_kw=11 / 3, phases=1, relative_start=NOW)
    assert limit_kw_at([profile(TX, (0, 10), unit="A")], NOW, single) == pytest.approx(2.3)
    assert limit_kw_at([profile(TX, (0, 2000))], NOW, single) == pytest.approx(2.0)


def test_composite_schedule_shows_every_change_of_the_limit_and_no_other():
    profiles = [
        profile(STATION_MAX, (0, 8000), evse=0, start=NOW - HOUR),
        profile(TX, (0, 9000), (600, 6000), (1200, 6000), (1800, 7000), duration_seconds=2400),
        profile(TX_DEFAULT, (0, 5000), start=NOW - HOUR),
    ]
    start, periods = composite(profiles, now=NOW, duration_seconds=7200, evses=[THREE_PHASES])
    assert start == NOW
    assert [(p.start_seconds, p.limit) for p in periods] == [(0, 8), (600, 6), (1800, 7), (2400, 5)]


def test_composite_schedule_rounds_reductions_earlier_and_raises_later():
    begun = NOW + timedelta(milliseconds=300)
    profiles = [profile(TX, (0, 9000), (60, 4200), (120, 9000), start=begun)]
    start, periods = composite(profiles, now=NOW, duration_seconds=3600, evses=[THREE_PHASES])
    assert [(p.start_seconds, p.limit) for p in periods] == [(0, 9), (60, 4.2), (121, 9)]
    assert start == NOW


def test_composite_schedule_ends_with_what_was_asked_for():
    profiles = [profile(TX, (0, 9000), (600, 6000), (1200, 5000))]
    _, periods = composite(profiles, now=NOW, duration_seconds=1200, evses=[THREE_PHASES])
    assert [p.start_seconds for p in periods] == [0, 600]


def test_next_change_is_the_first_instant_after():
    profiles = [profile(TX, (0, 9000), (600, 6000), duration_seconds=1200)]
    found = [next_change(profiles, NOW + timedelta(seconds=s), THREE_PHASES) for s in (0, 600, 1200)]
    assert found == [NOW + timedelta(seconds=600), NOW + timedelta(seconds=1200), None]


@settings(deadline=None)
@given(st.integers(0, 640), st.sampled_from([1, 3]))
def test_limit_in_tenths_of_amperes_survives_the_way_to_kw_and_back(tenths, phases):
    assert from_kw(to_kw(tenths / 10, "A", phases), "A", phases) == tenths / 10


@settings(deadline=None)
@given(st.floats(0, 50), st.sampled_from([1, 3]), st.sampled_from(["A", "W"]))
def test_limit_never_grows_in_translation(limit_kw, phases, unit):
    assert to_kw(from_kw(limit_kw, unit, phases), unit, phases) <= limit_kw + 1e-9
