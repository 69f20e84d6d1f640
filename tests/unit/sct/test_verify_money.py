"""The verifier counts every optional input: plans with their objective by hand hold, with another they do not.

One EV as in ``conftest``: 10 of 20 kWh, wants 15 kWh, 8 kW, that is 2 kWh in a slot of a quarter of an hour.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hand_made_plan import plan_of, rules

from twinev.sct import verify

RIGHT = [2, 2, 1, 0]
BOTH_WAYS = {"max_kw": 20, "min_kw": -20}
TWO_WAY = {"evse_discharge_power_kw": 8}

# formulation, what the EV asks, what the site is, the EV's energies, the objective by hand
WORTHS = {
    "neutral": ("cpo", {}, {}, RIGHT, 2 * 0.1 + 2 * 0.2 + 1 * 0.3),
    "export price": (
        "v2g",
        TWO_WAY,
        {"supply_point": BOTH_WAYS, "export_price_eur_per_kwh": [0, 0, 0, 0.25]},
        [2, 2, 2, -1],
        0.2 + 0.4 + 0.6 - 0.25,
    ),
    "export that costs": (
        "cpo",
        {},
        {"supply_point": BOTH_WAYS, "production_kw": [0, 0, 0, 8], "export_price_eur_per_kwh": [0, 0, 0, -0.5]},
        RIGHT,
        0.9 + 2 * 0.5,
    ),
    "wear": (
        "grid",
        {**TWO_WAY, "wear_eur_per_kwh": 0.05},
        {"supply_point": BOTH_WAYS},
        [2, 2, 2, -1],
        0.2 + 0.4 + 0.6 + 0.05,
    ),
    "wear at the EVSE, whatever the losses": (
        "v2g",
        {**TWO_WAY, "wear_eur_per_kwh": 0.05, "discharge_efficiency": 0.5},
        {"supply_point": BOTH_WAYS},
        [2, 2, 2, -0.5],
        0.2 + 0.4 + 0.6 + 0.025,
    ),
    "demand charge": ("cpo", {}, {"demand_charge_eur_per_kw": 10}, [1, 1.5, 1.5, 1], 0.1 + 0.3 + 0.45 + 0.4 + 10 * 6),
    "demand charge of a slot that has begun": (
        "cpo",
        {},
        {"demand_charge_eur_per_kw": 10, "first_slot_minutes": 6},
        [0.8, 1.5, 1.5, 1.2],
        0.08 + 0.3 + 0.45 + 0.48 + 10 * 8,
    ),
    "demand charge of a site that only exports": (
        "cpo",
        {"target_soc": 0.5},
        {"demand_charge_eur_per_kw": 10, "production_kw": [4, 4, 4, 4], "supply_point": BOTH_WAYS},
        [0, 0, 0, 0],
        0,
    ),
    "losses": (
        "v2g",
        {**TWO_WAY, "charge_efficiency": 0.9, "discharge_efficiency": 0.8},
        {"supply_point": BOTH_WAYS},
        # 10 + 5.4 − 0.4 / 0.8 = 14.9: 0.1 kWh is missing
        [2, 2, 2, -0.4],
        0.2 + 0.4 + 0.6,
    ),
    "floor": ("v2g", {**TWO_WAY, "min_soc_kwh": 9}, {"supply_point": BOTH_WAYS}, [-1, 2, 2, 2], 0.4 + 0.6 + 0.8),
    "floor below which it arrived": ("grid", {**TWO_WAY, "soc_kwh": 5, "min_soc_kwh": 9}, {}, [1, -1, 0, 2], 0.1 + 0.8),
    "minimum power": ("cpo", {"min_power_kw": 4}, {}, RIGHT, 0.9),
    "minimum power does not bind what flows back": (
        "v2g",
        {**TWO_WAY, "min_power_kw": 4},
        {"supply_point": BOTH_WAYS},
        [2, 2, 2, -0.1],
        0.2 + 0.4 + 0.6,
    ),
    "priority": ("cpo", {"priority": 3}, {}, RIGHT, 0.9),
    "phase within its limit": (
        "cpo",
        {"phases": ["L1", "L2"]},
        {"supply_point": {"max_kw": 20, "min_kw": 0, "phase_max_kw": [4, 4, 0]}},
        RIGHT,
        0.9,
    ),
    # The target is held at the end of slot 2: slots 0 and 1 wait, and 3 slots were waited before.
    "opportunity cost": (
        "tradeoff",
        {"previous_slots": 3},
        {"opportunity_cost_eur_per_slot": 2},
        RIGHT,
        0.9 + 2 * (3 + 2),
    ),
    "opportunity cost of a stay": (
        "tradeoff",
        {"arrival_slot": 1, "departure_slot": 2, "target_slot": 2},
        {"opportunity_cost_eur_per_slot": 2},
        [0, 2, 2, 0],
        0.4 + 0.6 + 2 * 2,
    ),
    "opportunity cost where nobody waits": (
        "tradeoff",
        {"target_soc": 0.5},
        {"opportunity_cost_eur_per_slot": 2},
        [0, 0, 0, 0],
        0,
    ),
    "opportunity cost after the target is given back": (
        "tradeoff",
        {**TWO_WAY, "target_soc": 0.6},
        {"opportunity_cost_eur_per_slot": 2, "supply_point": BOTH_WAYS},
        [2, -1, 1, 0],
        0.2 + 0.3 + 2 * 1,
    ),
    "opportunity cost is not counted in grid": (
        "grid",
        {"previous_slots": 3},
        {"opportunity_cost_eur_per_slot": 2},
        RIGHT,
        0.9,
    ),
}


@pytest.mark.parametrize("regime", WORTHS)
def test_plan_with_its_objective_by_hand_holds_and_no_other_objective_does(problem, ev, regime):
    formulation, of_ev, of_site, energy_kwh, objective = WORTHS[regime]
    asked = problem(sessions=[ev(**of_ev)], **{"price_eur_per_kwh": [0.1, 0.2, 0.3, 0.4], **of_site})
    plan = plan_of(asked, [energy_kwh], formulation, objective=objective, bound=None, gap=None)

    assert verify(asked, plan).holds, str(verify(asked, plan))
    for wrong in (objective - 0.01, objective + 0.01):
        rule = "objective, Eq. (27)" if formulation == "tradeoff" else "objective, Eq. (1)"
        assert rules(verify(asked, replace(plan, objective=wrong))) == [rule]


@pytest.mark.parametrize(("waits", "holds"), [(1, False), (2, True), (3, True), (4, False)])
def test_slot_that_ends_within_the_tolerance_of_the_target_may_wait_or_not(problem, waits, holds):
    asked = problem(opportunity_cost_eur_per_slot=2)
    plan = plan_of(asked, [[2, 2, 1 - 8e-7, 1e-6]], "tradeoff", objective=2 * waits, bound=None, gap=None)

    verification = verify(asked, plan)

    assert verification.holds == holds
    if not holds:
        assert verification.broken[0].allowed == "4 € to 6 €"


def test_gap_is_told_without_the_constant(problem, ev):
    asked = problem(sessions=[ev(previous_slots=3)], opportunity_cost_eur_per_slot=2)
    plan = plan_of(asked, [RIGHT], "tradeoff", bound=8)

    # 2 € × (3 + 2) slots, of which the 6 € of the slots before are no plan's merit: (10 − 8) / (10 − 6)
    assert plan.objective == 10
    assert verify(asked, replace(plan, gap=0.5)).holds
    assert rules(verify(asked, replace(plan, gap=0.2))) == ["gap"]


@pytest.mark.parametrize(("objective", "bound", "gap"), [(0.9, 0.81, 0.1), (0.9, 0.9 + 5e-7, -5.56e-7)])
def test_bound_and_gap_hold_together(problem, objective, bound, gap):
    asked = problem(price_eur_per_kwh=[0.1, 0.2, 0.3, 0.4])

    assert verify(asked, plan_of(asked, [RIGHT], objective=objective, bound=bound, gap=gap)).holds


def test_gap_of_a_plan_that_costs_nothing_is_in_cents(problem):
    asked = problem()

    assert verify(asked, plan_of(asked, [RIGHT], bound=-0.001, gap=0.1)).holds
