"""Never a bare "infeasible": what gives way, by how little, who bears it, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.sct import Problem, optimise, verify
from twinev.sct.solver import Answer, Solver


def shortfalls_kwh(schedule):
    return [session.shortfall_kwh for session in schedule.sessions]


def test_shortfall_is_shared_in_proportion_to_need(problem, ev):
    # 4 kWh fit through the supply point; 4 and 8 kWh are asked for: each gets a third of its need.
    sessions = [ev(target_soc=0.7), ev("EV1", target_soc=0.9)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 4, "min_kw": 0}))

    assert schedule.status == "optimal"
    assert shortfalls_kwh(schedule) == pytest.approx([4 * 2 / 3, 8 * 2 / 3], abs=1e-6)
    assert [stage.name for stage in schedule.stages] == ["shortfall", "fair share", "cost"]
    assert schedule.stages[0].value == pytest.approx(8)
    assert schedule.stages[1].value == pytest.approx(2 / 3)


def test_crowded_paper_scenario_is_settled_to_the_end(scenarios):
    paper_3 = Problem.from_json(scenarios / "paper_3.json").to_dict()

    schedule = optimise(Problem.from_dict({**paper_3, "supply_point": {"max_kw": 3, "min_kw": -3}}))

    # EV0 has six slots of 0.75 kWh to itself; the others share the 13.5 kWh that are left.
    assert schedule.status == "optimal"
    assert shortfalls_kwh(schedule) == pytest.approx([5.5, 3.25, 3.25], abs=1e-6)


def test_session_with_its_own_limit_does_not_drag_others_down(problem, ev):
    # EV0 cannot take more than 2 kWh by itself; the others share what is left evenly.
    sessions = [ev(evse_power_kw=2), ev("EV1"), ev("EV2")]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 10, "min_kw": 0}))

    assert shortfalls_kwh(schedule) == pytest.approx([3, 1, 1], abs=1e-6)


def test_leximin_goes_beyond_the_worst_off(problem, ev):
    # The feeder of EV0 and EV1 lets 2 kWh through, the site 9: EV2 and EV3 get what is left, not the worst one's share.
    group = {"id": "feeder", "session_ids": ["EV0", "EV1"], "max_kw": 2}
    sessions = [ev(f"EV{n}") for n in range(4)]

    schedule = optimise(problem(sessions=sessions, groups=[group], supply_point={"max_kw": 9, "min_kw": 0}))

    assert shortfalls_kwh(schedule) == pytest.approx([4, 4, 1.5, 1.5], abs=1e-6)


@pytest.mark.parametrize("in_order", [True, False])
def test_equal_shortfall_goes_to_whoever_is_cheaper_to_leave_short(problem, ev, in_order):
    # The power is enough for one of them, each lacks 2 kWh without it; half of what the other takes is lost.
    here = {"soc_kwh": 8, "target_soc": 0.5, "target_slot": 0, "departure_slot": 0}
    full = ev("full", min_power_kw=8, **here)
    half = ev("half", evse_power_kw=16, min_power_kw=16, charge_efficiency=0.5, **here)
    sessions = [full, half] if in_order else [half, full]
    supply_point = {"max_kw": 16, "min_kw": 0}

    schedule = optimise(problem(slots=1, price_eur_per_kwh=[1], supply_point=supply_point, sessions=sessions))

    assert schedule.objective == pytest.approx(2)
    assert {session.id: session.shortfall_kwh for session in schedule.sessions} == pytest.approx({"full": 0, "half": 2})


def test_plan_whose_sharing_was_cut_short_is_not_called_an_optimum(problem, ev, monkeypatch):
    minimise = Solver.minimise

    def cut_short(solver, *words, **options):
        answer = minimise(solver, *words, **options)
        return replace(answer, status="incumbent") if solver.stage == "shortfall" else answer

    monkeypatch.setattr(Solver, "minimise", cut_short)
    sessions = [ev(min_power_kw=4), ev("EV1", min_power_kw=4)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 5, "min_kw": 0}))

    assert schedule.status == "feasible"
    assert schedule.method.startswith("incumbent")


def test_sharing_that_fails_midway_keeps_what_it_had_found(problem, ev, monkeypatch):
    minimise = Solver.minimise

    def failing(solver, *words, **options):
        return Answer(status="nothing") if solver.stage == "fair share" else minimise(solver, *words, **options)

    monkeypatch.setattr(Solver, "minimise", failing)
    sessions = [ev(), ev("EV1")]

    asked = problem(sessions=sessions, supply_point={"max_kw": 4, "min_kw": 0})
    schedule = optimise(asked)

    # 4 kWh fit through the supply point: no less is lost for want of a fair share, and the plan is not proven.
    assert schedule.status == "feasible"
    assert schedule.method.startswith("incumbent")
    assert schedule.shortfall_kwh == pytest.approx(10 - 4, abs=1e-5)
    assert verify(asked, schedule).holds


def test_cost_is_minimised_at_the_least_shortfall(problem, ev):
    asked = problem(sessions=[ev(target_soc=1.0)], price_eur_per_kwh=[1, 2, 3, 4])

    schedule = optimise(asked)

    assert schedule.shortfall_kwh == pytest.approx(2)
    assert schedule.objective == pytest.approx(20)
    assert schedule.bound == pytest.approx(20, rel=1e-4)


def test_own_limit_is_explained_with_the_time_that_would_do(problem, ev):
    sessions = [ev("EV7", capacity_kwh=60, soc_kwh=20, target_soc=1.0, target_slot=3, departure_slot=3)]

    schedule = optimise(problem(slots=40, sessions=sessions))

    assert schedule.explanations == (
        "Session EV7 asks for 40.0 kWh by 19:00, but at most 8.0 kWh fits: its EVSE gives 8.0 kW for 1 h. "
        "Postpone departure to 23:00 or accept 8.0 kWh.",
    )


def test_promised_departure_is_enough(problem, ev):
    sessions = [ev("EV7", capacity_kwh=60, soc_kwh=20, target_soc=1.0, target_slot=19, departure_slot=19)]

    schedule = optimise(problem(slots=40, sessions=sessions))

    assert schedule.shortfall_kwh == 0


def test_binding_limit_is_explained_with_times_and_a_raise_that_is_enough(problem, ev):
    asked = {"demand_kw": [0, 18, 18, 0], "sessions": [ev(target_slot=2)]}

    schedule = optimise(problem(**asked))

    assert schedule.explanations == (
        "Session EV0 asks for 5.0 kWh by 18:45, but gets 3.0 kWh, 2.0 kWh short: the supply point's limit binds "
        "from 18:15 to 18:45. Raise the supply point's limit by 4.0 kW there, postpone departure to 19:00 or "
        "accept 3.0 kWh.",
    )
    assert optimise(problem(**asked, supply_point={"max_kw": 24, "min_kw": 0})).shortfall_kwh == 0
    later = {**asked, "sessions": [ev(target_slot=3)]}
    assert optimise(problem(**later)).shortfall_kwh == 0


def test_times_of_a_limit_that_binds_twice_are_told_as_two_stretches(problem, ev):
    schedule = optimise(problem(demand_kw=[18, 0, 18, 0], sessions=[ev(target_slot=2)]))

    assert "the supply point's limit binds from 18:00 to 18:15, from 18:30 to 18:45." in schedule.explanations[0]


@pytest.mark.parametrize(("missing_kwh", "told"), [(0.04, False), (0.06, True)])
def test_shortfall_that_would_print_as_nothing_is_in_the_data_alone(problem, ev, missing_kwh, told):
    nothing = {"max_kw": 0, "min_kw": 0}

    schedule = optimise(problem(supply_point=nothing, sessions=[ev(soc_kwh=15 - missing_kwh)]))

    assert schedule.shortfall_kwh == pytest.approx(missing_kwh, abs=1e-6)
    assert bool(schedule.explanations) is told
    assert "0.0 kWh short" not in " ".join(schedule.explanations)


def test_group_that_binds_is_named(problem, ev):
    group = {"id": "order 12", "session_ids": ["EV0"], "max_kw": [8, 0, 0, 8]}

    schedule = optimise(problem(groups=[group], sessions=[ev(target_slot=2)]))

    assert "the limit of group order 12 binds from 18:15 to 18:45" in schedule.explanations[0]
    assert "raise the limit of group order 12 by 6.0 kw there" in schedule.explanations[0].lower()


def test_demand_above_the_limit_is_called_a_contradiction(problem):
    schedule = optimise(problem(demand_kw=[0, 24, 22, 0]))

    assert schedule.status == "infeasible"
    assert schedule.supply_point.limit_excess_kwh == pytest.approx((0, 1, 0.5, 0))
    assert schedule.sessions[0].energy_kwh[1:3] == (0, 0)
    assert schedule.explanations[0] == (
        "The supply point imports more than its limit whatever the EVs do: by up to 4.0 kW, 1.50 kWh in all, "
        "from 18:15 to 18:45. Lower the demand or raise the import limit by 4.0 kW there."
    )


def test_contradiction_still_serves_the_evs(problem, ev):
    schedule = optimise(problem(demand_kw=[24, 0, 0, 0], sessions=[ev(target_soc=0.8)]))

    assert schedule.status == "infeasible"
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 2, 2))
    assert schedule.shortfall_kwh == 0


def test_surplus_that_may_not_be_exported_is_charged_as_far_as_it_goes(problem):
    # 3 kWh of surplus in slot 0, of which the EV can take 2.
    schedule = optimise(problem(production_kw=[12, 0, 0, 0]))

    assert schedule.status == "infeasible"
    assert schedule.sessions[0].energy_kwh[0] == pytest.approx(2)
    assert schedule.supply_point.limit_excess_kwh == pytest.approx((1, 0, 0, 0))
    assert schedule.explanations[0].startswith("The supply point exports more than its limit")


def test_surplus_that_the_evs_can_take_breaks_no_limit(problem):
    schedule = optimise(problem(production_kw=[8, 8, 8, 8], price_eur_per_kwh=[1, 1, 1, 1]))

    assert schedule.status == "optimal"
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 2, 2))


def test_order_that_forbids_any_import_leaves_the_evs_without(problem):
    schedule = optimise(problem(flexibility_kw=[-30, -30, 0, 0]), formulation="grid")

    # 20 − 30 kW: the site would have to export 10 kW and cannot.
    assert schedule.status == "infeasible"
    assert schedule.supply_point.limit_excess_kwh == pytest.approx((2.5, 2.5, 0, 0))
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 0, 2, 2))


def test_discharge_answers_an_order_to_export(problem, ev):
    sessions = [ev(evse_discharge_power_kw=8)]

    schedule = optimise(
        problem(
            flexibility_kw=[-24, 0, 0, 0, 0], sessions=sessions, supply_point={"max_kw": 20, "min_kw": -10}, slots=5
        ),
        formulation="grid",
    )

    assert schedule.status == "optimal"
    assert schedule.sessions[0].energy_kwh[0] <= -1 + 1e-6
    assert schedule.shortfall_kwh == pytest.approx(0)


def test_limits_can_take_what_a_battery_holds_and_it_is_said(problem, ev):
    # 16 kW of demand against 8 kW: only discharging keeps the limit, and the target gives way before the limit does.
    sessions = [ev(evse_discharge_power_kw=8, evse_power_kw=0, target_soc=0.5)]
    asked = problem(demand_kw=[16, 16, 0, 0], sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0})

    schedule = optimise(asked, formulation="grid")

    assert schedule.status == "optimal"
    assert schedule.shortfall_kwh == pytest.approx(4)
    assert schedule.explanations == (
        "Session EV0 holds its target of 10.0 kWh already, but the grid's limits take 4.0 kWh of it by 19:00.",
    )


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    needs=st.lists(st.sampled_from([0.3, 0.5, 0.8, 1.0]), min_size=1, max_size=4),
    limit_kw=st.sampled_from([0, 3, 7, 12]),
    slots=st.integers(2, 5),
)
def test_fair_share_leaves_nobody_worse_off_than_the_common_level(needs, limit_kw, slots):
    """One supply limit, equal EVSEs and stays: leximin of shortfall/need is one common level, capped by the EVSE."""
    sessions = [
        {
            "id": f"EV{n}",
            "capacity_kwh": 10,
            "soc_kwh": 0,
            "evse_power_kw": 8,
            "target_soc": need,
            "target_slot": slots - 1,
        }
        for n, need in enumerate(needs)
    ]
    start = "2026-11-22T18:00:00+01:00"
    supply = {"max_kw": limit_kw, "min_kw": 0}
    problem = Problem.from_dict(
        {"slot_minutes": 15, "start": start, "slots": slots, "supply_point": supply, "sessions": sessions}
    )

    schedule = optimise(problem)

    need_kwh = np.array([10 * need for need in needs])
    reachable_kwh = np.minimum(need_kwh, 8 * 0.25 * slots)
    energy_kwh = min(limit_kw * 0.25 * slots, reachable_kwh.sum())
    low, high = 0.0, 1.0
    for _ in range(60):
        level = (low + high) / 2
        low, high = (low, level) if np.minimum(level * need_kwh, reachable_kwh).sum() >= energy_kwh else (level, high)
    expected_kwh = need_kwh - np.minimum(high * need_kwh, reachable_kwh)
    assert verify(problem, schedule).holds
    assert schedule.status == "optimal"
    assert [session.shortfall_kwh for session in schedule.sessions] == pytest.approx(list(expected_kwh), abs=1e-5)
