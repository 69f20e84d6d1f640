"""The energy of a session over time, as its meter tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from twinev.domain.facts import Sample
from twinev.domain.session import ChargingSession
from twinev.services.pricing.energy_curve import energy_curve

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SESSION = ChargingSession(
    id="x",
    site_id="s",
    station_id="A",
    evse_id=1,
    ocpp_transaction_id="1",
    id_token="card",
    started_at=START,
    ended_at=START + 60 * MINUTE,
    meter_start_kwh=100.0,
    energy_kwh=6.0,
)


def register(minute: float, kwh: float, **changes: object) -> Sample:
    return replace(Sample(timestamp=START + minute * MINUTE, value=kwh, unit="kWh"), **changes)


def points(session: ChargingSession, *samples: Sample) -> list[tuple[float, Decimal]]:
    curve = energy_curve(session, samples)
    return [((reading.at - START) / MINUTE, reading.kwh) for reading in curve.readings]


def test_curve_goes_through_the_readings_in_order_of_time() -> None:
    assert points(SESSION, register(40, 105.5), register(20, 103.0)) == [
        (0, 0), (20, 3), (40, Decimal("5.5")), (60, 6),
    ]  # fmt: skip


def test_session_without_readings_gives_its_energy_evenly() -> None:
    curve = energy_curve(SESSION, [])

    assert curve.kwh_at(START + 15 * MINUTE) == Decimal("1.5")


def test_reading_that_cannot_be_is_left_out() -> None:
    # Less than before, and more than the station says in the end.
    assert points(SESSION, register(10, 103), register(20, 102), register(30, 107)) == [(0, 0), (10, 3), (60, 6)]


def test_reading_outside_the_session_is_left_out() -> None:
    assert points(SESSION, register(-5, 100), register(65, 106)) == [(0, 0), (60, 6)]


def test_reading_of_another_place_than_the_outlet_is_left_out() -> None:
    assert points(SESSION, register(30, 105, location="Inlet")) == [(0, 0), (60, 6)]


def test_phases_are_added_up() -> None:
    phases = [register(30, kwh, phase=phase) for phase, kwh in (("L1", 40), ("L2", 32), ("L3", 33))]

    assert points(SESSION, *phases) == [(0, 0), (30, 5), (60, 6)]


def test_first_reading_is_the_begin_where_the_station_told_none() -> None:
    session = replace(SESSION, meter_start_kwh=None)

    assert points(session, register(1, 500), register(30, 504)) == [(0, 0), (1, 0), (30, 4), (60, 6)]


def test_running_session_is_known_as_far_as_it_was_measured() -> None:
    running = replace(SESSION, ended_at=None, measured_at=START + 30 * MINUTE, energy_kwh=5.0)

    assert points(running, register(30, 105)) == [(0, 0), (30, 5)]


def test_session_that_was_never_measured_has_no_length() -> None:
    assert points(replace(SESSION, ended_at=None, energy_kwh=0.0)) == [(0, 0), (0, 0)]


def test_energy_that_went_back_does_not_lessen_what_was_drawn() -> None:
    assert points(replace(SESSION, energy_kwh=2.0, returned_kwh=4.0), register(30, 105)) == [(0, 0), (30, 5), (60, 6)]


def test_noise_of_floats_is_not_billed() -> None:
    assert energy_curve(replace(SESSION, energy_kwh=0.1 + 0.2), []).total_kwh == Decimal("0.3")
