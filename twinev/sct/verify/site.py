"""All sessions together: groups, the supply point's balance, its limits and those of its phases."""

from __future__ import annotations

import numpy as np

from twinev.sct.verify.broken import TOLERANCE_KWH, Findings, told
from twinev.sct.verify.facts import Facts

SUPPLY_POINT = "supply point"
PHASES = ("L1", "L2", "L3")


def check_site(facts: Facts, findings: Findings) -> None:
    """Check the groups and the supply point."""
    _check_groups(facts, findings)
    base_kw = np.array(facts.problem.demand_kw) - np.array(facts.problem.production_kw)
    base_kwh, energy_kwh = base_kw * facts.hours, facts.energy_kwh
    flow_kwh = base_kwh + energy_kwh.sum(axis=0)
    _check_balance(facts, findings, flow_kwh)
    places = {SUPPLY_POINT: _supply_excess_kwh(facts, flow_kwh), **_phase_excess_kwh(facts, base_kwh, energy_kwh)}
    _check_excess(facts, findings, places)


def _check_groups(facts: Facts, findings: Findings) -> None:
    """Σ e of a group's sessions ≤ its limit·h, with discharge set off against charging."""
    groups, energy_kwh = facts.problem.groups, facts.energy_kwh
    place = {session.id: n for n, session in enumerate(facts.problem.sessions)}
    shape = (len(groups), facts.problem.slots)
    members = ([place[session_id] for session_id in group.session_ids] for group in groups)
    sum_kwh = np.array([energy_kwh[rows].sum(axis=0) for rows in members]).reshape(shape)
    limit_kwh = np.array([group.max_kw for group in groups]).reshape(shape) * facts.hours
    findings.at_most("group limit", tuple(f"group {group.id}" for group in groups), sum_kwh, limit_kwh)


def _check_balance(facts: Facts, findings: Findings, flow_kwh: np.ndarray) -> None:
    """Import and export are the two parts of one net flow, one at a time, Eq. (4)."""
    who, imported_kwh, exported_kwh = (SUPPLY_POINT,), facts.imported_kwh[None, :], facts.exported_kwh[None, :]
    findings.equal("energy balance, Eq. (4)", who, imported_kwh - exported_kwh, flow_kwh[None, :])
    findings.at_least("import is not negative", who, imported_kwh, 0.0)
    findings.at_least("export is not negative", who, exported_kwh, 0.0)
    findings.at_most("never import and export at once", who, np.minimum(imported_kwh, exported_kwh), 0.0)


def _supply_excess_kwh(facts: Facts, flow_kwh: np.ndarray) -> np.ndarray:
    """What flows beyond min·h ≤ f ≤ (max + flexibility)·h. [kWh]"""
    supply = facts.problem.supply_point
    order_kw = np.array(facts.problem.flexibility_kw) * facts.counted.flexibility
    over_kwh = flow_kwh - (supply.max_kw + order_kw) * facts.hours
    under_kwh = supply.min_kw * facts.hours - flow_kwh
    return np.maximum(over_kwh, 0) + np.maximum(under_kwh, 0)


def _phase_excess_kwh(facts: Facts, base_kwh: np.ndarray, energy_kwh: np.ndarray) -> dict[str, np.ndarray]:
    """What flows beyond each phase's limit, either way; demand and production are even over the phases. [kWh]"""
    limits_kw, sessions = facts.problem.supply_point.phase_max_kw, facts.problem.sessions
    if limits_kw is None:
        return {}
    excess_kwh = {}
    for phase, limit_kw in zip(PHASES, limits_kw, strict=True):
        share = np.array([(phase in session.phases) / len(session.phases) for session in sessions])
        flow_kwh = base_kwh / len(PHASES) + share @ energy_kwh
        excess_kwh[f"phase {phase}"] = np.maximum(np.abs(flow_kwh) - limit_kw * facts.hours, 0)
    return excess_kwh


def _check_excess(facts: Facts, findings: Findings, places: dict[str, np.ndarray]) -> None:
    """The excess of all places together is told; each place has the tolerance of one constraint."""
    names, excess_kwh = tuple(places), np.array(list(places.values()))
    claimed_kwh = np.array(facts.schedule.supply_point.limit_excess_kwh, dtype=float)
    least_kwh = np.maximum(excess_kwh - TOLERANCE_KWH, 0).sum(axis=0)
    most_kwh = excess_kwh.sum(axis=0) + TOLERANCE_KWH
    wrong = np.flatnonzero(~((claimed_kwh >= least_kwh) & (claimed_kwh <= most_kwh)))
    if wrong.size:
        slot = int(wrong[0])
        parts = [f"{name} {told(kwh, 'kWh')}" for name, kwh in zip(names, excess_kwh[:, slot], strict=True) if kwh > 0]
        worst = names[int(np.argmax(excess_kwh[:, slot]))]
        allowed = told(excess_kwh[:, slot].sum(), "kWh") + (f" ({', '.join(parts)})" if len(parts) > 1 else "")
        where = f"{worst}, slot {slot}" + (f" (and {wrong.size - 1} more)" if wrong.size > 1 else "")
        findings.add("excess over the limits is told", where, told(claimed_kwh[slot], "kWh"), allowed)
    if (facts.schedule.status == "infeasible") != bool((claimed_kwh > 0).any()):
        allowed = "infeasible exactly where a limit is exceeded"
        findings.add("status", "status", facts.schedule.status, allowed)
