"""Where the EVs' energy came from, quarter by quarter: on-site surplus or the grid; its price and its greenness. Pure.

On-site production covers the site's own demand first; what is left is the surplus that EVs can take (the reading of the
profile ``green``). What nobody announced is taken as planning takes it: a site without production on record has none.
Where there is production and no demand on record, the surplus is not known, and nothing is made of that quarter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twinev.domain.site_day import QUARTER_HOURS, DaySums

Known = Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class SiteSeries:
    """What is on record of a site in each quarter of an hour; None where nothing is.

    Parameters
    ----------
    price_eur_per_kwh : sequence, shape (n_quarters,)
        Of the site's zone. [€/kWh]
    renewable_share : sequence, shape (n_quarters,)
        Of the zone's grid, 0 to 1.
    demand_kw, production_kw : sequence, shape (n_quarters,)
        As measured, else as announced. [kW]
    """

    price_eur_per_kwh: Known
    renewable_share: Known
    demand_kw: Known
    production_kw: Known


@dataclass(frozen=True, kw_only=True)
class _Quarter:
    """One quarter of an hour. [kWh]"""

    net_kwh: float
    demand_kwh: float | None
    production_kwh: float | None
    price: float | None
    renewable_share: float | None

    @property
    def taken_kwh(self) -> float:
        return max(self.net_kwh, 0.0)

    @property
    def surplus_kwh(self) -> float | None:
        """What the EVs took of the on-site surplus; None where that is not known."""
        if not self.production_kwh:
            return 0.0
        if self.demand_kwh is None:
            return None
        return min(self.taken_kwh, max(self.production_kwh - self.demand_kwh, 0.0))


def flow_sums(quarters_kwh: Sequence[float], series: SiteSeries) -> DaySums:
    """The sums that follow from the flows; the other fields are zero."""
    sums = DaySums()
    for quarter in _quarters(quarters_kwh, series):
        if quarter.net_kwh:
            sums += _of_evs(quarter)
        if quarter.production_kwh:
            sums += _of_production(quarter)
    return sums


def _of_evs(quarter: _Quarter) -> DaySums:
    taken_kwh, surplus_kwh = quarter.taken_kwh, quarter.surplus_kwh
    if surplus_kwh is None:
        return DaySums(taken_kwh=taken_kwh)
    grid_kwh = quarter.net_kwh - surplus_kwh
    priced = quarter.price is not None or not grid_kwh
    greened = quarter.renewable_share is not None or grid_kwh <= 0
    return DaySums(
        taken_kwh=taken_kwh,
        sourced_kwh=taken_kwh,
        surplus_kwh=surplus_kwh,
        grid_kwh=grid_kwh,
        priced_kwh=taken_kwh if priced else 0.0,
        energy_cost_eur=grid_kwh * (quarter.price or 0.0),
        greened_kwh=taken_kwh if greened else 0.0,
        green_kwh=surplus_kwh + max(grid_kwh, 0.0) * (quarter.renewable_share or 0.0) if greened else 0.0,
    )


def _of_production(quarter: _Quarter) -> DaySums:
    production_kwh, demand_kwh = quarter.production_kwh or 0.0, quarter.demand_kwh
    if demand_kwh is None:
        return DaySums(produced_kwh=production_kwh)
    used_kwh = min(production_kwh, max(demand_kwh, 0.0) + quarter.taken_kwh)
    return DaySums(produced_kwh=production_kwh, judged_kwh=production_kwh, used_kwh=used_kwh)


def _quarters(quarters_kwh: Sequence[float], series: SiteSeries) -> Iterator[_Quarter]:
    for place, net_kwh in enumerate(quarters_kwh):
        yield _Quarter(
            net_kwh=net_kwh,
            demand_kwh=_in_kwh(series.demand_kw[place]),
            production_kwh=_in_kwh(series.production_kw[place]),
            price=series.price_eur_per_kwh[place],
            renewable_share=series.renewable_share[place],
        )


def _in_kwh(kw: float | None) -> float | None:
    return None if kw is None else kw * QUARTER_HOURS
