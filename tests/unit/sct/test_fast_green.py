"""The profiles ``fast`` and ``green``, alone and in a mix of all four."""

from __future__ import annotations

import numpy as np
import pytest

from twinev.sct import optimise

EXPORTING = {"max_kw": 20, "min_kw": -20}
FORMULATIONS = ("cpo", "v2g", "grid", "tradeoff")


def energies_kwh(schedule):
    return np.array([session.energy_kwh for session in schedule.sessions])


def stages(schedule):
    return {stage.name: stage.value for stage in schedule.stages}


# --- fast ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_fast_charges_at_once_whatever_the_price(problem, formulation):
    asked = problem(price_eur_per_kwh=[9, 9, 9, 0], tie_break="latest")

    schedule = optimise(asked, formulation=formulation, profile="fast")

    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 1, 0), abs=1e-6)
    assert schedule.objective == pytest.approx(5 * 9)
    assert (schedule.bound, schedule.gap) == (None, None)
    assert stages(schedule) == {"fast": pytest.approx(1 * 2 + 2 * 2 + 3 * 1)}


def test_fast_is_as_early_as_the_grid_allows(problem):
    # The demand leaves 0.5, 1, 2 and 2 kWh.
    schedule = optimise(problem(demand_kw=[18, 16, 0, 0]), profile="fast")

    assert schedule.sessions[0].energy_kwh == pytest.approx((0.5, 1, 2, 1.5), abs=1e-6)


def test_fast_sessions_fill_the_site_from_the_first_slot_on(problem, ev):
    # 3 kWh a slot for 5 + 3 kWh: 3, 3 and 2.
    sessions = [ev(), ev("EV1", target_soc=0.65)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 12, "min_kw": 0}), profile="fast")

    assert energies_kwh(schedule).sum(axis=0) == pytest.approx([3, 3, 2, 0], abs=1e-6)
    assert stages(schedule)["fast"] == pytest.approx(3 * 1 + 3 * 2 + 2 * 3)


def test_fast_never_gives_energy_back(problem, ev):
    asked = problem(price_eur_per_kwh=[0, 9, 9, 9], demand_kw=[4] * 4, sessions=[ev(evse_discharge_power_kw=8)])

    schedule = optimise(asked, formulation="v2g", profile="fast")

    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 1, 0), abs=1e-6)


def test_fast_with_minimum_power_takes_its_portions_early(problem, ev):
    # 5 kWh in portions of 1.5 to 2 kWh: 2 + 1.5 + 1.5.
    schedule = optimise(problem(sessions=[ev(min_power_kw=6)]), profile="fast")

    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 1.5, 1.5, 0), abs=1e-6)


# --- green -----------------------------------------------------------------------------------------------------------


def test_green_takes_own_production_first_then_the_most_renewable_slots(problem):
    # A surplus of 1 kWh in slot 1 and 2 kWh in slot 3; the other 2 kWh come in slot 2, where 80 % is renewable.
    asked = problem(
        production_kw=[0, 4, 0, 8],
        renewable_share=[0, 0, 0.8, 0.2],
        price_eur_per_kwh=[0, 9, 9, 9],
        supply_point=EXPORTING,
    )

    schedule = optimise(asked, profile="green")

    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 1, 2, 2), abs=1e-6)
    assert stages(schedule) == {"green": pytest.approx(2 * 0.2)}
    assert schedule.objective == pytest.approx(2 * 9)
    assert (schedule.bound, schedule.gap) == (None, None)


def test_green_leaves_the_production_that_the_demand_takes(problem, ev):
    # 1 kWh of demand a slot; the production of slot 1 leaves 1 kWh of surplus. 4 kWh: that one, then 3 kWh where half
    # is renewable. Not covered: 1 in slot 0, (1 + 2) / 2 and (1 + 1) / 2 in slots 2 and 3.
    asked = problem(
        demand_kw=[4] * 4,
        production_kw=[0, 8, 0, 0],
        renewable_share=[0, 0, 0.5, 0.5],
        supply_point=EXPORTING,
        sessions=[ev(target_soc=0.7)],
    )

    schedule = optimise(asked, profile="green")

    assert stages(schedule)["green"] == pytest.approx(1 + 1.5 + 1)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 1, 2, 1), abs=1e-6)


def test_green_carries_renewable_energy_over_where_it_may_give_back(problem, ev):
    # Slot 0 is all renewable: 1 kWh more is taken there and covers the demand of slot 1.
    session = ev(evse_discharge_power_kw=8, target_soc=0.5)
    asked = problem(demand_kw=[0, 4, 0, 0], renewable_share=[1, 0, 0, 0], sessions=[session])

    schedule = optimise(asked, formulation="v2g", profile="green")

    assert stages(schedule)["green"] == pytest.approx(0, abs=1e-6)
    assert schedule.sessions[0].energy_kwh == pytest.approx((1, -1, 0, 0), abs=1e-6)


