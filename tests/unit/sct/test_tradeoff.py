"""Formulation ``tradeoff``, Eq. (25)–(27): every slot that an EV waits for its target costs."""

from __future__ import annotations

import itertools

import pytest

from twinev.sct import Problem, optimise, verify


def test_paper_2_finishes_one_ev_after_the_other(scenarios):
    # 10 kWh each through 2.5 kWh a slot, of which one EVSE gives 1.925: the first is done in the sixth slot (five
    # slots waited), the site's 20 kWh are there after eight (nine slots for the second), 30 after twelve (twelve).
    problem = Problem.from_json(scenarios / "paper_2.json")

    schedule = optimise(problem, formulation="tradeoff")

    assert verify(problem, schedule).holds
    assert schedule.status == "optimal"
    assert schedule.objective == pytest.approx(25)
    assert schedule.gap <= 1e-4
    assert sorted(session.reached_slot for session in schedule.sessions) == [5, 8, 12]
    assert schedule.sessions[0].reached_slot == 5


@pytest.mark.parametrize(
    ("opportunity_cost", "expected_eur", "reached_slot"), [(0.1, 0.9 + 3 * 0.1, 3), (0.5, 1.2 + 2 * 0.5, 2)]
)
def test_waiting_is_weighed_against_the_price(problem, opportunity_cost, expected_eur, reached_slot):
    # The cheapest 5 kWh, (0, 2, 1, 2), cost 0.90 € and are there after slot 3: three slots waited. Done after slot 2,
    # (1, 2, 2, 0): 1.20 € and two slots. Sooner is not possible.
    asked = problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], opportunity_cost_eur_per_slot=opportunity_cost)

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == pytest.approx(expected_eur)
    assert schedule.sessions[0].reached_slot == reached_slot


def test_shorter_need_is_served_first(problem, ev):
    # 2 kWh a slot for needs of 4 and 2 kWh: EV1 in slot 0 waits none and EV0 two slots; the other way round 1 + 2.
    sessions = [ev(target_soc=0.7), ev("EV1", target_soc=0.6)]
    asked = problem(sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0}, opportunity_cost_eur_per_slot=1)

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == pytest.approx(2)
    assert [session.reached_slot for session in schedule.sessions] == [2, 0]


def test_opportunity_cost_of_nothing_is_grid(problem, ev):
    asked = problem(
        price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2],
        flexibility_kw=[0, -14, 0, 0],
        sessions=[ev(evse_discharge_power_kw=4, previous_slots=5)],
    )

    tradeoff, grid = (optimise(asked, formulation=formulation) for formulation in ("tradeoff", "grid"))

    assert tradeoff.objective == pytest.approx(grid.objective)


def test_slots_waited_before_are_a_constant_that_the_gap_leaves_out(problem, ev):
    # Two slots of waiting now, 1,000 before; a gap of 1e-4 of 1,002 would let a tenth of a slot pass, of 2 it does not.
    asked = problem(opportunity_cost_eur_per_slot=1, sessions=[ev(previous_slots=1000)])

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == pytest.approx(1000 + 2)
    assert schedule.gap == pytest.approx((schedule.objective - schedule.bound) / 2, abs=1e-6)
    assert schedule.bound >= 1002 - 2 * 1e-4


def test_only_the_stay_counts_as_waiting(problem, ev):
    # Here for slots 2 and 3, and 4 kWh take both: one slot waited, not three.
    session = ev(target_soc=0.7, arrival_slot=2, departure_slot=3)

    schedule = optimise(problem(opportunity_cost_eur_per_slot=1, sessions=[session]), formulation="tradeoff")

    assert schedule.objective == pytest.approx(1)


def test_target_that_cannot_be_reached_waits_for_the_whole_stay(problem, ev):
    session = ev(evse_power_kw=4, departure_slot=2, target_slot=2)

    schedule = optimise(problem(opportunity_cost_eur_per_slot=1, sessions=[session]), formulation="tradeoff")

    assert schedule.shortfall_kwh == pytest.approx(5 - 3)
    assert schedule.objective == pytest.approx(3)


