"""What the schedule claims of its worth: objective, bound, gap, stages."""

from __future__ import annotations

import numpy as np

from twinev.sct.verify.broken import TOLERANCE_KWH, Findings, told
from twinev.sct.verify.facts import Facts

LEAST_EUR = 0.01


def check_claims(facts: Facts, findings: Findings) -> None:
    """Check the objective, that no bound beats what was reached, and the gap between them."""
    cost_eur = _cost_eur(facts)
    tolerance = _money_tolerance(cost_eur)
    if facts.counted.waiting:
        _check_waiting_objective(facts, findings, cost_eur)
    else:
        objective = np.array([facts.schedule.objective])
        findings.equal(
            "objective, Eq. (1)", ("objective",), objective, np.array([cost_eur]), unit="€", tolerance=tolerance
        )
    _check_bound(facts, findings)
    _check_stages(facts, findings)


def _cost_eur(facts: Facts) -> float:
    """Eq. (1) with what export earns, what discharging wears, and what the highest import costs. [€]"""
    problem, imported_kwh = facts.problem, facts.imported_kwh
    bought_eur = np.array(problem.price_eur_per_kwh) @ imported_kwh
    sold_eur = np.array(problem.export_price_eur_per_kwh) @ facts.exported_kwh
    wear_eur = facts.of_requests("wear_eur_per_kwh") @ facts.discharged_kwh.sum(axis=1)
    peak_kw = max(0.0, float((imported_kwh / facts.hours).max()))
    return float(bought_eur - sold_eur + wear_eur + problem.demand_charge_eur_per_kw * peak_kw)


def _check_waiting_objective(facts: Facts, findings: Findings, cost_eur: float) -> None:
    """Eq. (27): the cost, and that of every slot of the stay that ends without the target.

    A slot that ends within the tolerance of the target may be counted or not.
    """
    target_kwh = facts.target_kwh[:, None]
    surely = int((facts.present & ~(facts.soc_kwh >= target_kwh - TOLERANCE_KWH)).sum())
    at_most = int((facts.present & ~(facts.soc_kwh >= target_kwh)).sum())
    per_slot_eur = facts.problem.opportunity_cost_eur_per_slot
    least_eur = cost_eur + _constant_eur(facts) + per_slot_eur * surely
    most_eur = cost_eur + _constant_eur(facts) + per_slot_eur * at_most
    tolerance, objective = _money_tolerance(most_eur), facts.schedule.objective
    if not least_eur - tolerance <= objective <= most_eur + tolerance:
        allowed = told(least_eur, "€") + ("" if surely == at_most else f" to {told(most_eur, '€')}")
        findings.add("objective, Eq. (27)", "objective", told(objective, "€"), allowed)


def _constant_eur(facts: Facts) -> float:
    """What the slots waited before this plan cost: no plan changes it. [€]"""
    waited = sum(session.previous_slots for session in facts.problem.sessions)
    return facts.problem.opportunity_cost_eur_per_slot * waited if facts.counted.waiting else 0.0


def _check_bound(facts: Facts, findings: Findings) -> None:
    bound, gap, objective = facts.schedule.bound, facts.schedule.gap, facts.schedule.objective
    if bound is None or gap is None:
        if bound is not None or gap is not None:
            findings.add("bound and gap come together", "gap", gap, "both, or neither")
        return
    rule, tolerance = "the bound is not above the objective", _money_tolerance(objective)
    findings.at_most(rule, ("bound",), np.array([bound]), objective, unit="€", tolerance=tolerance)
    right = (objective - bound) / max(abs(objective - _constant_eur(facts)), LEAST_EUR)
    findings.equal("gap", ("gap",), np.array([gap]), np.array([right]), unit="")


def _check_stages(facts: Facts, findings: Findings) -> None:
    """No stage claims to have reached less than what it proved to be the least."""
    for place, stage in enumerate(facts.schedule.stages):
        if not np.isfinite(stage.value):
            findings.add("a stage reaches a number", f"stages[{place}] {stage.name}", stage.value, "a finite number")
        elif stage.bound is not None and not stage.bound <= stage.value + _money_tolerance(stage.value):
            allowed = f"a bound of at most {told(stage.value, '')}"
            findings.add("no bound above its stage", f"stages[{place}] {stage.name}", told(stage.bound, ""), allowed)


def _money_tolerance(amount: float) -> float:
    return 1e-6 * max(1.0, abs(amount))
