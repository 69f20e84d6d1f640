"""Which price counts in a slot: by instant at home, by the local clock abroad, and only when it was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from twinev.errors import BadInput
from twinev.services.replay.prices import PriceTable, SitePrices

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def hourly(first: datetime, hours: int) -> PriceTable:
    """Prices that are their own UTC hour since ``first``, so that a test sees which one was taken."""
    starts = tuple(first + timedelta(hours=h) for h in range(hours))
    return PriceTable(starts=starts, eur_per_kwh=tuple(float(h) for h in range(hours)), step=timedelta(hours=1))


def test_foreign_price_is_matched_by_the_local_clock():
    # 14:00 in Los Angeles (21:00 UTC) takes the price of 14:00 in Amsterdam (12:00 UTC).
    prices = SitePrices(table=hourly(datetime(2021, 8, 3, tzinfo=UTC), 24), site_zone=LOS_ANGELES, price_zone=AMSTERDAM)

    assert prices.at(datetime(2021, 8, 3, 21, 15, tzinfo=UTC)) == 12.0


def test_price_at_home_is_matched_by_instant_through_a_change_of_the_clock():
    # 2026-10-25 in Amsterdam has 02:00 twice: 00:00 and 01:00 UTC, with two prices.
    prices = SitePrices(table=hourly(datetime(2026, 10, 25, tzinfo=UTC), 24), site_zone=AMSTERDAM, price_zone=AMSTERDAM)

    assert prices.at(datetime(2026, 10, 25, 0, tzinfo=UTC)) == 0.0
    assert prices.at(datetime(2026, 10, 25, 1, tzinfo=UTC)) == 1.0


def test_hour_that_the_price_zone_skips_takes_the_price_of_the_hour_after_it():
    # 2021-03-28 in Amsterdam has no 02:00; 03:00 is 01:00 UTC. In Los Angeles 02:30 is 09:30 UTC.
    prices = SitePrices(
        table=hourly(datetime(2021, 3, 28, tzinfo=UTC), 24), site_zone=LOS_ANGELES, price_zone=AMSTERDAM
    )

    assert prices.at(datetime(2021, 3, 28, 9, 30, tzinfo=UTC)) == 1.0


def test_hour_that_the_price_zone_has_twice_takes_the_first_price():
    # 2021-10-31 in Amsterdam has 02:00 at 00:00 and 01:00 UTC. In Los Angeles 02:30 is 09:30 UTC.
    prices = SitePrices(
        table=hourly(datetime(2021, 10, 31, tzinfo=UTC), 24), site_zone=LOS_ANGELES, price_zone=AMSTERDAM
    )

    assert prices.at(datetime(2021, 10, 31, 9, 30, tzinfo=UTC)) == 0.0


def test_hour_that_the_site_has_twice_takes_one_price_twice():
    # 2021-11-07 in Los Angeles has 01:30 at 08:30 and 09:30 UTC; 01:00 in Amsterdam is 00:00 UTC.
    prices = SitePrices(
        table=hourly(datetime(2021, 11, 7, tzinfo=UTC), 24), site_zone=LOS_ANGELES, price_zone=AMSTERDAM
    )

    assert prices.at(datetime(2021, 11, 7, 8, 30, tzinfo=UTC)) == 0.0
    assert prices.at(datetime(2021, 11, 7, 9, 30, tzinfo=UTC)) == 0.0


@pytest.mark.parametrize(("hour", "known"), [(12, 20.0), (13, 44.0)])
def test_price_of_tomorrow_is_todays_until_it_is_published(hour, known):
    prices = SitePrices(
        table=hourly(datetime(2026, 3, 4, tzinfo=UTC), 48), site_zone=ZoneInfo("UTC"), price_zone=ZoneInfo("UTC")
    )

    assert prices.known_at(datetime(2026, 3, 4, hour, tzinfo=UTC), datetime(2026, 3, 5, 20, tzinfo=UTC)) == known


def test_missing_price_is_an_error_that_tells_what_the_file_covers():
    prices = SitePrices(table=hourly(datetime(2026, 3, 4, tzinfo=UTC), 24), site_zone=AMSTERDAM, price_zone=AMSTERDAM)

    with pytest.raises(BadInput, match="2026-03-04 00:00 to 2026-03-05 00:00 UTC"):
        prices.at(datetime(2026, 3, 5, 0, tzinfo=UTC))


def test_no_prices_are_no_cost_rather_than_a_price_of_zero():
    assert (
        SitePrices(table=None, site_zone=AMSTERDAM, price_zone=AMSTERDAM).at(datetime(2026, 3, 5, tzinfo=UTC)) is None
    )
