"""What EVSEs and EVs are taken to give and draw, from what the file shows."""

from __future__ import annotations

import pytest

from twinev.services.replay.power import measure_ev_kw, measure_evse_kw


def test_evse_has_the_usual_power_unless_it_has_shown_more(record):
    slow = record("A", 8, 10, 6.0, station_id="slow")
    fast = record("B", 8, 9, 40.0, station_id="fast")

    assert measure_evse_kw([slow, fast], 7.0) == {"fast": 40.0, "slow": 7.0}


def test_slip_of_the_meter_in_a_short_stay_shows_no_power(record):
    slip = record("A", 8, 8.04, 34.0, station_id="CP")

    assert measure_evse_kw([slip], 7.0) == {"CP": 7.0}


def test_highest_of_many_averages_is_passed_over_as_a_slip(record):
    sessions = [record(f"S{n}", 8, 9, 40.0, station_id="CP") for n in range(150)]
    slip = record("slip", 8, 9, 77.0, station_id="CP")

    assert measure_evse_kw([*sessions, slip], 7.0) == {"CP": 40.0}


def test_ev_draws_what_its_driver_has_shown_elsewhere(record):
    long = record("A", 8, 12, 4.0, driver_id="D")
    quick = record("B", 8, 9, 6.6, driver_id="D")

    ev_kw = measure_ev_kw([long, quick], measure_evse_kw([long, quick], 7.0), 7.0)

    assert ev_kw == pytest.approx({"A": 6.6, "B": 6.6})


def test_power_shown_at_a_fast_evse_says_nothing_of_a_usual_one(record):
    usual = record("A", 8, 10, 7.0, driver_id="D", station_id="usual")
    fast = record("B", 8, 9, 40.0, driver_id="D", station_id="fast")

    ev_kw = measure_ev_kw([usual, fast], measure_evse_kw([usual, fast], 7.0), 7.0)

    assert ev_kw == pytest.approx({"A": 3.5, "B": 40.0})


def test_unclaimed_session_stands_for_itself(record):
    sessions = [record("A", 8, 10, 7.0), record("B", 8, 9, 6.6)]

    assert measure_ev_kw(sessions, measure_evse_kw(sessions, 7.0), 7.0) == pytest.approx({"A": 3.5, "B": 6.6})
