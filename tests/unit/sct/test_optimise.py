"""Optima that can be computed by hand, and the values that the paper's scenarios must give."""

from __future__ import annotations

import numpy as np
import pytest

from twinev.errors import BadInput
from twinev.sct import Problem, optimise


def powers_kw(problem, schedule):
    energy_kwh = np.array([session.energy_kwh for session in schedule.sessions])
    return energy_kwh / np.array(problem.horizon.slot_hours)


def test_paper_1_costs_nothing_and_charges_at_the_end(scenarios):
    problem = Problem.from_json(scenarios / "paper_1.json")

    schedule = optimise(problem)

    power_kw = powers_kw(problem, schedule)
    assert schedule.status == "optimal"
    assert schedule.objective == 0
    assert power_kw.sum(axis=0).max() <= 10 + 1e-6
    # 30 kWh at 10 kW are twelve slots: nothing flows in the first twelve.
    assert not power_kw[:, :12].any()
    assert all(session.shortfall_kwh == 0 for session in schedule.sessions)


def test_paper_2_restricted_charges_before_the_restriction(scenarios):
    problem = Problem.from_json(scenarios / "paper_2_restricted.json")

    schedule = optimise(problem, formulation="grid")

    total_kw = powers_kw(problem, schedule).sum(axis=0)
    assert schedule.objective == 0
    assert total_kw.max() <= 10 + 1e-6
    assert total_kw[18:].max() <= 4 + 1e-6
    assert schedule.shortfall_kwh == 0


def test_paper_3_pays_for_the_first_six_slots_only(scenarios):
    problem = Problem.from_json(scenarios / "paper_3.json")

    schedule = optimise(problem)

    ev0, ev1, ev2 = schedule.sessions
    assert schedule.objective == pytest.approx(12, abs=1e-6)
    assert schedule.gap <= 1e-4
    assert ev0.reached_slot == 5
    assert sum(ev1.energy_kwh[15:]) + sum(ev2.energy_kwh[15:]) == pytest.approx(18)


def test_cheapest_slot_is_used_first(problem):
    # 5 kWh at 2 kWh a slot: the two cheapest slots in full, half of the third.
    schedule = optimise(problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2]))

    assert schedule.objective == pytest.approx(2 * 0.1 + 2 * 0.2 + 1 * 0.3)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 1, 2))


def test_production_is_used_before_import(problem):
    # Slot 0 has a surplus of 1 kWh: the rest of the 5 kWh is bought where it is cheap.
    schedule = optimise(
        problem(
            price_eur_per_kwh=[0.4, 0.3, 0.1, 0.2],
            production_kw=[4, 0, 0, 0],
            supply_point={"max_kw": 20, "min_kw": -20},
        )
    )

    assert schedule.sessions[0].energy_kwh == pytest.approx((1, 0, 2, 2))
    assert schedule.objective == pytest.approx(2 * 0.1 + 2 * 0.2)
    assert schedule.supply_point.exported_kwh == pytest.approx((0, 0, 0, 0))


def test_demand_is_paid_for_too(problem):
    schedule = optimise(problem(price_eur_per_kwh=[1, 1, 1, 1], demand_kw=[4, 0, 0, 0]))

    assert schedule.objective == pytest.approx(5 + 1)


def test_negative_price_fills_the_battery(problem):
    # Being paid for import: 10 kWh of room, but only 8 kWh fit through the EVSE in four slots.
    schedule = optimise(problem(price_eur_per_kwh=[-0.1, -0.1, -0.1, -0.1]))

    assert schedule.objective == pytest.approx(-0.8)
    assert schedule.sessions[0].soc_kwh[-1] == pytest.approx(18)


def test_negative_price_pays_for_no_import_that_does_not_flow(problem):
    # A surplus of 5 kWh a slot is more than the EV can take: nothing is imported, so nothing is earned.
    schedule = optimise(
        problem(price_eur_per_kwh=[-0.1] * 4, production_kw=[20] * 4, supply_point={"max_kw": 20, "min_kw": -20})
    )

    assert schedule.objective == 0
    assert schedule.supply_point.imported_kwh == (0, 0, 0, 0)


def test_negative_price_with_surplus_gathers_charging_into_few_slots(problem, ev):
    # A surplus of 1 kWh a slot; the EV has room for 3 kWh at up to 2 kWh a slot. Import begins above 1 kWh: it is worth
    # most to charge 2 kWh in one slot (1 kWh imported); the third kWh earns nothing anywhere.
    schedule = optimise(
        problem(
            price_eur_per_kwh=[-0.5] * 4,
            production_kw=[4] * 4,
            supply_point={"max_kw": 20, "min_kw": -20},
            sessions=[ev(soc_kwh=17, target_soc=1.0)],
        )
    )

    assert schedule.objective == pytest.approx(-0.5)
    assert max(schedule.sessions[0].energy_kwh) == pytest.approx(2)


