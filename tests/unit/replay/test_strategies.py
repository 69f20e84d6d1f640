"""The two ways to charge, checked by hand on small days."""

from __future__ import annotations

import pytest

from twinev.domain.vehicles import DriverProfile
from twinev.errors import BadInput
from twinev.services.replay.metrics import measure, site_power_kw
from twinev.services.replay.planned import Planned
from twinev.services.replay.rolling import run_strategy, slot_starts
from twinev.services.replay.strategies import choose_strategies
from twinev.services.replay.uncontrolled import Uncontrolled

NIGHT_IS_CHEAP = (0.1,) * 6 + (0.3,) * 6 + (0.2,) * 12


@pytest.fixture
def cheap(greedy_tool):
    return Planned(profile=DriverProfile.CHEAP, optimise=greedy_tool)


def test_uncontrolled_ev_charges_at_full_power_from_the_second_it_plugs_in(ev, site):
    # 08:05 to 09:00 at 6 kW until 4 kWh are in: 1 kWh in the slot of 08:00, 1.5 in each of the next two.
    run = run_strategy(Uncontrolled(), (ev("A", 8 + 5 / 60, 9, 4.0, max_kw=6.0),), site())

    assert run.energy_kwh["A"] == pytest.approx([1.0, 1.5, 1.5, 0.0])


def test_uncontrolled_peak_cost_and_energy_are_as_by_hand(ev, site):
    evs = (ev("A", 8, 10, 7.0), ev("B", 8, 9, 3.5, max_kw=3.5))
    prices = (0.0,) * 8 + (0.2,) + (0.4,) + (0.0,) * 14

    run = run_strategy(Uncontrolled(), evs, site(site_kw=8.0, prices=prices))
    metrics = measure(run, evs, slot_hours=0.25, site_kw=8.0, prices_eur_per_kwh=[0.2] * 4 + [0.4] * 4)

    assert metrics.peak_kw == metrics.highest_moment_kw == pytest.approx(10.5)
    assert metrics.cost_eur == pytest.approx(10.5 * 0.2)
    assert metrics.kwh_over_site_limit == pytest.approx(2.5)
    assert metrics.hours_over_site_limit == pytest.approx(1.0)
    assert (metrics.drivers_fully_served, metrics.energy_delivered_percent) == (2, pytest.approx(100.0))


def test_highest_moment_is_not_hidden_by_the_mean_over_a_slot(ev, site):
    # Two EVs charge for five minutes of one slot together, at 12 kW: 4 kW in the mean.
    evs = (ev("A", 8.25, 9, 0.5, max_kw=6.0), ev("B", 8.25, 9, 0.5, max_kw=6.0))

    run = run_strategy(Uncontrolled(), evs, site())

    assert max(site_power_kw(run, 0.25)) == pytest.approx(4.0)
    assert run.highest_kw == pytest.approx(12.0)


def test_planned_ev_waits_for_the_cheap_hours_that_its_driver_allows(ev, site, cheap):
    run = run_strategy(cheap, (ev("A", 8, 20, 7.0, says=(7.0, 20)),), site(prices=NIGHT_IS_CHEAP))

    assert sum(run.energy_kwh["A"][:16]) == 0
    assert sum(run.energy_kwh["A"][16:20]) == pytest.approx(7.0)


def test_driver_who_leaves_before_the_declared_departure_loses_what_was_put_off(ev, site, cheap):
    run = run_strategy(cheap, (ev("A", 8, 11, 7.0, says=(7.0, 20)),), site(prices=NIGHT_IS_CHEAP))

    assert run.received_kwh["A"] == 0


def test_request_that_did_not_fit_is_met_when_the_ev_stays_longer(ev, site, cheap):
    # Asks for 10 kWh within half an hour, in which 3.5 fit, and stays for four hours.
    run = run_strategy(cheap, (ev("A", 8, 12, 10.0, says=(10.0, 8.5)),), site())

    assert sum(run.energy_kwh["A"][:2]) == pytest.approx(3.5)
    assert run.received_kwh["A"] == pytest.approx(10.0)


