"""EVs that cannot charge at their mean power take turns: same energy, same sum."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.services.take_turns import Charger, take_turns

SLOT = 900


def charger(name, power_kw, *, least_kw=4.14, most_kw=11.0, groups=()):
    return Charger(session_id=name, power_kw=power_kw, least_kw=least_kw, most_kw=most_kw, groups=frozenset(groups))


def turns_of(chargers, *, spare_kw=0.0, group_spare_kw=None):
    return take_turns(chargers, slot_seconds=SLOT, spare_kw=spare_kw, group_spare_kw=group_spare_kw or {})


def energy_kws(turns):
    return sum((turn.end_seconds - turn.start_seconds) * turn.power_kw for turn in turns)


def sum_kw_at(turns, second):
    return sum(t.power_kw for mine in turns.values() for t in mine if t.start_seconds <= second < t.end_seconds)


def test_three_small_powers_become_one_after_the_other():
    turns = turns_of([charger(name, 2.0) for name in "ABC"])

    assert [(turns[n][0].start_seconds, turns[n][0].end_seconds, turns[n][0].power_kw) for n in "ABC"] == [
        (0, 300, 6.0),
        (300, 600, 6.0),
        (600, 900, 6.0),
    ]


def test_more_than_one_ev_can_take_charges_two_at_once():
    turns = turns_of([charger(name, 3.5, most_kw=7.4) for name in "ABC"])

    assert {turn.power_kw for mine in turns.values() for turn in mine} == {5.25}
    assert sum_kw_at(turns, 450) == pytest.approx(10.5)


@pytest.mark.parametrize(("spare_kw", "charges"), [(0.0, False), (2.0, False), (2.2, True)])
def test_one_small_power_needs_what_the_limits_leave_free(spare_kw, charges):
    turns = turns_of([charger("A", 2.0)], spare_kw=spare_kw)

    assert bool(turns) is charges
    if charges:
        assert turns["A"][0].power_kw == 4.14
        assert energy_kws(turns["A"]) == pytest.approx(2.0 * SLOT, rel=0.01)


def test_room_of_a_group_counts_too():
    one = charger("A", 2.0, groups=["r"])

    assert not turns_of([one], spare_kw=10.0, group_spare_kw={"r": 1.0})
    assert turns_of([one], spare_kw=10.0, group_spare_kw={"r": 3.0})


def test_evs_under_different_restrictions_do_not_take_each_others_power():
    assert not turns_of([charger("A", 3.0, groups=["r"]), charger("B", 3.0)], group_spare_kw={"r": 0.0})


def test_who_can_charge_or_needs_nothing_is_left_alone():
    assert not turns_of([charger("A", 5.0), charger("B", 0.0)], spare_kw=20.0)


@given(
    powers_kw=st.lists(st.floats(0, 4.1), min_size=1, max_size=8),
    spare_kw=st.floats(0, 10),
    most_kw=st.sampled_from([4.2, 7.4, 11.0, 22.0]),
)
def test_turns_keep_the_sum_and_the_energy(powers_kw, spare_kw, most_kw):
    chargers = [charger(f"EV{place}", kw, most_kw=most_kw) for place, kw in enumerate(powers_kw)]

    turns = turns_of(chargers, spare_kw=spare_kw)

    small = {one.session_id: one.power_kw for one in chargers if one.session_id in turns}
    for second in {turn.start_seconds for mine in turns.values() for turn in mine}:
        assert sum_kw_at(turns, second) <= sum(small.values()) + spare_kw + 1e-6
    for name, mine in turns.items():
        assert all(0 <= turn.start_seconds < turn.end_seconds <= SLOT for turn in mine)
        assert all(a.end_seconds <= b.start_seconds for a, b in pairwise(mine))
        assert all(4.14 <= turn.power_kw <= most_kw for turn in mine)
        lost_kws = 2 * 60 * most_kw
        assert small[name] * SLOT - lost_kws <= energy_kws(mine) <= small[name] * SLOT + most_kw
