"""What a session costs: the worked examples of OCPI 2.2.1's tariffs module, and what each restriction cuts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pricing_examples import (
    AMSTERDAM,
    START,
    WORKED_CURVE,
    WORKED_TARIFF,
    component,
    cost,
    curve,
    element,
    print_worked_example,
    quarters,
    tariff,
)

from twinev.domain.money import Price
from twinev.domain.tariffs import DayOfWeek, Tariff
from twinev.errors import BadInput

ROOT = Path(__file__).resolve().parents[3]
WORKDAYS = tuple(DayOfWeek)[:5]


def price(excl_vat: str, incl_vat: str) -> Price:
    return Price(excl_vat=Decimal(excl_vat), incl_vat=Decimal(incl_vat))


ENERGY = component("ENERGY", "0.25", vat="10")
START_FEE = element(component("FLAT", "0.50", vat="20"))

# Sums of the specification's examples (OCPI 2.2.1, Tariff object, Examples).
OCPI_EXAMPLES = {
    "0.25 per kWh": (tariff(element(ENERGY)), curve((60, "20")), price("5.00", "5.50")),
    "start fee": (tariff(START_FEE, element(ENERGY)), curve((60, "20")), price("5.50", "6.10")),
    "minimum price": (tariff(element(ENERGY), min_price=price("0.50", "0.55")), curve((9, "1")), price("0.50", "0.55")),
    "parking by 15 min": (
        tariff(START_FEE, element(ENERGY, component("PARKING_TIME", "2.00", vat="20", step=900))),
        curve((60, "20"), (40, "0")),
        price("7.00", "7.90"),
    ),
    "maximum price": (
        tariff(START_FEE, element(ENERGY), max_price=price("10", "11")),
        curve((120, "50")),
        price("10", "11"),
    ),
    "below the maximum": (
        tariff(START_FEE, element(ENERGY), max_price=price("10", "11")),
        curve((120, "30")),
        price("8.00", "8.85"),
    ),
    "2 per hour": (
        tariff(element(component("TIME", "2.00", vat="10", step=60))),
        curve((150, "30")),
        price("5.00", "5.50"),
    ),
    "3 per hour, 5 parked": (
        tariff(
            element(
                component("TIME", "3.00", vat="10", step=60),
                component("PARKING_TIME", "5.00", vat="20", step=300),
            )
        ),
        curve((150, "30"), (42, "0")),
        price("11.25", "12.75"),
    ),
    "blocks of 100 Wh": (
        tariff(element(component("ENERGY", "0.22", vat="10", step=100))),
        curve((60, "20.45")),
        price("4.51", "4.96"),
    ),
    "first kWh and first hour free": (
        tariff(
            element(component("ENERGY", "0.00"), max_kwh=Decimal(1)),
            element(component("ENERGY", "0.20"), min_kwh=Decimal(1)),
        ),
        curve((60, "20")),
        price("3.80", "3.80"),
    ),
    "first half hour free": (
        tariff(
            element(component("ENERGY", "0.00"), max_duration_seconds=1800),
            element(component("ENERGY", "0.25"), max_duration_seconds=3600),
            element(component("ENERGY", "0.40")),
        ),
        curve((30, "5"), (10, "1.2")),
        price("0.30", "0.30"),
    ),
    "by power": (
        tariff(
            element(component("ENERGY", "0.20"), max_power_kw=Decimal(16)),
            element(component("ENERGY", "0.35"), max_power_kw=Decimal(32)),
            element(component("ENERGY", "0.50")),
        ),
        curve((10, "1"), (50, "40"), (7.5, "0.5")),
        price("20.30", "20.30"),
    ),
    "time before and after 17:00": (
        tariff(
            element(component("TIME", "5", step=600), end_time=time(17)),
            element(component("TIME", "7", step=600), start_time=time(17)),
        ),
        curve((28, "5"), start=datetime(2026, 11, 23, 16, 54, tzinfo=AMSTERDAM)),
        # 6 minutes at 5, and 24 instead of 22 at 7: the whole 28 are rounded up to 30.
        price("3.30", "3.30"),
    ),
    "energy before and after 17:00": (
        tariff(
            element(component("ENERGY", "0.20", step=500), end_time=time(17)),
            element(component("ENERGY", "0.27", step=500), start_time=time(17)),
        ),
        curve((43, "4.3"), (11, "1.1"), start=datetime(2026, 11, 23, 16, 17, tzinfo=AMSTERDAM)),
        price("1.18", "1.18"),
    ),
    "charging is not rounded before parking": (
        tariff(element(component("TIME", "1", step=600), component("PARKING_TIME", "2", step=600))),
        curve((21, "4"), (16, "0")),
        price("1.02", "1.02"),
    ),
}


@pytest.mark.parametrize("name", OCPI_EXAMPLES)
def test_cost_is_that_of_the_specification(name: str) -> None:
    of, energy, total = OCPI_EXAMPLES[name]

    assert cost(energy, of).total == total


def test_cost_without_a_tariff_is_nothing() -> None:
    free = cost(curve((60, "20")), None)

    assert free.total == price("0.00", "0.00")
    assert free.tariff_id is None
    assert free.energy_kwh == 20


def test_cost_of_the_worked_example_is_what_its_page_says() -> None:
    worked = cost(WORKED_CURVE, WORKED_TARIFF)

    assert (worked.fixed, worked.energy) == (price("0.50", "0.61"), price("8.58", "10.38"))
    assert worked.parking == price("1.50", "1.82")
    assert worked.total == price("10.58", "12.81")


def test_page_shows_what_its_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    print_worked_example()

    assert capsys.readouterr().out in (ROOT / "docs" / "pricing.md").read_text(encoding="utf-8")


def test_flat_fee_is_billed_once_however_often_its_element_comes_back() -> None:
    of = tariff(element(component("FLAT", "1"), start_time=time(9), end_time=time(10)))

    two_days = cost(curve((48 * 60, "40")), of)

    assert two_days.fixed.excl_vat == 1


def test_parking_is_what_lies_between_readings_without_energy() -> None:
    parked = cost(curve((30, "5"), (20, "0"), (10, "0.005"), (30, "5")), None)

    assert (parked.charging_seconds, parked.parking_seconds) == (3600, 1800)


def test_period_begins_where_the_price_changes() -> None:
    of = tariff(
        element(component("ENERGY", "0.40"), start_time=time(17), end_time=time(21)),
        element(component("ENERGY", "0.20")),
    )

    periods = cost(curve((240, "24"), start=datetime(2026, 11, 23, 16, tzinfo=AMSTERDAM)), of).periods

    assert [period.start for period in periods] == [
        datetime(2026, 11, 23, 16, tzinfo=AMSTERDAM),
        datetime(2026, 11, 23, 17, tzinfo=AMSTERDAM),
    ]
    assert [period.energy_kwh for period in periods] == [6, 18]


@pytest.mark.parametrize(
    ("restrictions", "kwh"),
    [
        ({"start_time": time(22), "end_time": time(6)}, 8),
        ({"start_time": time(22)}, 2),
        ({"end_time": time(6)}, 6),
        ({"days_of_week": WORKDAYS}, 24),
        ({"days_of_week": (DayOfWeek.TUESDAY,), "start_time": time(0), "end_time": time(12)}, 12),
        ({"days_of_week": (DayOfWeek.SUNDAY,)}, 0),
        ({"start_date": date(2026, 11, 24)}, 12),
        ({"end_date": date(2026, 11, 24)}, 12),
        ({"start_date": date(2026, 11, 24), "end_date": date(2026, 11, 24)}, 0),
        ({"min_kwh": Decimal(5), "max_kwh": Decimal(7)}, 2),
        ({"min_duration_seconds": 3600, "max_duration_seconds": 7200}, 1),
        ({"min_power_kw": Decimal(1), "max_power_kw": Decimal(2)}, 24),
        ({"min_power_kw": Decimal("1.1")}, 0),
    ],
)
def test_restriction_lets_its_part_of_a_day_of_one_kilowatt_count(restrictions: dict, kwh: int) -> None:
    of = tariff(element(component("ENERGY", "1"), **restrictions))

    day = cost(curve((24 * 60, "24"), start=datetime(2026, 11, 23, 12, tzinfo=AMSTERDAM)), of)

    assert day.energy.excl_vat == kwh


@pytest.mark.parametrize(
    ("day", "hours"),
    # The hour from 02:00 to 03:00 is there once, not at all, and twice.
    [(date(2026, 3, 28), 1), (date(2026, 3, 29), 0), (date(2026, 10, 25), 2)],
)
def test_night_hour_counts_as_often_as_the_clock_shows_it(day: date, hours: int) -> None:
    of = tariff(element(component("ENERGY", "1"), start_time=time(2), end_time=time(3)))
    midnight = datetime.combine(day, time(0), AMSTERDAM)
    length = datetime.combine(day + timedelta(days=1), time(0), AMSTERDAM).astimezone(UTC) - midnight.astimezone(UTC)
    minutes = length / timedelta(minutes=1)

    night = cost(curve((minutes, str(int(minutes / 60))), start=midnight.astimezone(UTC)), of)

    assert night.energy.excl_vat == hours


def test_energy_that_follows_the_market_costs_each_quarter_its_price_and_the_margin() -> None:
    of = tariff(element(component("ENERGY", "0.05", fallback="0.40")))
    market = quarters(START, ["0.10", "-0.08", None])

    priced = cost(curve((60, "4")), of, market=market)

    assert [period.price_per_kwh for period in priced.periods] == [
        Decimal("0.15"),
        Decimal("-0.03"),
        # Neither this quarter nor the next has a price of the market.
        Decimal("0.40"),
    ]
    assert priced.energy.excl_vat == Decimal("0.92")


def test_energy_of_a_session_without_length_is_billed() -> None:
    assert cost(curve((0, "3")), tariff(element(component("ENERGY", "1")))).total.excl_vat == 3


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (lambda: component("ENERGY", "-0.1"), "price"),
        (lambda: component("ENERGY", "NaN"), "price"),
        (lambda: component("ENERGY", "0.1234567"), "price"),
        (lambda: component("TIME", "1", fallback="1"), "market_fallback"),
        (lambda: component("TIME", "1", vat="101"), "vat_percent"),
        (lambda: component("TIME", "1", step=0), "step_size"),
        (lambda: element(component("TIME", "1"), component("TIME", "2")), "price_components"),
        (lambda: element(component("TIME", "1"), start_time=time(9, 30, 1)), "start_time"),
        (tariff, "elements"),
        (lambda: tariff(element(ENERGY), currency="euro"), "currency"),
        (lambda: tariff(element(ENERGY), valid_to=datetime(2025, 1, 1, tzinfo=UTC)), "valid_to"),
        (lambda: tariff(element(ENERGY), min_price=price("2", "1")), "min_price.incl_vat"),
    ],
)
def test_tariff_that_cannot_be_meant_is_refused(wrong, key: str) -> None:
    with pytest.raises(BadInput) as refused:
        wrong()

    assert refused.value.key == key


def test_tariff_is_in_force_from_its_begin_to_before_its_end() -> None:
    of: Tariff = tariff(element(ENERGY), valid_to=datetime(2026, 2, 1, tzinfo=UTC))

    assert [of.in_force_at(datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 2)] == [True, False]
