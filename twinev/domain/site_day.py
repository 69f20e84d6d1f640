"""What a day of a site comes to in sums: whatever is told of months and of several sites is added up of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Self

from twinev.domain.usage import QUARTER

QUARTER_HOURS = QUARTER / timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Sums that add up field by field; what is a mean or a share is worked out of them last."""

    def __add__(self, other: Self) -> Self:
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Deviation(Sums):
    """How far what was expected was from what came, over the time in which both are known.

    Parameters
    ----------
    hours : float
        That time. [h]
    absolute : float
        The differences without their signs, each times how long it lasted. [kWh, or h·€/kWh of a price]
    came : float
        What came, times how long it lasted. [the same]
    """

    hours: float = 0.0
    absolute: float = 0.0
    came: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DaySums(Sums):
    """The sums of one day or more.

    Parameters
    ----------
    sessions : int
        Sessions that began.
    energy_kwh, returned_kwh : float
        Their energy, what the EVs took less what they gave back; and what they gave back. [kWh]
    plugged_hours, evse_hours : float
        Time in which EVs were plugged in, and the time of all EVSEs. [h]
    taken_kwh : float
        What EVs took in quarters of an hour in which together they took more than they gave back. [kWh]
    sourced_kwh, surplus_kwh, grid_kwh : float
        Of it where on-site production is known to cover some or none; what that covered; and what is left for the
        grid, less what EVs gave back. [kWh]
    priced_kwh, energy_cost_eur : float
        Of ``taken_kwh`` what can be priced, and what the grid's part of it cost. [kWh, €]
    greened_kwh, green_kwh : float
        Of ``taken_kwh`` where the grid's renewable share is known, and what of it was renewable. [kWh]
    produced_kwh, judged_kwh, used_kwh : float
        On-site production; of it where the demand is known too; and what the site used of that at once. [kWh]
    reservations, no_shows : int
        Reservations that began and were not cancelled, and those of drivers who did not come.
    bills, billed_eur, other_bills : float
        Charge detail records in euros (credits are bills too), their sum without VAT, and those in other currencies.
    charging, demand, production, price : Deviation
        Of plans from meters; of announcements from measurements; of the price that plans counted on.
    """

    sessions: int = 0
    energy_kwh: float = 0.0
    returned_kwh: float = 0.0
    plugged_hours: float = 0.0
    evse_hours: float = 0.0
    taken_kwh: float = 0.0
    sourced_kwh: float = 0.0
    surplus_kwh: float = 0.0
    grid_kwh: float = 0.0
    priced_kwh: float = 0.0
    energy_cost_eur: float = 0.0
    greened_kwh: float = 0.0
    green_kwh: float = 0.0
    produced_kwh: float = 0.0
    judged_kwh: float = 0.0
    used_kwh: float = 0.0
    reservations: int = 0
    no_shows: int = 0
    bills: int = 0
    billed_eur: float = 0.0
    other_bills: int = 0
    charging: Deviation = Deviation()
    demand: Deviation = Deviation()
    production: Deviation = Deviation()
    price: Deviation = Deviation()


@dataclass(frozen=True, kw_only=True)
class SiteDay:
    """A day of a site's clock.

    Parameters
    ----------
    day : str
        As ``2026-11-22``.
    start : datetime
        The midnight that it begins with.
    quarters_kwh : tuple of float, shape (n_quarters,)
        What all EVs took, less what they gave back, in each quarter of an hour as far as the day has come: 92, 96 or
        100 of a whole day. [kWh]
    """

    site_id: str
    day: str
    start: datetime
    sums: DaySums
    quarters_kwh: tuple[float, ...]


def added(days: Iterable[SiteDay]) -> DaySums:
    """The sums of several days together."""
    return reduce(add, (day.sums for day in days), DaySums())


def power_together_kw(days: Iterable[SiteDay]) -> dict[datetime, float]:
    """Mean power of the EVs of all sites together in each quarter of an hour, by its start. [kW]"""
    power_kw: dict[datetime, float] = {}
    for day in days:
        for place, kwh in enumerate(day.quarters_kwh):
            start = day.start + QUARTER * place
            power_kw[start] = power_kw.get(start, 0.0) + kwh / QUARTER_HOURS
    return power_kw
