"""The one line that a schedule comes down to: is everyone served, what does it cost, how sure is that?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinev.sct.schedule import Schedule


def verdict(schedule: Schedule) -> str:
    """``✓ complete, € 12.00, proven within 0.01 %``, or what gave way."""
    return f"{_served(schedule)}, {money_text(schedule)}, {proof_text(schedule)}"


def _served(schedule: Schedule) -> str:
    excess_kwh = sum(schedule.supply_point.limit_excess_kwh)
    short = sum(1 for session in schedule.sessions if session.shortfall_kwh > 0)
    missing = f"{kwh_text(schedule.shortfall_kwh)} short for {short} of {count_text(len(schedule.sessions))}"
    if schedule.status == "infeasible":
        also = f", {missing}" if short else ""
        return f"✗ limits contradict: {kwh_text(excess_kwh)} beyond them at the least{also}"
    return f"⚠ {missing}" if short else "✓ complete"


def money_text(schedule: Schedule) -> str:
    """The objective in €; Eq. (27) counts waiting as money too."""
    waiting = " with waiting" if schedule.formulation == "tradeoff" else ""
    return f"{euro_text(schedule.objective)}{waiting}"


def euro_text(amount_eur: float) -> str:
    """``€ 12.00``; less than half a cent is neither earned nor paid."""
    return f"€ {round(amount_eur, 2) + 0.0:.2f}"


def proof_text(schedule: Schedule) -> str:
    """How far the objective is from what is proven, rounded up."""
    if schedule.gap is None:
        return "optimal in every stage" if schedule.status == "optimal" else "not proven the best"
    within = f"within {max(math.ceil(schedule.gap * 1e4 - 1e-6), 1) / 100:.2f} %"
    return f"not proven the best: {within}" if schedule.status == "feasible" else f"proven {within}"


def kwh_text(energy_kwh: float) -> str:
    """An energy as a person reads it, never a misleading 0.0."""
    return f"{energy_kwh:.1f} kWh" if energy_kwh >= 1 else f"{energy_kwh:.2g} kWh"


def count_text(sessions: int) -> str:
    """``1 session``, ``50 sessions``."""
    return f"{sessions} session{'' if sessions == 1 else 's'}"
