"""The figures of a period, worked out of its sums; each has a unit, and a reason where it cannot be told. Pure.

=========================== ========= ==================================================================================
name                        unit      what it is
=========================== ========= ==================================================================================
``sessions``                1         charging sessions that began in the period
``energy_kwh``              kWh       their energy by their stations' registers: what the EVs took less what they gave
``returned_kwh``            kWh       what they gave back
``occupancy``               share     time in which EVs were plugged in, of the time of all EVSEs
``peak_kw``                 kW        highest mean power of all EVs in a quarter of an hour
``energy_cost_eur``         €         energy from the grid at the zone's price by quarters; on-site surplus is free
``billed_eur``              €         charge detail records made in the period, without VAT, less credits
``self_consumption``        share     on-site production that the site used at once, EVs included
``renewable_share``         share     of the EVs' energy: on-site surplus, and the grid's renewable share of the rest
``co2_kg``                  kg        energy from the grid times the configured factor
``reservations``            1         reservations that began in the period and were not cancelled
``no_shows``                1         those whose driver did not come though the EVSE was there
``restrictions``            1         restrictions in force at the site in the period
``restrictions_kept``       1         those whose measured power stayed within the limit once they were enforced
``charging_error_kw``       kW        mean difference of the EVs' power from the plan made before each hour
``charging_error_share``    share     the same, of the measured energy
``demand_error_kw``         kW        mean difference of the announced from the measured demand of the site
``demand_error_share``      share     the same, of the measured energy
``production_error_kw``     kW        mean difference of the announced from the measured production
``production_error_share``  share     the same, of the measured energy
``price_error_eur_per_kwh`` €/kWh     mean difference of the price that plans counted on from the published one
=========================== ========= ==================================================================================

Errors are means of differences without their signs (mean absolute error).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from twinev.domain.grid import Restriction
from twinev.domain.site_day import DaySums, Deviation
from twinev.services.compare_meter import exceeds

UNITS = {
    "sessions": "1",
    "energy_kwh": "kWh",
    "returned_kwh": "kWh",
    "occupancy": "share",
    "peak_kw": "kW",
    "energy_cost_eur": "EUR",
    "billed_eur": "EUR",
    "self_consumption": "share",
    "renewable_share": "share",
    "co2_kg": "kg",
    "reservations": "1",
    "no_shows": "1",
    "restrictions": "1",
    "restrictions_kept": "1",
    "charging_error_kw": "kW",
    "charging_error_share": "share",
    "demand_error_kw": "kW",
    "demand_error_share": "share",
    "production_error_kw": "kW",
    "production_error_share": "share",
    "price_error_eur_per_kwh": "EUR/kWh",
}


class Missing(StrEnum):
    """Why a figure cannot be told."""

    NO_EVSES = "no_evses"
    NO_TIME = "no_time"
    NO_ENERGY = "no_energy"
    NO_PRICE = "no_price"
    NO_DEMAND = "no_demand"
    NO_PRODUCTION = "no_production"
    NO_RENEWABLE_SHARE = "no_renewable_share"
    NO_CO2_FACTOR = "no_co2_factor"
    NO_BILLS = "no_bills"
    NO_RESTRICTIONS = "no_restrictions"
    NO_PLANS = "no_plans"
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure, or why there is none.

    ``known`` is the part of what it speaks of that data is there for, 0 to 1; None where it is whole by its nature.
    """

    value: float | None
    missing: Missing | None = None
    known: float | None = None


@dataclass(frozen=True, kw_only=True)
class Co2Factor:
    """What a kWh from the grid emits, and who says so. [g/kWh]"""

    g_per_kwh: float
    source: str


RestrictionAndPower = tuple[Restriction, float | None]