def test_group_caps_the_sum_of_its_sessions(problem, ev):
    # Each needs 5 kWh; the two in the group share 1 kWh a slot at 4 kW, so the cheap slots cannot hold both.
    group = {"id": "feeder", "session_ids": ["EV0", "EV1"], "max_kw": [12, 4, 12, 12]}
    asked = problem(sessions=[ev(), ev("EV1"), ev("EV2")], groups=[group], price_eur_per_kwh=[3, 1, 3, 2])

    schedule = optimise(asked)

    in_group_kw = powers_kw(asked, schedule)[:2].sum(axis=0)
    # Group: 1 kWh at 1, 3 kWh at 2, 6 kWh at 3; the third session 2 at 1, 2 at 2, 1 at 3: the site allows 5 kWh a slot.
    assert (in_group_kw <= np.array([12, 4, 12, 12]) + 1e-6).all()
    assert schedule.objective == pytest.approx(1 + 3 * 2 + 6 * 3 + 2 + 2 * 2 + 3)


def test_own_cap_per_slot_is_kept(problem, ev):
    schedule = optimise(problem(sessions=[ev(max_kw=[0, 8, 4, 8])]))

    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 1, 2))


def test_nothing_flows_before_arrival_or_after_departure(problem, ev):
    asked = problem(
        price_eur_per_kwh=[0, 1, 1, 0], sessions=[ev(arrival_slot=1, departure_slot=2, target_slot=2, target_soc=0.6)]
    )

    schedule = optimise(asked)

    assert schedule.sessions[0].energy_kwh[0] == schedule.sessions[0].energy_kwh[3] == 0
    assert schedule.objective == pytest.approx(2)


def test_first_slot_that_has_begun_holds_less_energy(problem):
    schedule = optimise(problem(first_slot_minutes=6))

    assert schedule.sessions[0].energy_kwh == pytest.approx((0.8, 2, 2, 0.2))


@pytest.mark.parametrize(("tie_break", "expected"), [("earliest", (2, 2, 1, 0)), ("latest", (0, 1, 2, 2))])
def test_tie_break_moves_energy_where_nothing_else_decides(problem, tie_break, expected):
    schedule = optimise(problem(tie_break=tie_break))

    assert schedule.sessions[0].energy_kwh == pytest.approx(expected)


def test_tie_break_costs_nothing_within_the_gap(problem):
    # A tenth of a cent a kWh is dearer than any tie-break.
    schedule = optimise(problem(price_eur_per_kwh=[0.201, 0.201, 0.2, 0.2], tie_break="earliest"))

    assert schedule.sessions[0].energy_kwh == pytest.approx((1, 0, 2, 2))
    assert schedule.objective == pytest.approx(4 * 0.2 + 0.201)


@pytest.mark.parametrize("min_power_kw", [0, 4])
def test_gap_is_a_share_of_the_cost_even_where_export_pays_for_nearly_all(problem, ev, min_power_kw):
    # 44.01 € earned, 40.06 € owed for demand, 4 € for 4 kWh in slot 3: the gap is of the 0.05 € that are left.
    sessions = [ev(soc_kwh=13, min_power_kw=min_power_kw), ev("EV1", soc_kwh=13)]
    asked = problem(
        slots=5,
        price_eur_per_kwh=[1.003, 1.002, 1.001, 1.0, 1],
        export_price_eur_per_kwh=[0, 0, 0, 0, 1],
        demand_kw=[40, 40, 40, 40, 0],
        production_kw=[0, 0, 0, 0, 176.04],
        supply_point={"max_kw": 60, "min_kw": -400},
        sessions=sessions,
    )

    schedule = optimise(asked, gap=1e-2)

    owed_eur = 10 * (1.003 + 1.002 + 1.001 + 1.0) + 4 * 1.0 - 176.04 / 4
    assert schedule.objective == pytest.approx(owed_eur, rel=1e-2)


def test_tie_is_not_worth_more_than_the_gap_where_one_price_dwarfs_the_rest(problem, ev):
    # The order forbids any import in the slot of -5 €: 4 kWh are bought at the 0.01 € of slot 3.
    sessions = [
        ev(soc_kwh=13, min_power_kw=4),
        ev("EV1", soc_kwh=13),
        ev("EV2", target_soc=0.5, target_slot=4),
    ]
    asked = problem(
        slots=5,
        price_eur_per_kwh=[0.0103, 0.0102, 0.0101, 0.01, -5],
        production_kw=[0, 0, 0, 0, 12],
        flexibility_kw=[0, 0, 0, 0, -60],
        supply_point={"max_kw": 60, "min_kw": -400},
        sessions=sessions,
    )

    schedule = optimise(asked, formulation="grid", gap=1e-2)

    assert schedule.objective == pytest.approx(0.04, rel=1e-2)


