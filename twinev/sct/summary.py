"""What a plan means for each session and for the supply point, in the figures that a person asks for first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from twinev.sct.verdict import euro_text

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule

# Formulations in which the grid's flexibility orders move the import limit.
COUNTS_ORDERS = ("grid", "tradeoff")


@dataclass(frozen=True, kw_only=True)
class SessionSummary:
    """One session, summed up.

    Parameters
    ----------
    arrives, due, reached : datetime
        When its stay begins, when its target is due, when the target is first held (None: never).
    asked_kwh, got_kwh, short_kwh : float
        In the battery: the energy asked for, gained until the target is due, and missing then. [kWh]
    energy_kwh, peak_kw : float
        At the EVSE over the whole plan: net energy, and highest power either way. [kWh, kW]
    cost_eur : float
        Its share of the cost of imported energy, and its wear. In each slot all who draw, the site's demand and the
        EVs that charge, share the import in proportion to what they draw; export pays the site. [€]
    """

    id: str
    arrives: datetime
    due: datetime
    reached: datetime | None
    asked_kwh: float
    got_kwh: float
    short_kwh: float
    energy_kwh: float
    peak_kw: float
    cost_eur: float


def summarise_sessions(problem: Problem, schedule: Schedule) -> list[SessionSummary]:
    """Return every session summed up, in the scenario's order."""
    horizon = problem.horizon
    shares_eur = _import_shares_eur(problem, schedule)
    summaries = []
    for request, planned in zip(problem.sessions, schedule.sessions, strict=True):
        energy_kwh = planned.energy_kwh
        paid_eur = sum(eur * max(kwh, 0.0) for eur, kwh in zip(shares_eur, energy_kwh, strict=True))
        worn_eur = request.wear_eur_per_kwh * sum(max(-kwh, 0.0) for kwh in energy_kwh)
        summaries.append(
            SessionSummary(
                id=request.id,
                arrives=horizon.slot_start(request.arrival_slot),
                due=horizon.slot_end(request.target_slot),
                reached=None if planned.reached_slot is None else horizon.slot_end(planned.reached_slot),
                asked_kwh=request.need_kwh,
                got_kwh=planned.soc_kwh[request.target_slot] - request.soc_kwh,
                short_kwh=planned.shortfall_kwh,
                energy_kwh=sum(energy_kwh),
                peak_kw=max(abs(kwh) / hours for kwh, hours in zip(energy_kwh, horizon.slot_hours, strict=True)),
                cost_eur=paid_eur + worn_eur,
            )
        )
    return summaries


def short_first(summaries: Sequence[SessionSummary]) -> list[SessionSummary]:
    """Order them as they deserve attention: who misses most, then who is due first."""
    return sorted(summaries, key=lambda summary: (-summary.short_kwh, summary.due, summary.arrives))


def _import_shares_eur(problem: Problem, schedule: Schedule) -> list[float]:
    """What a kWh drawn in each slot costs when all who draw share the import, [..T]. [€/kWh]"""
    shares = []
    for t, hours in enumerate(problem.horizon.slot_hours):
        charged_kwh = sum(max(session.energy_kwh[t], 0.0) for session in schedule.sessions)
        drawn_kwh = charged_kwh + problem.demand_kw[t] * hours
        imported_kwh = schedule.supply_point.imported_kwh[t]
        shares.append(problem.price_eur_per_kwh[t] * imported_kwh / drawn_kwh if drawn_kwh > 0 else 0.0)
    return shares


def import_limit_kw(problem: Problem, formulation: str) -> list[float]:
    """The import limit as the formulation counts it, with orders of the grid in grid and tradeoff, [..T]. [kW]"""
    orders = problem.flexibility_kw if formulation in COUNTS_ORDERS else (0.0,) * problem.slots
    return [problem.supply_point.max_kw + order for order in orders]


def supply_text(problem: Problem, schedule: Schedule) -> str:
    """The supply point in one line: highest import against the limit then, energy in and out, the bill."""
    supply, hours = schedule.supply_point, problem.horizon.slot_hours
    import_kw = [kwh / h for kwh, h in zip(supply.imported_kwh, hours, strict=True)]
    peak = max(range(problem.slots), key=import_kw.__getitem__)
    limit_kw = import_limit_kw(problem, schedule.formulation)[peak]
    when = problem.clock_time(problem.horizon.slot_start(peak))
    text = f"Supply point: at most {import_kw[peak]:.1f} kW of {limit_kw:.1f} kW"
    text += f" (from {when})" if import_kw[peak] > 0 else ""
    text += f", {sum(supply.imported_kwh):.1f} kWh imported"
    exported_kwh = sum(supply.exported_kwh)
    text += f", {exported_kwh:.1f} kWh exported" if exported_kwh > 0 else ""
    text += f", bill {euro_text(bill_eur(problem, schedule))}"
    beyond_kwh = sum(supply.limit_excess_kwh)
    return text + (f", {beyond_kwh:.2f} kWh beyond the limits" if beyond_kwh > 0 else "")


def bill_eur(problem: Problem, schedule: Schedule) -> float:
    """What the site pays at its supply point: import, less export, and the charge on the highest import. [€]"""
    supply, hours = schedule.supply_point, problem.horizon.slot_hours
    import_eur = sum(eur * kwh for eur, kwh in zip(problem.price_eur_per_kwh, supply.imported_kwh, strict=True))
    export_eur = sum(eur * kwh for eur, kwh in zip(problem.export_price_eur_per_kwh, supply.exported_kwh, strict=True))
    peak_kw = max(kwh / h for kwh, h in zip(supply.imported_kwh, hours, strict=True))
    return import_eur - export_eur + problem.demand_charge_eur_per_kw * peak_kw