def test_green_evs_share_the_surplus_of_the_site(problem, ev):
    # 2 kWh of surplus a slot in slots 0 and 1, 4 kWh in all, for two who need 2 kWh each: nothing else is taken.
    sessions = [ev(target_soc=0.6), ev("EV1", target_soc=0.6)]

    schedule = optimise(problem(production_kw=[8, 8, 0, 0], supply_point=EXPORTING, sessions=sessions), profile="green")

    assert stages(schedule)["green"] == pytest.approx(0, abs=1e-6)
    assert energies_kwh(schedule).sum(axis=0) == pytest.approx([2, 2, 0, 0], abs=1e-6)


# --- mix -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def four_drivers(problem, ev):
    """Four EVs of 2 kWh at 2 kWh a slot, listed in no order: everyone gets one slot."""

    def make(**changes):
        sessions = [ev(name, target_soc=0.6, profile=name) for name in ("default", "green", "cheap", "fast")]
        site = {
            "supply_point": {"max_kw": 8, "min_kw": 0},
            "renewable_share": [1, 0, 0, 0.5],
            "price_eur_per_kwh": [9, 2, 1, 0],
            "sessions": sessions,
        }
        return problem(**{**site, **changes})

    return make


def test_mix_serves_fast_then_green_then_cheap_then_default(four_drivers):
    # Fast takes slot 0, though green would like it too; green the half renewable slot 3, though it is the free one;
    # cheap slot 2 at 1 €; default what is left.
    schedule = optimise(four_drivers())

    taken = {session.id: int(np.argmax(session.energy_kwh)) for session in schedule.sessions}
    assert taken == {"fast": 0, "green": 3, "cheap": 2, "default": 1}
    # Not renewable: half of green's 2 kWh. Cost of fast, green and cheap: 2 · 9 + 2 · 0 + 2 · 1.
    expected = {"fast": 2, "green": 1, "cheap": 20, "default": 4}
    assert stages(schedule) == {name: pytest.approx(value, abs=1e-6) for name, value in expected.items()}
    assert list(stages(schedule)) == ["fast", "green", "cheap", "default"]
    assert schedule.objective == pytest.approx(2 * (9 + 2 + 1 + 0))


def test_mix_keeps_every_target_even_against_an_earlier_stage(four_drivers, ev):
    # The default driver can charge in slot 0 alone: fast gives way to slot 1.
    asked = four_drivers(
        sessions=[
            ev("fast", target_soc=0.6, profile="fast"),
            ev("default", target_soc=0.6, profile="default", departure_slot=0, target_slot=0),
        ]
    )

    schedule = optimise(asked)

    assert energies_kwh(schedule) == pytest.approx(np.array([[0, 2, 0, 0], [2, 0, 0, 0]]), abs=1e-6)
    assert stages(schedule)["fast"] == pytest.approx(4)


def test_mix_with_an_own_objective_takes_its_place_among_the_cheap(four_drivers, ev):
    # A session without a profile waits for 0.50 € a slot in tradeoff: slot 1 for 2 · 2 € and one slot waited, or slot 3
    # for nothing and three slots.
    asked = four_drivers(
        sessions=[ev("fast", target_soc=0.6, profile="fast"), ev("own", target_soc=0.6)],
        opportunity_cost_eur_per_slot=0.5,
    )

    schedule = optimise(asked, formulation="tradeoff")

    assert energies_kwh(schedule) == pytest.approx(np.array([[2, 0, 0, 0], [0, 0, 0, 2]]), abs=1e-6)
    assert stages(schedule)["fast"] == pytest.approx(2)


def test_mix_where_the_earlier_stage_leaves_a_choice_lets_the_later_one_make_it(problem, ev):
    # Green does not care between slots 1 and 2, both half renewable; cheap needs the free slot 2, so green leaves it.
    sessions = [ev("green", target_soc=0.6, profile="green"), ev("cheap", target_soc=0.6, profile="cheap")]
    asked = problem(
        sessions=sessions,
        supply_point={"max_kw": 8, "min_kw": 0},
        renewable_share=[0, 0.5, 0.5, 0],
        price_eur_per_kwh=[5, 1, 0, 5],
    )

    schedule = optimise(asked)

    assert stages(schedule) == {"green": pytest.approx(1), "cheap": pytest.approx(2)}
    assert energies_kwh(schedule).sum(axis=0) == pytest.approx([0, 2, 2, 0], abs=1e-6)


def test_profile_argument_overrides_the_mix(four_drivers):
    schedule = optimise(four_drivers(), profile="fast")

    assert list(stages(schedule)) == ["fast"]
    assert stages(schedule)["fast"] == pytest.approx(2 * (1 + 2 + 3 + 4))
