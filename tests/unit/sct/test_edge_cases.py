"""Sites with nothing to decide, and limits at their ends."""

from __future__ import annotations

import pytest

from twinev.sct import optimise, verify

BOTH = pytest.mark.parametrize("formulation", ["cpo", "grid"])


@BOTH
def test_site_without_sessions_has_a_plan(problem, formulation):
    asked = problem(sessions=[], demand_kw=[4, 0, 0, 0], production_kw=[0, 4, 0, 0], price_eur_per_kwh=[1] * 4)
    asked_export = problem(**{**asked.to_dict(), "supply_point": {"max_kw": 20, "min_kw": -20}})

    schedule = optimise(asked_export, formulation=formulation)

    assert schedule.status == "optimal"
    assert schedule.objective == schedule.bound == 1
    assert schedule.supply_point.exported_kwh == (0, 1, 0, 0)


@BOTH
def test_site_without_sessions_can_contradict_its_limits(problem, formulation):
    schedule = optimise(problem(sessions=[], demand_kw=[24, 0, 0, 0]), formulation=formulation)

    assert schedule.status == "infeasible"
    assert schedule.supply_point.limit_excess_kwh == (1, 0, 0, 0)


@BOTH
def test_horizon_of_one_slot(problem, ev, formulation):
    sessions = [ev(target_slot=0, target_soc=0.6, evse_discharge_power_kw=8)]

    schedule = optimise(problem(slots=1, sessions=sessions), formulation=formulation)

    assert schedule.sessions[0].energy_kwh == pytest.approx((2,))
    assert schedule.sessions[0].reached_slot == 0


def test_full_battery_stays_as_it_is(problem, ev):
    schedule = optimise(problem(sessions=[ev(soc_kwh=20, target_soc=1.0)], price_eur_per_kwh=[-1] * 4))

    assert schedule.sessions[0].energy_kwh == (0, 0, 0, 0)
    assert schedule.sessions[0].reached_slot == 0


@BOTH
def test_target_below_what_the_battery_holds_asks_for_nothing(problem, ev, formulation):
    schedule = optimise(problem(sessions=[ev(target_soc=0.2)], price_eur_per_kwh=[1] * 4), formulation=formulation)

    assert schedule.sessions[0].energy_kwh == (0, 0, 0, 0)
    assert schedule.sessions[0].shortfall_kwh == 0


def test_battery_without_capacity(problem, ev):
    schedule = optimise(problem(sessions=[ev(capacity_kwh=0, soc_kwh=0, target_soc=1.0)]))

    assert schedule.status == "optimal"
    assert schedule.shortfall_kwh == 0


def test_evse_without_power_is_explained(problem, ev):
    schedule = optimise(problem(sessions=[ev(evse_power_kw=0)]))

    assert schedule.status == "optimal"
    assert schedule.shortfall_kwh == pytest.approx(5)
    assert "its EVSE gives nothing" in schedule.explanations[0]
    assert schedule.explanations[0].endswith("Accept 0.0 kWh.")


def test_supply_point_without_power_leaves_everyone_short(problem, ev):
    schedule = optimise(problem(sessions=[ev(), ev("EV1")], supply_point={"max_kw": 0, "min_kw": 0}))

    assert [session.shortfall_kwh for session in schedule.sessions] == pytest.approx([5, 5])
    assert schedule.status == "optimal"


def test_group_without_power_or_members(problem):
    groups = [{"id": "closed", "session_ids": ["EV0"], "max_kw": 0}, {"id": "empty", "session_ids": [], "max_kw": 0}]

    schedule = optimise(problem(groups=groups))

    assert schedule.shortfall_kwh == pytest.approx(5)


def test_target_due_before_arrival_is_a_shortfall(problem, ev):
    schedule = optimise(problem(sessions=[ev(arrival_slot=2, target_slot=1)]))

    assert schedule.shortfall_kwh == pytest.approx(5)
    assert "nothing between its arrival and then" in schedule.explanations[0]


def test_limit_met_to_the_digit_is_no_shortfall(problem, ev):
    # 0.1 + 0.2 is not 0.3 in binary: what fits exactly must not be called short.
    schedule = optimise(problem(sessions=[ev(capacity_kwh=0.3, soc_kwh=0, target_soc=1.0, evse_power_kw=0.3)]))

    assert schedule.shortfall_kwh == 0
    assert schedule.sessions[0].reached_slot == 3
    assert schedule.explanations == ()


def test_tiny_and_huge_sites_keep_their_tolerance(problem, ev):
    for scale in (1e-3, 1e4):
        sessions = [ev(capacity_kwh=20 * scale, soc_kwh=10 * scale, evse_power_kw=8 * scale) for _ in range(1)]
        asked = problem(
            sessions=sessions,
            supply_point={"max_kw": 5 * scale, "min_kw": 0},
            price_eur_per_kwh=[0.31, 0.27, 0.11, 0.19],
        )

        schedule = optimise(asked)

        assert verify(asked, schedule).holds
        assert schedule.shortfall_kwh == pytest.approx(0, abs=1e-6)
        assert schedule.objective == pytest.approx(scale * 1.25 * (0.31 + 0.27 + 0.11 + 0.19), rel=1e-4)


@pytest.mark.parametrize("price", [1e-9, 1e6])
def test_prices_of_any_size_are_served(problem, price):
    asked = problem(price_eur_per_kwh=[4 * price, price, 3 * price, 2 * price])

    schedule = optimise(asked)

    assert schedule.status == "optimal"
    assert schedule.objective == pytest.approx(9 * price, rel=1e-4, abs=1e-6)