def test_gap_of_zero_is_met(problem):
    schedule = optimise(problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2]), gap=0)

    assert schedule.gap == pytest.approx(0, abs=1e-8)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 1, 2), abs=1e-6)


def test_earlier_session_goes_first_where_nothing_else_decides(problem, ev):
    schedule = optimise(problem(sessions=[ev(), ev("EV1")], supply_point={"max_kw": 8, "min_kw": 0}, slots=6))

    first, second = schedule.sessions
    assert first.shortfall_kwh == second.shortfall_kwh
    schedule = optimise(
        problem(
            sessions=[ev(target_slot=5), ev("EV1", target_slot=5)], supply_point={"max_kw": 8, "min_kw": 0}, slots=6
        )
    )
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 1, 0, 0, 0))
    assert schedule.sessions[1].energy_kwh == pytest.approx((0, 0, 1, 2, 2, 0))


def test_cpo_counts_neither_flexibility_nor_discharge(problem, ev):
    sessions = [ev(evse_discharge_power_kw=8)]
    asked = problem(flexibility_kw=[-20] * 4, sessions=sessions, price_eur_per_kwh=[1, 9, 9, 9], demand_kw=[0, 4, 4, 4])

    schedule = optimise(asked)

    assert schedule.status == "optimal"
    assert min(schedule.sessions[0].energy_kwh) >= 0


def test_grid_moves_the_import_limit_by_orders_in_both_directions(problem):
    schedule = optimise(
        problem(supply_point={"max_kw": 4, "min_kw": 0}, flexibility_kw=[4, -2, -4, 0], price_eur_per_kwh=[1, 1, 1, 1]),
        formulation="grid",
    )

    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 0.5, 0, 1))
    assert schedule.shortfall_kwh == pytest.approx(1.5)


def test_grid_lets_an_ev_give_back_when_that_pays(problem, ev):
    # 1 kWh of demand a slot at 1 €, while slot 0 is free: the EV fills up in slot 0 and covers the demand after.
    asked = problem(
        price_eur_per_kwh=[0, 1, 1, 1],
        demand_kw=[0, 4, 4, 4],
        sessions=[ev(evse_discharge_power_kw=8, target_soc=0.5)],
    )

    schedule = optimise(asked, formulation="grid")

    # 2 kWh go in for nothing and come out again; the battery must hold 10 kWh at the end of slot 3.
    assert schedule.objective == pytest.approx(1)
    assert sum(schedule.sessions[0].energy_kwh) == pytest.approx(0)


def test_discharge_never_cycles_for_a_tie(problem, ev):
    schedule = optimise(problem(sessions=[ev(evse_discharge_power_kw=8)]), formulation="grid")

    assert min(schedule.sessions[0].energy_kwh) >= 0
    assert sum(schedule.sessions[0].energy_kwh) == pytest.approx(5)


def test_energy_above_the_target_may_be_given_back_down_to_it(problem, ev):
    # 10 kWh held, 8 wanted: 2 of the 3 kWh of demand come from the battery, where they are dearest.
    asked = problem(
        price_eur_per_kwh=[1, 3, 2, 1], demand_kw=[4, 4, 4, 0], sessions=[ev(evse_discharge_power_kw=8, target_soc=0.4)]
    )

    schedule = optimise(asked, formulation="grid")

    assert schedule.sessions[0].energy_kwh == pytest.approx((0, -1, -1, 0), abs=1e-6)
    assert schedule.objective == pytest.approx(1)


def test_battery_of_a_discharging_ev_is_never_overdrawn(problem, ev):
    # Worth giving back before charging, but there are only 10 kWh in it and the limit is 2 kWh a slot.
    sessions = [ev(evse_discharge_power_kw=8, soc_kwh=1, target_soc=0.05)]
    asked = problem(price_eur_per_kwh=[1, 0.5, 0.1, 0.1], demand_kw=[8, 8, 8, 8], sessions=sessions)

    schedule = optimise(asked, formulation="grid")

    assert min(schedule.sessions[0].soc_kwh) >= -1e-6
    assert schedule.sessions[0].energy_kwh[0] == pytest.approx(-1)


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("formulation", {"formulation": "magic"}),
        ("profile", {"profile": "reckless"}),
        ("solver", {"solver": "cplex"}),
        ("gap", {"gap": -1}),
        ("time_limit", {"time_limit": float("nan")}),
    ],
)
def test_argument_that_cannot_be_used_is_named(problem, key, arguments):
    with pytest.raises(BadInput) as refused:
        optimise(problem(), **arguments)

    assert refused.value.key == key


def test_equal_input_gives_equal_output(problem, ev):
    asked = problem(sessions=[ev(), ev("EV1", profile="default")], price_eur_per_kwh=[0.3, 0.3, 0.1, 0.2])

    first, second = (optimise(asked).to_dict() for _ in range(2))

    assert {**first, "solve_seconds": 0} == {**second, "solve_seconds": 0}
