"""What drivers choose, alone and mixed at one site."""

from __future__ import annotations

import numpy as np
import pytest

from twinev.sct import optimise


def energies_kwh(schedule):
    return np.array([session.energy_kwh for session in schedule.sessions])


def test_default_sessions_share_each_slot_in_proportion_to_need(problem, ev):
    # 3 and 6 kWh through 2 kWh a slot: one third and two thirds of it, until both are done together.
    sessions = [ev(target_soc=0.65, target_slot=4), ev("EV1", target_soc=0.8, target_slot=4)]
    supply = {"max_kw": 8, "min_kw": 0}

    schedule = optimise(problem(slots=5, sessions=sessions, supply_point=supply), profile="default")

    assert energies_kwh(schedule)[:, :4] == pytest.approx(np.array([[2 / 3] * 4, [4 / 3] * 4]), abs=1e-6)
    assert energies_kwh(schedule)[:, 4] == pytest.approx(np.array([1 / 3, 2 / 3]), abs=1e-6)


def test_default_ignores_the_price_and_charges_early(problem):
    schedule = optimise(problem(price_eur_per_kwh=[9, 9, 0, 0], tie_break="latest"), profile="default")

    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 1, 0), abs=1e-6)
    assert schedule.objective == pytest.approx(36, abs=1e-4)
    assert schedule.bound is None
    assert schedule.gap is None
    assert [stage.name for stage in schedule.stages] == ["default"]


def test_default_sharing_keeps_deadlines(problem, ev):
    # EV1 must be done after one slot: it gets the slot to itself although EV0 needs more.
    sessions = [ev(target_soc=0.8), ev("EV1", target_soc=0.6, target_slot=0)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0}), profile="default")

    assert energies_kwh(schedule)[:, 0] == pytest.approx(np.array([0, 2]), abs=1e-6)
    assert schedule.shortfall_kwh == 0


def test_default_sharing_keeps_group_limits(problem, ev):
    group = {"id": "feeder", "session_ids": ["EV0"], "max_kw": 2}
    sessions = [ev(target_soc=0.55, target_slot=3), ev("EV1", target_soc=0.7, target_slot=3)]

    schedule = optimise(
        problem(sessions=sessions, groups=[group], supply_point={"max_kw": 8, "min_kw": 0}), profile="default"
    )

    assert energies_kwh(schedule)[0].max() <= 0.5 + 1e-6
    assert schedule.shortfall_kwh == 0


def test_profile_cheap_for_all_is_the_formulation_itself(problem, ev):
    asked = problem(sessions=[ev(), ev("EV1")], price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], demand_kw=[1, 2, 3, 4])

    cheap, own = optimise(asked, profile="cheap"), optimise(asked)

    assert cheap.sessions == own.sessions
    assert (cheap.objective, cheap.bound) == (own.objective, own.bound)
    assert cheap.stages[0].name == "cheap"


def test_profile_argument_overrides_every_session(problem, ev):
    asked = problem(sessions=[ev(profile="default"), ev("EV1")], price_eur_per_kwh=[9, 9, 0, 0])

    assert optimise(asked, profile="cheap").objective == pytest.approx(36 - 18)


def test_mix_serves_the_cheap_first_and_lets_the_default_have_the_rest(problem, ev):
    # Both need 2 kWh of the 2 kWh a slot that the site has. The cheap one takes the free slot 2, though the default
    # one would be served in slot 0 in either case.
    sessions = [ev("cheap", target_soc=0.6, profile="cheap"), ev("usual", target_soc=0.6, profile="default")]
    asked = problem(sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0}, price_eur_per_kwh=[3, 2, 0, 1])

    schedule = optimise(asked)

    assert energies_kwh(schedule) == pytest.approx(np.array([[0, 0, 2, 0], [2, 0, 0, 0]]), abs=1e-6)
    assert [stage.name for stage in schedule.stages] == ["cheap", "default"]
    assert schedule.stages[0].value == pytest.approx(0, abs=1e-9)


def test_mix_keeps_every_target_even_against_the_earlier_stage(problem, ev):
    # Slot 2 is the cheap one, but the default session can charge nowhere else.
    sessions = [
        ev("cheap", target_soc=0.6, profile="cheap"),
        ev("usual", target_soc=0.6, profile="default", arrival_slot=2, departure_slot=2, target_slot=2),
    ]
    asked = problem(sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0}, price_eur_per_kwh=[3, 2, 0, 1])

    schedule = optimise(asked)

    assert schedule.shortfall_kwh == 0
    assert energies_kwh(schedule)[0] == pytest.approx(np.array([0, 0, 0, 2]), abs=1e-6)


def test_session_without_profile_follows_the_cost_in_a_mix(problem, ev):
    sessions = [ev("own", target_soc=0.6), ev("usual", target_soc=0.6, profile="default")]

    schedule = optimise(problem(sessions=sessions, price_eur_per_kwh=[3, 2, 0, 1]))

    assert energies_kwh(schedule) == pytest.approx(np.array([[0, 0, 2, 0], [2, 0, 0, 0]]), abs=1e-6)
    assert [stage.name for stage in schedule.stages] == ["cheap", "default"]


def test_mix_with_negative_prices_and_surplus_is_solved(problem, ev):
    sessions = [ev("cheap", profile="cheap"), ev("usual", profile="default")]
    asked = problem(
        sessions=sessions,
        production_kw=[4] * 4,
        price_eur_per_kwh=[-0.5, 0.1, -0.5, 0.1],
        supply_point={"max_kw": 20, "min_kw": -20},
    )

    schedule = optimise(asked)

    # The cheap one alone with 1 kWh of surplus a slot: 2 kWh in slots 0 and 2, where 1 kWh of each is paid import.
    assert schedule.status == "optimal"
    assert schedule.stages[0].value == pytest.approx(-1)
    assert schedule.stages[1].bound is None
    assert schedule.shortfall_kwh == 0
