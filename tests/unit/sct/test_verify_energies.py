"""The verifier finds energies that break a rule, and excess over limits that is not owned up to.

One EV as in ``conftest``: 10 of 20 kWh, wants 15 kWh, 8 kW, that is 2 kWh in a slot of a quarter of an hour.
Everything else in a plan is true of its energies, so only the rule that a case is about can complain.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hand_made_plan import plan_of, rules, with_session, with_supply

from twinev.sct import verify

RIGHT = [2, 2, 1, 0]
BOTH_WAYS = {"max_kw": 20, "min_kw": -20}
TWO_WAY = {"evse_discharge_power_kw": 8}

# rule, where, formulation, what the EV asks, what the site is, the EV's energies
ENERGIES = {
    "EVSE: power": ("EVSE power", "session EV0, slot 0", "cpo", {}, {}, [2.001, 2, 0.999, 0]),
    "EVSE: power of a slot that has begun": (
        "EVSE power",
        "session EV0, slot 0",
        "cpo",
        {},
        {"first_slot_minutes": 6},
        [0.801, 2, 2, 0.199],
    ),
    "EVSE: the session's own cap": (
        "EVSE power",
        "session EV0, slot 3",
        "cpo",
        {"max_kw": [8, 8, 8, 2]},
        {},
        [2, 2, 0, 1],
    ),
    "EVSE: before arrival": (
        "EVSE power",
        "session EV0, slot 0",
        "cpo",
        {"arrival_slot": 1, "target_soc": 0.6},
        {},
        [0.1, 1.9, 0, 0],
    ),
    "EVSE: after departure": (
        "EVSE power",
        "session EV0, slot 3",
        "cpo",
        {"departure_slot": 2, "target_slot": 2, "target_soc": 0.6},
        {},
        [2, 0, 0, 0.1],
    ),
    "EVSE: discharge power": (
        "EVSE discharge power",
        "session EV0, slot 3",
        "grid",
        TWO_WAY,
        {"supply_point": BOTH_WAYS},
        [2, 2, 2, -2.001],
    ),
    "EVSE: discharge after departure": (
        "EVSE discharge power",
        "session EV0, slot 3",
        "v2g",
        {**TWO_WAY, "departure_slot": 2, "target_slot": 2, "target_soc": 0.6},
        {"supply_point": BOTH_WAYS},
        [2, 0, 0, -1],
    ),
    "EVSE: cpo counts no discharge": (
        "EVSE discharge power",
        "session EV0, slot 3",
        "cpo",
        TWO_WAY,
        {"supply_point": BOTH_WAYS},
        [2, 2, 2, -0.001],
    ),
    "minimum power": ("minimum power", "session EV0, slot 2", "cpo", {"min_power_kw": 4.2}, {}, [2, 2, 1, 0]),
    "battery: capacity": (
        "battery not above its capacity",
        "session EV0, slot 2",
        "cpo",
        {"soc_kwh": 14.5},
        {},
        [2, 2, 1.6, 0],
    ),
    "battery: capacity after losses": (
        "battery not above its capacity",
        "session EV0, slot 3",
        "cpo",
        {"soc_kwh": 14, "charge_efficiency": 0.8},
        {},
        [2, 2, 2, 1.6],
    ),
    "battery: empty": (
        "battery not below its floor",
        "session EV0, slot 1",
        "grid",
        {**TWO_WAY, "soc_kwh": 2},
        {"supply_point": BOTH_WAYS},
        [-1, -1.5, 0, 0],
    ),
    "battery: floor": (
        "battery not below its floor",
        "session EV0, slot 0",
        "v2g",
        {**TWO_WAY, "min_soc_kwh": 9},
        {"supply_point": BOTH_WAYS},
        [-1.001, 0, 0, 0],
    ),
    "battery: floor below which it arrived": (
        "battery not below its floor",
        "session EV0, slot 1",
        "v2g",
        {**TWO_WAY, "soc_kwh": 5, "min_soc_kwh": 9},
        {"supply_point": BOTH_WAYS},
        [1, -1.1, 0, 0],
    ),
    "battery: floor after losses": (
        "battery not below its floor",
        "session EV0, slot 0",
        "v2g",
        {**TWO_WAY, "min_soc_kwh": 9, "discharge_efficiency": 0.8},
        {"supply_point": BOTH_WAYS},
        [-0.9, 0, 0, 0],
    ),
    "group": (
        "group limit",
        "group feeder, slot 1",
        "cpo",
        {},
        {"groups": [{"id": "feeder", "session_ids": ["EV0"], "max_kw": [8, 7, 8, 8]}]},
        [2, 2, 1, 0],
    ),
    "group: hard in every formulation": (
        "group limit",
        "group inner, slot 0",
        "tradeoff",
        {},
        {
            "groups": [
                {"id": "outer", "session_ids": ["EV0"], "max_kw": 8},
                {"id": "inner", "session_ids": ["EV0"], "max_kw": 4},
            ]
        },
        [1.5, 1, 1, 1],
    ),
}


@pytest.mark.parametrize("regime", ENERGIES)
def test_energies_that_break_a_rule_are_caught_by_it_alone(problem, ev, regime):
    rule, where, formulation, of_ev, of_site, energy_kwh = ENERGIES[regime]
    asked = problem(sessions=[ev(**of_ev)], **of_site)

    verification = verify(asked, plan_of(asked, [energy_kwh], formulation))

    assert rules(verification) == [rule]
    assert verification.broken[0].where.startswith(where)


def test_tolerance_is_a_millionth_of_a_kwh(problem):
    asked = problem()

    assert verify(asked, plan_of(asked, [[2 + 9e-7, 2, 1, 0]])).holds
    assert rules(verify(asked, plan_of(asked, [[2 + 2e-6, 2, 1, 0]]))) == ["EVSE power"]


@pytest.mark.parametrize("kwh", [0, 9e-7, 1.05 - 9e-7, 1.05])
def test_minimum_power_has_the_same_tolerance(problem, ev, kwh):
    asked = problem(sessions=[ev(min_power_kw=4.2)])

    assert verify(asked, plan_of(asked, [[2, 2, kwh, 0]])).holds


def test_losses_are_told_in_the_state_of_charge_and_the_shortfall(problem, ev):
    losses = {"charge_efficiency": 0.9, "discharge_efficiency": 0.8}
    asked = problem(sessions=[ev(**TWO_WAY, **losses)], supply_point=BOTH_WAYS)
    plan = plan_of(asked, [[2, 2, 2, -0.4]], "v2g")
    right = {"soc_kwh": (11.8, 13.6, 15.4, 14.9), "reached_slot": 2, "shortfall_kwh": 0.1}

    assert verify(asked, with_session(plan, **right)).holds
    without_losses = with_session(plan, **{**right, "soc_kwh": (12, 14, 16, 15.6)})
    assert rules(verify(asked, without_losses)) == ["state of charge follows from the energy"]


def test_ev_without_need_that_gives_back_tells_what_then_misses(problem, ev):
    asked = problem(sessions=[ev(**TWO_WAY, target_soc=0.5)], supply_point=BOTH_WAYS)
    plan = plan_of(asked, [[0, 0, 0, -1]], "v2g")

    assert plan.shortfall_kwh == 1
    assert verify(asked, plan).holds


# where, formulation, what the EV asks, what the site is, the EV's energies, the excess per slot by hand
EXCESSES = {
    "import": ("supply point", "cpo", {}, {"demand_kw": [24, 0, 0, 0]}, [0, 2, 2, 1], (1, 0, 0, 0)),
    "export": (
        "supply point",
        "cpo",
        {},
        {"production_kw": [0, 30, 0, 0], "supply_point": BOTH_WAYS},
        [2, 2, 1, 0],
        (0, 0.5, 0, 0),
    ),
    "flexibility in grid": ("supply point", "grid", {}, {"flexibility_kw": [-16, 0, 0, 0]}, RIGHT, (1, 0, 0, 0)),
    "flexibility in tradeoff": (
        "supply point",
        "tradeoff",
        {},
        {"flexibility_kw": [-16, 0, 0, 0]},
        RIGHT,
        (1, 0, 0, 0),
    ),
    "one phase": (
        "phase L2",
        "cpo",
        {"phases": ["L2"]},
        {"supply_point": {"max_kw": 20, "min_kw": 0, "phase_max_kw": [8, 4, 8]}},
        RIGHT,
        (1, 1, 0, 0),
    ),
    "three phases and demand": (
        "phase L3",
        "cpo",
        {},
        {"demand_kw": [0, 12, 0, 0], "supply_point": {"max_kw": 20, "min_kw": 0, "phase_max_kw": [7, 7, 6]}},
        [2, 2, 1, 0],
        (0, 2 / 3 + 1 - 1.5, 0, 0),
    ),
    "phase that flows back": (
        "phase L1",
        "v2g",
        {**TWO_WAY, "phases": ["L1", "L3"]},
        {"supply_point": {**BOTH_WAYS, "phase_max_kw": 3}},
        [0, 0, 1.5, -1.8],
        (0, 0, 0, 0.15 + 0.15),
    ),
    "flexibility never moves a phase": (
        "phase L1",
        "grid",
        {"phases": ["L1"]},
        {"flexibility_kw": [20, 0, 0, 0], "supply_point": {"max_kw": 20, "min_kw": 0, "phase_max_kw": 4}},
        [2, 1, 1, 1],
        (1, 0, 0, 0),
    ),
    "supply point and phase add up": (
        "phase L1",
        "cpo",
        {"phases": ["L1"]},
        {"supply_point": {"max_kw": 7, "min_kw": 0, "phase_max_kw": 4}},
        [2, 1, 1, 1],
        (0.25 + 1, 0, 0, 0),
    ),
}


@pytest.mark.parametrize("regime", EXCESSES)
def test_excess_that_is_told_holds_and_one_that_is_hidden_is_caught(problem, ev, regime):
    where, formulation, of_ev, of_site, energy_kwh, excess_kwh = EXCESSES[regime]
    asked = problem(sessions=[ev(**of_ev)], **of_site)
    honest = with_supply(
        plan_of(asked, [energy_kwh], formulation, status="infeasible"), limit_excess_kwh=tuple(map(float, excess_kwh))
    )

    hidden = with_supply(replace(honest, status="optimal"), limit_excess_kwh=(0.0,) * 4)

    assert verify(asked, honest).holds, str(verify(asked, honest))
    assert rules(verify(asked, hidden)) == ["excess over the limits is told"]
    slot = next(t for t, kwh in enumerate(excess_kwh) if kwh)
    assert verify(asked, hidden).broken[0].where.startswith(f"{where}, slot {slot}")
    assert rules(verify(asked, replace(honest, status="optimal"))) == ["status"]


@pytest.mark.parametrize("formulation", ["cpo", "v2g"])
def test_order_is_not_counted_without_flexibility(problem, ev, formulation):
    asked = problem(sessions=[ev()], flexibility_kw=[-20, 0, 0, 0])
    plan = plan_of(asked, [RIGHT], formulation)

    assert verify(asked, plan).holds
    assert not verify(asked, replace(plan, formulation="grid")).holds


@pytest.mark.parametrize(("beyond_kwh", "holds"), [(9e-7, True), (4e-6, False)])
def test_each_place_has_the_tolerance_of_one_constraint(problem, ev, beyond_kwh, holds):
    supply_point = {"max_kw": 8, "min_kw": 0, "phase_max_kw": 8 / 3}
    asked = problem(sessions=[ev(evse_power_kw=9)], supply_point=supply_point)
    plan = plan_of(asked, [[2 + beyond_kwh, 2, 1, 0]], status="optimal")

    silent = with_supply(plan, limit_excess_kwh=(0.0,) * 4)

    assert verify(asked, silent).holds == holds
