"""What plans and announcements expected beside what came."""

from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.plan import StoredPlan
from twinev.domain.site_day import Deviation
from twinev.services.analysis.forecast_errors import (
    ExpectedHour,
    PlanReader,
    charging_deviation,
    power_deviation,
    price_deviation,
)

START = datetime(2026, 10, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plan(energy_kwh: list[list[float]], price: list[float], **scenario: object) -> StoredPlan:
    return StoredPlan(
        id="p",
        site_id="s",
        made_at=START,
        trigger="test",
        formulation="cpo",
        scenario={"start": START.isoformat(), "slot_minutes": 30.0, "price_eur_per_kwh": price} | scenario,
        schedule={"sessions": [{"id": str(n), "energy_kwh": kwh} for n, kwh in enumerate(energy_kwh)]},
    )


def test_plan_expects_of_an_hour_the_slots_in_it():
    reader = PlanReader(plan([[1.0, 2.0, 3.0, 4.0], [0.5, 0.5, 0.0, 0.0]], [0.1, 0.3, 0.2, 0.2]))

    hour = reader.hour(START, START + HOUR)

    assert (hour.charging_kwh, hour.price_eur_per_kwh) == (pytest.approx(4.0), pytest.approx(0.2))


def test_slot_that_reaches_over_the_hour_counts_with_its_part():
    reader = PlanReader(plan([[6.0, 6.0]], [0.1, 0.3], slot_minutes=45.0))

    # All of the first slot, a third of the second; a quarter of the hour has its price.
    hour = reader.hour(START, START + HOUR)

    assert (hour.charging_kwh, hour.price_eur_per_kwh) == (pytest.approx(8.0), pytest.approx(0.15))


def test_plan_made_within_the_hour_or_too_short_expects_nothing_of_it():
    reader = PlanReader(plan([[1.0, 1.0]], [0.1, 0.1], first_slot_minutes=10.0))

    assert reader.hour(START, START + HOUR) is None
    assert reader.hour(START + HOUR, START + 2 * HOUR) is None


def test_plan_without_sessions_expects_no_charging():
    reader = PlanReader(plan([], [0.1, 0.3]))

    assert reader.hour(START, START + HOUR) == ExpectedHour(charging_kwh=0.0, price_eur_per_kwh=pytest.approx(0.2))
    assert PlanReader(plan([], [])).hour(START, START + HOUR) is None


def test_plan_with_no_price_counts_on_none():
    assert PlanReader(plan([[1.0, 1.0]], [])).hour(START, START + HOUR).price_eur_per_kwh == 0.0


def test_hours_without_a_plan_or_a_price_are_left_out():
    hour = ExpectedHour(charging_kwh=5.0, price_eur_per_kwh=0.2)

    assert charging_deviation([(hour, 7.0), (None, 9.0), (hour, 4.0)]) == Deviation(hours=2, absolute=3.0, came=11.0)
    assert price_deviation([(hour, 0.5), (hour, None), (None, 0.1)]) == Deviation(
        hours=1, absolute=pytest.approx(0.3), came=0.5
    )


def test_announcements_are_judged_where_both_are_known():
    found = power_deviation([4.0, None, 8.0, 8.0], [6.0, 1.0, None, 8.0])

    assert found == Deviation(hours=0.5, absolute=0.5, came=3.5)
