"""When a meter lags its plan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from twinev.domain.horizon import Horizon
from twinev.services.compare_meter import lags_plan, planned_kwh_by


def horizon_of(make):
    return Horizon.from_now(make.NOW.replace(minute=0, second=0, microsecond=0), slot_minutes=15, slots=4)


@pytest.mark.parametrize(("minutes", "due_kwh"), [(0, 0.0), (7.5, 1.0), (15, 2.0), (30, 2.0), (45, 5.0), (90, 6.0)])
def test_energy_due_follows_the_slots(make, minutes, due_kwh):
    horizon = horizon_of(make)

    due = planned_kwh_by((2.0, 0.0, 3.0, 1.0), horizon, horizon.now + timedelta(minutes=minutes))

    assert due == pytest.approx(due_kwh)


@pytest.mark.parametrize(
    ("delivered_kwh", "energy_kwh", "least_kw", "lags"),
    [
        (3.0, 2.6, 0.0, False),
        (3.0, 2.4, 0.0, True),
        (13.0, 12.2, 0.0, False),
        (13.0, 11.5, 0.0, True),
        (3.0, 3.5, 0.0, False),
        (3.0, 0.0, 13.0, False),
    ],
    ids=["within 0.5 kWh", "more", "within a tenth", "more than a tenth", "ahead", "waits for its turn"],
)
def test_lag_is_more_than_half_a_kwh_and_a_tenth(make, delivered_kwh, energy_kwh, least_kw, lags):
    horizon = horizon_of(make)
    session = make.session(
        "A", energy_kwh=1.0 + energy_kwh, measured_at=horizon.now + timedelta(minutes=14, seconds=59)
    )

    found = lags_plan(
        session,
        delivered_at_plan_kwh=1.0,
        energy_kwh=(delivered_kwh * 900 / 899, 0.0, 0.0, 0.0),
        horizon=horizon,
        least_kw=least_kw,
    )

    assert found is lags


def test_measurement_before_the_plan_says_nothing(make):
    horizon = horizon_of(make)
    session = make.session("A", measured_at=horizon.now)

    assert not lags_plan(session, delivered_at_plan_kwh=0.0, energy_kwh=(9.0,) * 4, horizon=horizon)