def test_charging_goes_on_after_a_missed_target_where_waiting_is_dearer(problem, ev):
    # Due after slot 1 with 4 of 5 kWh; the fifth, 0.10 € in slot 2, saves the waiting of slots 2 and 3.
    asked = problem(
        price_eur_per_kwh=[0.1] * 4, opportunity_cost_eur_per_slot=0.5, sessions=[ev(target_slot=1, departure_slot=3)]
    )

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.shortfall_kwh == pytest.approx(1)
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 1, 0), abs=1e-6)
    assert schedule.objective == pytest.approx(5 * 0.1 + 2 * 0.5)


def test_target_below_what_is_held_waits_for_nothing(problem, ev):
    asked = problem(opportunity_cost_eur_per_slot=1, price_eur_per_kwh=[1] * 4, sessions=[ev(target_soc=0.4)])

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == 0
    assert schedule.sessions[0].reached_slot == 0


def test_ev_at_its_target_charges_on_where_import_is_paid_for(problem, ev):
    # Done in slot 0 at 0.20 €, nothing waited; then 2 kWh are taken for 2 € in slot 3.
    asked = problem(
        price_eur_per_kwh=[0.1, 0.1, 0.1, -1], opportunity_cost_eur_per_slot=0.5, sessions=[ev(target_soc=0.6)]
    )

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == pytest.approx(2 * 0.1 - 2 * 1)
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 0, 0, 2), abs=1e-6)


def test_ev_at_its_target_takes_a_surplus_that_may_not_be_exported(problem, ev):
    asked = problem(
        production_kw=[0, 8, 0, 0],
        opportunity_cost_eur_per_slot=1,
        sessions=[ev(soc_kwh=15)],
        price_eur_per_kwh=[1] * 4,
    )

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.status == "optimal"
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 0, 0), abs=1e-6)
    assert schedule.objective == 0


@pytest.mark.parametrize(("opportunity_cost", "expected_eur", "given_kwh"), [(0.4, 0.4, -1), (1.5, 1, 0)])
def test_falling_below_the_target_again_is_waiting_too(problem, ev, opportunity_cost, expected_eur, given_kwh):
    # Full, and wants to be. 1 kWh of demand at 1 € in slot 1 could come from the battery and be put back for nothing in
    # slot 2: one slot below the target.
    session = ev(soc_kwh=20, target_soc=1.0, evse_discharge_power_kw=8)
    asked = problem(
        price_eur_per_kwh=[0, 1, 0, 0],
        demand_kw=[4] * 4,
        opportunity_cost_eur_per_slot=opportunity_cost,
        sessions=[session],
    )

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == pytest.approx(expected_eur)
    assert schedule.sessions[0].energy_kwh[1] == pytest.approx(given_kwh, abs=1e-6)


def test_flexibility_orders_delay_who_waits(problem):
    # 1 kWh less than the EVSE gives in slots 0 and 1: (1, 1, 2, 1), three slots waited instead of two.
    asked = problem(
        opportunity_cost_eur_per_slot=1, supply_point={"max_kw": 8, "min_kw": 0}, flexibility_kw=[-4, -4, 0, 0]
    )

    schedule = optimise(asked, formulation="tradeoff")

    assert schedule.objective == pytest.approx(3)


def test_dearer_waiting_never_lengthens_it_nor_lowers_the_cost(problem, ev):
    sessions = [ev(target_soc=0.8), ev("EV1", target_soc=0.6), ev("EV2", target_soc=0.7, arrival_slot=1)]
    site = {
        "slots": 6,
        "price_eur_per_kwh": [0.5, 0.4, 0.3, 0.1, 0.2, 0.1],
        "supply_point": {"max_kw": 12, "min_kw": 0},
        "sessions": [{**session, "target_slot": 5} for session in sessions],
    }
    sweep = (0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)

    plans = [
        optimise(problem(**site, opportunity_cost_eur_per_slot=cost), formulation="tradeoff", gap=1e-9)
        for cost in sweep
    ]

    imported_eur = [
        sum(price * kwh for price, kwh in zip(site["price_eur_per_kwh"], plan.supply_point.imported_kwh, strict=True))
        for plan in plans
    ]
    # Without a price waiting is not counted: the sweep's first plan tells nothing of it.
    told = list(zip(plans, imported_eur, sweep, strict=True))[1:]
    waited = [round((plan.objective - eur) / cost) for plan, eur, cost in told]
    assert all(before <= after + 1e-6 for before, after in itertools.pairwise(imported_eur))
    assert all(before >= after for before, after in itertools.pairwise(waited))
    assert waited[0] > waited[-1]
