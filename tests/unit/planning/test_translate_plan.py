"""From a plan to profiles: as tables, and as properties that hold for any plan."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.domain.charging_profile import ProfilePurpose
from twinev.domain.horizon import Horizon
from twinev.services.build_problem import build_problem
from twinev.services.evse_limits import EvseLimits, change_points
from twinev.services.take_turns import SLOTS_WITH_TURNS
from twinev.services.translate_plan import fallback_profile, round_down_kw, translate_plan, tx_profile


def energy_under_kwh(schedule, start, end):
    """What an EV takes that follows the schedule from ``start`` to ``end``."""
    edges = [start, *(schedule.start + timedelta(seconds=p.start_seconds) for p in schedule.periods), end]
    edges = sorted(edge for edge in set(edges) if start <= edge <= end)
    return sum((schedule.limit_kw_at(a) or 0.0) * (b - a).total_seconds() / 3600 for a, b in pairwise(edges))


def tx_of(desired):
    return [one.profile for one in desired if one.profile.purpose is ProfilePurpose.TX]


def test_tx_profile_merges_equal_limits_and_starts_on_a_whole_second_a_little_in_the_past(make):
    horizon = Horizon.from_now(make.NOW, slot_minutes=15, slots=6)
    hours = horizon.slot_hours
    energy = (7.0 * hours[0], 7.0 * 0.25, 0.0, 0.0, 3.0 * 0.25, 0.0)

    profile = tx_profile(make.session("A"), energy, horizon, last_slot=4)

    assert profile.schedule.start == make.NOW.replace(microsecond=0) - timedelta(seconds=30)
    assert [(p.start_seconds, p.limit_kw) for p in profile.schedule.periods] == [(0, 7.0), (1560, 0.0), (3360, 3.0)]
    assert profile.schedule.duration_seconds == 4260
    assert profile.ocpp_transaction_id == "tx-A"


@pytest.mark.parametrize(
    ("power_kw", "rounded_kw"), [(3.9999999999, 4.0), (3.9994, 3.999), (0.0, 0.0), (-2.0004, -2.0), (-0.0, 0.0)]
)
def test_limits_round_toward_zero_to_the_watt(power_kw, rounded_kw):
    assert round_down_kw(power_kw) == rounded_kw


def test_ids_differ_within_a_station_and_stay_the_same(make):
    state = make.state(sessions=(make.session("A"), make.session("B")))
    built = build_problem(state)

    desired = translate_plan(make.solve(built.problem), built, state)

    ids = {(one.key, one.profile.purpose): one.profile.id for one in desired}
    assert len({(key, number) for (key, _), number in ids.items()}) == len(ids) == 6
    assert ids[("A", 1), ProfilePurpose.TX] == 12
    assert ids[("A", 1), ProfilePurpose.TX_DEFAULT] == 11
    assert ids[("A", 0), ProfilePurpose.STATION_MAX] == 3
    assert {one.profile.stack_level for one in desired} == {0}


def test_fallback_shares_the_supply_point_within_the_evse(make):
    state = make.state()

    assert fallback_profile(state, "A", state.stations[0].evses[0]).schedule.limit_kw_at(make.NOW) == 11.0
    state = make.state(site=make.site(supply_max_kw=8.0))
    assert fallback_profile(state, "A", state.stations[0].evses[0]).schedule.limit_kw_at(make.NOW) == 4.0
    state = make.state(site=make.site(fallback_kw=2.5))
    assert fallback_profile(state, "A", state.stations[0].evses[0]).schedule.limit_kw_at(make.NOW) == 2.5


def test_fallback_is_cut_to_an_even_part_within_the_restriction_to_the_second(make):
    start, end = make.NOW + timedelta(minutes=7, seconds=11), make.NOW + timedelta(minutes=9, seconds=2)
    restriction = make.restriction("A", "B", start=start, end=end)
    state = make.state(restrictions=(restriction,))

    schedule = fallback_profile(state, "A", state.stations[0].evses[0]).schedule

    assert schedule.duration_seconds is None
    assert schedule.limit_kw_at(start - timedelta(seconds=1)) == 11.0
    assert schedule.limit_kw_at(start) == 3.0
    assert schedule.limit_kw_at(end - timedelta(microseconds=1)) == 3.0
    assert schedule.limit_kw_at(end + timedelta(seconds=1)) == 11.0


def test_station_outside_the_restriction_keeps_its_fallback(make):
    state = make.state(restrictions=(make.restriction("A"),))

    profile = fallback_profile(state, "B", state.stations[1].evses[0])

    assert [p.limit_kw for p in profile.schedule.periods] == [11.0]


@st.composite
def situations(draw):
    """A site's state in plain numbers: sessions, one restriction, an instant within a slot."""
    count = draw(st.integers(1, 5))
    return {
        "sessions": [
            {
                "energy_kwh": draw(st.floats(0, 30)),
                "minutes": draw(st.integers(-10, 400)),
                "max_kw": draw(st.sampled_from([3.7, 7.4, 11.0, 22.0])),
            }
            for _ in range(count)
        ],
        "restricted": draw(st.sets(st.integers(0, count - 1), min_size=1)),
        "limit_kw": draw(st.floats(0, 20)),
        "from_minutes": draw(st.integers(-5, 90)),
        "for_seconds": draw(st.integers(1, 7200)),
        "into_slot": draw(st.floats(0, 899.9)),
        "supply_kw": draw(st.floats(1, 40)),
    }


