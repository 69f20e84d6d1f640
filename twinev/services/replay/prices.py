"""The price of each slot, and which prices were known when a plan was made.

Prices of the sessions' own time zone are matched by instant. Foreign ones are matched by the local clock: the price of
14:00 in Amsterdam counts at 14:00 in Los Angeles, for both are the same time of a working day. Where clocks change,
an hour that the price's zone skips takes the price of the hour after it, and of an hour that it has twice the first
counts; an hour that the site has twice gets one price twice.

Day-ahead prices of tomorrow are known from 13:00 on (Europe's market publishes just before); a plan made earlier takes
today's price of the same clock time in their place.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twinev.errors import BadInput

_PUBLISHED_AT = time(13)


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """Prices in the order of ``starts`` (aware UTC), each for ``step`` from its start. [EUR/kWh]"""

    starts: tuple[datetime, ...]
    eur_per_kwh: tuple[float, ...]
    step: timedelta

    def at(self, instant: datetime) -> float | None:
        """The price at ``instant``, None where the table has none."""
        position = bisect_right(self.starts, instant) - 1
        if position < 0 or instant >= self.starts[position] + self.step:
            return None
        return self.eur_per_kwh[position]


@dataclass(frozen=True, kw_only=True)
class SitePrices:
    """Prices as a site in ``site_zone`` sees a table that belongs to ``price_zone``; no table: no price at all."""

    table: PriceTable | None
    site_zone: ZoneInfo
    price_zone: ZoneInfo

    @property
    def matched_by(self) -> str:
        """How a price finds its slot, in words for the report."""
        if self.table is None:
            return "no prices were given: costs are not computed"
        if self.site_zone.key == self.price_zone.key:
            return f"instant: sessions and prices are both of {self.site_zone.key}"
        return (
            f"clock time: a price of {self.price_zone.key} counts at the same local time in {self.site_zone.key} "
            "(of an hour that it has twice the first, in place of one that it skips the next)"
        )

    def at(self, instant: datetime) -> float | None:
        """Return the price that rules at ``instant``; None without a table. [EUR/kWh]

        Raises
        ------
        BadInput
            The table has no price for that time.
        """
        if self.table is None:
            return None
        price = self.table.at(self._instant_of_price(instant))
        if price is None:
            raise BadInput("--prices", self._instant_of_price(instant).isoformat(), self._covered_text())
        return price

    def known_at(self, now: datetime, instant: datetime) -> float | None:
        """Return the price at ``instant`` as a plan made at ``now`` sees it. [EUR/kWh]"""
        local = instant.astimezone(self.site_zone)
        last_day = self.last_known_day(now)
        if local.date() > last_day:
            instant = datetime.combine(last_day, local.time(), self.site_zone)
        return self.at(instant)

    def last_known_day(self, now: datetime) -> date:
        """The last day, on the site's calendar, whose prices are known at ``now``."""
        local = now.astimezone(self.site_zone)
        return local.date() + timedelta(days=1 if local.time() >= _PUBLISHED_AT else 0)

    def _instant_of_price(self, instant: datetime) -> datetime:
        if self.site_zone.key == self.price_zone.key:
            return instant
        clock_time = instant.astimezone(self.site_zone).replace(tzinfo=self.price_zone, fold=0)
        return clock_time.astimezone(UTC)

    def _covered_text(self) -> str:
        first, last = self.table.starts[0], self.table.starts[-1] + self.table.step
        covered = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        return f"a price for every slot of the replay; the file covers {covered}, perhaps with gaps"
