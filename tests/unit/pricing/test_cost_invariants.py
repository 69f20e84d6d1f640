"""What holds for every session and tariff: nothing is lost in cutting, and cuts cost nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pricing_examples import component, cost, curve, element, quarters, tariff

from twinev.domain.money import NOTHING, Price
from twinev.domain.tariffs import DayOfWeek, Tariff, TariffElement
from twinev.services.pricing.energy_curve import EnergyCurve, Reading

# Around the two changes of clocks and an ordinary night.
BEGINS = st.sampled_from([datetime(2026, *day, tzinfo=UTC) for day in ((3, 28), (10, 24), (11, 20))])
CENT = Decimal("0.01")

prices = st.integers(0, 99).map(lambda cents: f"{cents / 100:.2f}")
steps = st.sampled_from([1, 60, 500, 900])
legs = st.tuples(st.integers(1, 300), st.integers(0, 20_000).map(lambda watt_hours: f"{watt_hours / 1000:.3f}"))


@st.composite
def sessions(draw: st.DrawFn) -> EnergyCurve:
    begin = draw(BEGINS) + timedelta(minutes=draw(st.integers(0, 1440)))
    return curve(*draw(st.lists(legs, min_size=1, max_size=6)), start=begin)


@st.composite
def elements(draw: st.DrawFn, *, by_clock_alone: bool) -> TariffElement:
    kinds = draw(st.lists(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME"]), min_size=1, unique=True))
    restrictions = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "start_time": st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
                "end_time": st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
                "days_of_week": st.lists(st.sampled_from(list(DayOfWeek)), min_size=1, unique=True).map(tuple),
            }
            | ({} if by_clock_alone else {
                "min_kwh": st.integers(0, 20).map(Decimal),
                "max_power_kw": st.integers(1, 20).map(Decimal),
                "min_duration_seconds": st.integers(0, 10_000),
            }),
        )
    )  # fmt: skip
    step = 1 if by_clock_alone else draw(steps)
    return element(*(component(kind, draw(prices), vat="21", step=step) for kind in kinds), **restrictions)


@st.composite
def tariffs(draw: st.DrawFn, *, by_clock_alone: bool = False) -> Tariff:
    drawn = draw(st.lists(elements(by_clock_alone=by_clock_alone), min_size=1, max_size=4))
    fee = [] if by_clock_alone else [element(component("FLAT", draw(prices), vat="21"))]
    return tariff(*fee, *drawn)


def total(prices_of: list[Price]) -> Price:
    return sum(prices_of, NOTHING)


@settings(max_examples=40)
@given(sessions(), tariffs())
def test_periods_together_are_the_session(energy: EnergyCurve, of: Tariff) -> None:
    priced = cost(energy, of)
    periods = priced.periods

    assert periods[0].start == energy.start
    assert periods[-1].end == energy.end
    assert all(one.end == other.start for one, other in pairwise(periods))
    assert sum(period.energy_kwh for period in periods) == energy.total_kwh
    assert sum(period.charging_seconds for period in periods) == priced.charging_seconds
    assert sum(period.parking_seconds for period in periods) == priced.parking_seconds
    assert priced.charging_seconds + priced.parking_seconds == (energy.end - energy.start).total_seconds()


@settings(max_examples=40)
@given(sessions(), tariffs())
def test_total_is_the_sum_of_kinds_and_within_their_rounding_of_the_periods(energy: EnergyCurve, of: Tariff) -> None:
    priced = cost(energy, of)
    exact = total([period.cost for period in priced.periods])

    assert priced.total == total([priced.energy, priced.time, priced.parking, priced.fixed])
    # Four kinds, each rounded by at most half a cent.
    assert abs(priced.total.excl_vat - exact.excl_vat) <= 2 * CENT
    assert abs(priced.total.incl_vat - exact.incl_vat) <= 2 * CENT


@settings(max_examples=40)
@given(sessions(), tariffs(by_clock_alone=True), st.floats(0.01, 0.99))
def test_another_reading_on_the_line_changes_no_cost(energy: EnergyCurve, of: Tariff, share: float) -> None:
    between = energy.start + (energy.end - energy.start) * share
    reading = Reading(at=between, kwh=energy.kwh_at(between))
    known = {one.at: one for one in energy.readings}
    more = EnergyCurve(readings=tuple(one for _, one in sorted((known | {between: reading}).items())))

    once, twice = cost(energy, of), cost(more, of)

    # The reading is kept to the milliwatt-hour, and a rounding may fall the other way for that.
    assert abs(once.total.excl_vat - twice.total.excl_vat) <= CENT
    assert twice.energy_kwh == once.energy_kwh


@settings(max_examples=40)
@given(sessions(), tariffs(by_clock_alone=True), st.floats(0.01, 0.99))
def test_two_halves_cost_what_the_whole_costs(energy: EnergyCurve, of: Tariff, share: float) -> None:
    between = energy.start + (energy.end - energy.start) * share
    middle = Reading(at=between, kwh=energy.kwh_at(between))
    first = EnergyCurve(readings=(*(one for one in energy.readings if one.at < between), middle))
    later = EnergyCurve(
        readings=tuple(
            Reading(at=one.at, kwh=one.kwh - middle.kwh)
            for one in (middle, *(one for one in energy.readings if one.at > between))
        )
    )
    halves = cost(first, of).total + cost(later, of).total

    # Each half rounds three kinds to cents, and its last block to a watt-hour or a second.
    allowed = 6 * CENT
    assert abs(halves.excl_vat - cost(energy, of).total.excl_vat) <= allowed


@settings(max_examples=40)
@given(sessions(), st.lists(st.one_of(st.none(), prices), min_size=8, max_size=200))
def test_market_energy_costs_between_its_cheapest_and_its_dearest(energy: EnergyCurve, known: list[str | None]) -> None:
    of = tariff(element(component("ENERGY", "0.05", fallback="0.50")))

    priced = cost(energy, of, market=quarters(energy.start.replace(minute=0), known))

    rates = [period.price_per_kwh for period in priced.periods]
    lowest, highest = min(rates) * priced.billed_kwh, max(rates) * priced.billed_kwh
    assert lowest - CENT <= priced.energy.excl_vat <= highest + CENT