def test_driver_who_asked_for_less_gets_what_was_asked(ev, site, cheap):
    run = run_strategy(cheap, (ev("A", 8, 12, 10.0, says=(6.0, 12)),), site())

    assert run.received_kwh["A"] == pytest.approx(6.0)


def test_ev_of_a_silent_driver_is_not_stopped_at_what_was_assumed(ev, site, cheap):
    run = run_strategy(cheap, (ev("A", 8, 14, 30.0),), site())

    assert run.received_kwh["A"] == pytest.approx(30.0)


def test_late_energy_that_the_limit_held_back_is_given_after_the_declared_departure(ev, site, cheap):
    evs = (ev("A", 8, 12, 7.0, says=(7.0, 9)), ev("B", 8, 12, 7.0, says=(7.0, 9)))

    run = run_strategy(cheap, evs, site(site_kw=7.0))

    assert run.received_kwh == pytest.approx({"A": 7.0, "B": 7.0})
    assert max(site_power_kw(run, 0.25)) == pytest.approx(7.0)


def test_plan_learns_what_an_ev_can_draw(ev, site, greedy_tool, cheap):
    run = run_strategy(cheap, (ev("A", 8, 14, 7.0, max_kw=3.5, says=(7.0, 12)),), site())

    assert greedy_tool.problems[0].sessions[0].evse_power_kw == 7.0
    assert greedy_tool.problems[-1].sessions[0].evse_power_kw == pytest.approx(3.5)
    assert run.received_kwh["A"] == pytest.approx(7.0)


def test_plan_drops_an_ev_that_stops_drawing(ev, site, greedy_tool, cheap):
    run_strategy(cheap, (ev("A", 8, 12, 1.0, says=(20.0, 12)),), site())

    assert [problem.horizon.now.hour for problem in greedy_tool.problems] == [8]


def test_plan_knows_only_the_evs_that_have_arrived(ev, site, greedy_tool, cheap):
    evs = (ev("A", 8, 12, 14.0, says=(20.0, 12)), ev("B", 9.1, 12, 7.0, says=(20.0, 12)))

    run_strategy(cheap, evs, site())

    for problem in greedy_tool.problems:
        known = {session.id for session in problem.sessions}
        assert known <= {e.id for e in evs if e.session.connected_at <= problem.horizon.now}
    assert {"A", "B"} in [{s.id for s in problem.sessions} for problem in greedy_tool.problems]


def test_arrival_within_a_slot_is_planned_at_once_with_what_is_left_of_it(ev, site, greedy_tool, cheap):
    run_strategy(cheap, (ev("A", 8 + 10 / 60, 12, 7.0, says=(7.0, 12)),), site())

    assert greedy_tool.problems[0].horizon.first_slot_minutes == pytest.approx(5.0)


def test_plan_holds_while_nothing_is_new(ev, site, greedy_tool, cheap):
    run_strategy(cheap, (ev("A", 8, 11.5, 7.0, says=(7.0, 11)),), site())

    assert len(greedy_tool.problems) == 1
    assert cheap.log.steps_without_new_plan > 0


def test_without_a_limit_of_the_site_its_evses_are_the_limit(ev, site, greedy_tool, cheap):
    run_strategy(cheap, (ev("A", 8, 12, 7.0), ev("B", 8, 12, 7.0)), site(site_kw=None))

    assert greedy_tool.problems[0].supply_point.max_kw == 14.0


def test_slots_reach_from_the_first_arrival_to_the_last_departure(ev, site):
    starts = slot_starts((ev("A", 8.1, 9.1, 1.0),), site().slot)

    assert (starts[0].hour, starts[0].minute, len(starts)) == (8, 0, 5)


def test_unknown_strategy_is_refused_with_the_names_that_exist():
    with pytest.raises(BadInput, match="uncontrolled, cheap, default"):
        choose_strategies(["magic"])