def figures_of(
    sums: DaySums,
    *,
    quarters_kw: Sequence[float],
    restrictions: Sequence[RestrictionAndPower],
    co2: Co2Factor | None,
) -> dict[str, Figure]:
    """All figures of a period, in the order of `UNITS`.

    Parameters
    ----------
    quarters_kw : sequence of float
        Mean power of all EVs in each quarter of an hour. [kW]
    restrictions : sequence of (Restriction, float or None)
        In force in the period, each with the highest power once it was enforced. [kW]
    co2 : Co2Factor, optional
        None where nobody configured one.
    """
    found = {
        "sessions": Figure(value=sums.sessions),
        "energy_kwh": Figure(value=sums.energy_kwh),
        "returned_kwh": Figure(value=sums.returned_kwh),
        "occupancy": _share(min(sums.plugged_hours, sums.evse_hours), sums.evse_hours, Missing.NO_EVSES),
        "peak_kw": Figure(value=max(quarters_kw)) if quarters_kw else Figure(value=None, missing=Missing.NO_TIME),
        "energy_cost_eur": _of_taken(sums, sums.energy_cost_eur, sums.priced_kwh, Missing.NO_PRICE),
        "billed_eur": _billed(sums),
        "self_consumption": _self_consumption(sums),
        "renewable_share": _renewable_share(sums),
        "co2_kg": _co2_kg(sums, co2),
        "reservations": Figure(value=sums.reservations),
        "no_shows": Figure(value=sums.no_shows),
        **_restriction_figures(restrictions),
        **_error_figures("charging", sums.charging, Missing.NO_PLANS),
        **_error_figures("demand", sums.demand, Missing.NOT_MEASURED),
        **_error_figures("production", sums.production, Missing.NOT_MEASURED),
        "price_error_eur_per_kwh": _mean(sums.price.absolute, sums.price.hours, Missing.NO_PLANS),
    }
    return {name: found[name] for name in UNITS}


def _of_taken(sums: DaySums, value: float, known_kwh: float, missing: Missing) -> Figure:
    """A figure of the energy that EVs took, as far as something else is known about it."""
    if sums.taken_kwh <= 0:
        return Figure(value=None, missing=Missing.NO_ENERGY)
    if known_kwh <= 0:
        # What comes first is what is missing first: without its source energy has neither price nor greenness.
        return Figure(value=None, missing=Missing.NO_DEMAND if sums.sourced_kwh <= 0 else missing)
    return Figure(value=value, known=min(known_kwh / sums.taken_kwh, 1.0))


def _billed(sums: DaySums) -> Figure:
    if not sums.bills:
        return Figure(value=None, missing=Missing.NO_BILLS)
    return Figure(value=sums.billed_eur, known=sums.bills / (sums.bills + sums.other_bills))


def _self_consumption(sums: DaySums) -> Figure:
    if sums.produced_kwh <= 0:
        return Figure(value=None, missing=Missing.NO_PRODUCTION)
    if sums.judged_kwh <= 0:
        return Figure(value=None, missing=Missing.NO_DEMAND)
    return Figure(value=sums.used_kwh / sums.judged_kwh, known=min(sums.judged_kwh / sums.produced_kwh, 1.0))


def _renewable_share(sums: DaySums) -> Figure:
    share = sums.green_kwh / sums.greened_kwh if sums.greened_kwh > 0 else 0.0
    return _of_taken(sums, share, sums.greened_kwh, Missing.NO_RENEWABLE_SHARE)


def _co2_kg(sums: DaySums, co2: Co2Factor | None) -> Figure:
    if co2 is None:
        return Figure(value=None, missing=Missing.NO_CO2_FACTOR)
    return _of_taken(sums, sums.grid_kwh * co2.g_per_kwh / 1000, sums.sourced_kwh, Missing.NO_DEMAND)


def _restriction_figures(restrictions: Sequence[RestrictionAndPower]) -> dict[str, Figure]:
    kept = sum(kw is not None and not exceeds(kw, restriction.limit_kw) for restriction, kw in restrictions)
    none = Figure(value=None, missing=Missing.NO_RESTRICTIONS)
    return {
        "restrictions": Figure(value=len(restrictions)),
        "restrictions_kept": Figure(value=kept) if restrictions else none,
    }


def _error_figures(name: str, error: Deviation, missing: Missing) -> Mapping[str, Figure]:
    in_kw = _mean(error.absolute, error.hours, missing)
    no_share = Figure(value=None, missing=in_kw.missing or Missing.NO_ENERGY)
    share = Figure(value=error.absolute / error.came) if in_kw.missing is None and error.came > 0 else no_share
    return {f"{name}_error_kw": in_kw, f"{name}_error_share": share}


def _mean(total: float, hours: float, missing: Missing) -> Figure:
    return Figure(value=total / hours) if hours > 0 else Figure(value=None, missing=missing)


def _share(part: float, whole: float, missing: Missing) -> Figure:
    return Figure(value=part / whole) if whole > 0 else Figure(value=None, missing=missing)