@settings(max_examples=60, deadline=None)
@given(situation=situations())
def test_profiles_hold_the_restriction_the_plan_and_the_clock(make, situation):
    now = make.NOW.replace(minute=0, second=0, microsecond=0) + timedelta(seconds=situation["into_slot"])
    names = [f"S{place}" for place in range(len(situation["sessions"]))]
    sessions = tuple(
        make.session(
            name,
            needs={
                "energy_kwh": wish["energy_kwh"],
                "departure_at": now + timedelta(minutes=wish["minutes"]),
                "max_kw": wish["max_kw"],
            },
        )
        for name, wish in zip(names, situation["sessions"], strict=True)
    )
    start = now + timedelta(minutes=situation["from_minutes"])
    end = max(start, now) + timedelta(seconds=situation["for_seconds"])
    restriction = make.restriction(
        *(names[place] for place in sorted(situation["restricted"])),
        limit_kw=situation["limit_kw"],
        start=start,
        end=end,
    )
    state = make.state(
        site=make.site(supply_max_kw=situation["supply_kw"]),
        stations=tuple(make.station(name) for name in names),
        sessions=sessions,
        restrictions=(restriction,),
        now=now,
    )
    built = build_problem(state)
    schedule = make.solve(built.problem, built.formulation)

    desired = translate_plan(schedule, built, state)
    profiles = {p.ocpp_transaction_id: p for p in tx_of(desired)}

    told = defaultdict(EvseLimits)
    for one in desired:
        told[one.key] = told[one.key].accepted(one.profile)
    # To the end of every plan and beyond, though nobody plans again: each station by its plan, else by its fallback.
    for instant in change_points([one.profile.schedule for one in desired], now, built.horizon.end):
        may_draw_kw = {
            name: told[name, 1].highest_kw_at(instant, ocpp_transaction_id=f"tx-{name}", otherwise_kw=99.0)
            for name in names
        }
        assert sum(may_draw_kw.values()) <= situation["supply_kw"] + 1e-6
        if start <= instant < end:
            assert sum(may_draw_kw[name] for name in restriction.station_ids) <= situation["limit_kw"] + 1e-6
    hours = built.horizon.slot_hours
    turned = {
        session.id: sum(
            0 < entry.energy_kwh[slot] / hours[slot] < state.least_power_kw(session) for slot in range(SLOTS_WITH_TURNS)
        )
        for session, entry in zip(built.decided, schedule.sessions, strict=True)
    }
    for session in built.decided:
        profile = profiles[session.ocpp_transaction_id].schedule
        starts = [period.start_seconds for period in profile.periods]
        assert starts[0] == 0
        assert all(a < b for a, b in pairwise(starts))
        assert all(isinstance(second, int) for second in starts)
        planned = sum(next(e.energy_kwh for e in schedule.sessions if e.id == session.id))
        finish = profile.start + timedelta(seconds=profile.duration_seconds)
        lasts_hours = (finish - now).total_seconds() / 3600
        # Where EVs take turns, two per slot may be a minute too short to be given.
        turns_kwh = 0.0 if turned[session.id] == 0 else turned[session.id] * 2 * state.power_limit_kw(session) / 60
        assert energy_under_kwh(profile, now, finish) >= planned - 0.001 * lasts_hours - 1e-6 - turns_kwh
