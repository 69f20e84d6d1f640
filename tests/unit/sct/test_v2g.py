"""Formulation ``v2g``, Eq. (23): EVs may give energy back."""

from __future__ import annotations

import pytest

from twinev.sct import optimise


@pytest.fixture
def giving(ev):
    """An EV that gives back as much as it takes: 10 of 20 kWh, 2 kWh a slot either way, wants to keep its 10 kWh."""
    return lambda session_id="EV0", **changes: ev(
        session_id, **{"evse_discharge_power_kw": 8, "target_soc": 0.5, **changes}
    )


def test_v2g_covers_dear_demand_from_the_battery(problem, giving):
    # 2 kWh bought at 1 € replace demand of 1 kWh at 4 € and 1 kWh at 3 €; the third kWh, at 2 €, would have to be
    # bought in slot 0 too, which is full.
    asked = problem(price_eur_per_kwh=[1, 4, 3, 2], demand_kw=[0, 4, 4, 4], sessions=[giving()])

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == pytest.approx(2 * 1 + 1 * 2)
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, -1, -1, 0), abs=1e-6)


def test_v2g_counts_no_flexibility(problem, giving):
    # The order would forbid any import; v2g does not know it.
    asked = problem(flexibility_kw=[-20] * 4, sessions=[giving(target_soc=0.75)])

    schedule = optimise(asked, formulation="v2g")

    assert schedule.status == "optimal"
    assert schedule.shortfall_kwh == 0


def test_v2g_without_discharge_power_is_cpo(problem, ev):
    asked = problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], demand_kw=[4] * 4, sessions=[ev(), ev("EV1")])

    v2g, cpo = (optimise(asked, formulation=formulation) for formulation in ("v2g", "cpo"))

    assert v2g.objective == pytest.approx(cpo.objective)
    assert v2g.sessions == cpo.sessions


def test_target_holds_at_the_end_of_its_slot_and_may_be_given_away_after(problem, giving):
    # 2 kWh more by the end of slot 1, at no cost; then they replace 1 kWh at 5 € in each of slots 2 and 3. Without V2G
    # it would be 10 €.
    session = giving(target_soc=0.6, target_slot=1)
    asked = problem(price_eur_per_kwh=[0, 0, 5, 5], demand_kw=[0, 0, 4, 4], sessions=[session])

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == pytest.approx(0, abs=1e-6)
    assert schedule.sessions[0].soc_kwh[1] >= 12 - 1e-6
    assert schedule.shortfall_kwh == 0


def test_one_ev_helps_another_past_the_import_limit(problem, ev, giving):
    # 1 kWh a slot comes in, EV0 needs 2 kWh in slot 0: EV1 gives one of the two that it can spare.
    sessions = [ev(target_soc=0.6, target_slot=0), giving("EV1", target_soc=0.4)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 4, "min_kw": 0}), formulation="v2g")

    assert schedule.shortfall_kwh == 0
    assert schedule.sessions[1].energy_kwh[0] <= -1 + 1e-6


def test_export_without_a_price_earns_nothing_and_does_not_happen(problem, giving):
    asked = problem(
        price_eur_per_kwh=[1] * 4, sessions=[giving(target_soc=0)], supply_point={"max_kw": 20, "min_kw": -20}
    )

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == 0
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 0, 0, 0), abs=1e-6)


def test_negative_price_is_used_twice_where_energy_can_be_given_back_in_between(problem, giving):
    # Full with 2 kWh. Paid 1 € a kWh in slots 0 and 2; in slot 1 the demand takes 2 kWh back out, at no price.
    session = giving(soc_kwh=18, target_soc=0.9)
    asked = problem(price_eur_per_kwh=[-1, 0, -1, 0], demand_kw=[0, 8, 0, 0], sessions=[session])

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == pytest.approx(-4)
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, -2, 2, 0), abs=1e-6)


def test_no_ev_cycles_where_nothing_pays_for_it(problem, giving):
    schedule = optimise(problem(sessions=[giving(), giving("EV1")], price_eur_per_kwh=[1] * 4), formulation="v2g")

    for session in schedule.sessions:
        assert session.energy_kwh == pytest.approx((0, 0, 0, 0), abs=1e-6)


def test_export_limit_holds_back_what_discharging_could_earn(problem, giving):
    # 4 kW out are 1 kWh a slot at 0.50 €; of the 4 kWh above the target the dearest two slots sell one each.
    asked = problem(
        price_eur_per_kwh=[1] * 4,
        export_price_eur_per_kwh=[0.5, 0, 0, 0.5],
        supply_point={"max_kw": 20, "min_kw": -4},
        sessions=[giving(target_soc=0.3)],
    )

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == pytest.approx(-2 * 0.5)


def test_least_power_of_an_ev_that_can_discharge_and_loses_nothing(problem, giving):
    # 1 kWh is wanted, but a slot takes 2 kWh or none: the second kWh stays in the battery, for export earns nothing.
    asked = problem(price_eur_per_kwh=[1] * 4, sessions=[giving(min_power_kw=8, target_soc=0.55)])

    schedule = optimise(asked, formulation="v2g")

    assert schedule.status == "optimal"
    assert schedule.objective == pytest.approx(2)
