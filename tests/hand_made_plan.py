"""Assembles the right schedule of given energies in plain Python: shares no code with what plans or verifies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twinev.sct import Problem, Schedule, SessionRequest, SessionSchedule, SupplyPointSchedule, Verification

NEGLIGIBLE_KWH = 5e-7


def plan_of(problem: Problem, energy_kwh: list[list[float]], formulation: str = "cpo", **changes: Any) -> Schedule:
    """Return the schedule that says of these energies, (n_sessions, n_slots), what is true of them.

    ``changes`` replaces fields afterwards: a claim that is not true.
    """
    sessions = tuple(_session(*pair) for pair in zip(problem.sessions, energy_kwh, strict=True))
    supply_point = _supply_point(problem, energy_kwh, formulation)
    objective = _cost_eur(problem, energy_kwh, supply_point)
    if formulation == "tradeoff":
        waited = sum(_waiting_slots(*pair, problem.slots) for pair in zip(problem.sessions, sessions, strict=True))
        objective += problem.opportunity_cost_eur_per_slot * waited
    schedule = Schedule(
        scenario_sha256=problem.sha256,
        formulation=formulation,
        profile=None,
        tie_break=problem.tie_break,
        status="infeasible" if any(supply_point.limit_excess_kwh) else "optimal",
        objective=round(objective, 9),
        bound=round(objective, 9),
        gap=0.0,
        solver="none",
        method="by hand",
        solve_seconds=0.0,
        sessions=sessions,
        supply_point=supply_point,
        problem=problem,
    )
    return replace(schedule, **changes)


def _session(request: SessionRequest, energy_kwh: list[float]) -> SessionSchedule:
    held, soc_kwh = request.soc_kwh, []
    for energy in energy_kwh:
        held += energy * request.charge_efficiency if energy > 0 else energy / request.discharge_efficiency
        soc_kwh.append(round(held, 9))
    target_kwh = request.target_soc * request.capacity_kwh
    reached = [slot for slot, soc in enumerate(soc_kwh) if soc >= target_kwh - NEGLIGIBLE_KWH]
    missing_kwh = target_kwh - soc_kwh[request.target_slot]
    return SessionSchedule(
        id=request.id,
        energy_kwh=tuple(map(float, energy_kwh)),
        soc_kwh=tuple(soc_kwh),
        reached_slot=reached[0] if reached else None,
        shortfall_kwh=round(missing_kwh, 9) if missing_kwh > NEGLIGIBLE_KWH else 0.0,
    )


def _supply_point(problem: Problem, energy_kwh: list[list[float]], formulation: str) -> SupplyPointSchedule:
    imported, exported, excess = [], [], []
    for slot, hours in enumerate(problem.horizon.slot_hours):
        base_kwh = (problem.demand_kw[slot] - problem.production_kw[slot]) * hours
        flow_kwh = round(base_kwh + sum(row[slot] for row in energy_kwh), 9)
        imported.append(max(flow_kwh, 0.0))
        exported.append(max(-flow_kwh, 0.0))
        order_kw = problem.flexibility_kw[slot] if formulation in {"grid", "tradeoff"} else 0.0
        beyond_kwh = max(flow_kwh - (problem.supply_point.max_kw + order_kw) * hours, 0.0)
        beyond_kwh += max(problem.supply_point.min_kw * hours - flow_kwh, 0.0)
        for place, limit_kw in enumerate(problem.supply_point.phase_max_kw or ()):
            phase_kwh = base_kwh / 3 + _through_phase(problem, energy_kwh, f"L{place + 1}", slot)
            beyond_kwh += max(phase_kwh - limit_kw * hours, -limit_kw * hours - phase_kwh, 0.0)
        excess.append(round(beyond_kwh, 9) if beyond_kwh > NEGLIGIBLE_KWH else 0.0)
    return SupplyPointSchedule(
        imported_kwh=tuple(imported), exported_kwh=tuple(exported), limit_excess_kwh=tuple(excess)
    )


def _through_phase(problem: Problem, energy_kwh: list[list[float]], phase: str, slot: int) -> float:
    rows = zip(problem.sessions, energy_kwh, strict=True)
    return sum(row[slot] / len(request.phases) for request, row in rows if phase in request.phases)


def _cost_eur(problem: Problem, energy_kwh: list[list[float]], supply_point: SupplyPointSchedule) -> float:
    cost_eur = highest_kw = 0.0
    for slot, hours in enumerate(problem.horizon.slot_hours):
        cost_eur += problem.price_eur_per_kwh[slot] * supply_point.imported_kwh[slot]
        cost_eur -= problem.export_price_eur_per_kwh[slot] * supply_point.exported_kwh[slot]
        highest_kw = max(highest_kw, supply_point.imported_kwh[slot] / hours)
    for request, row in zip(problem.sessions, energy_kwh, strict=True):
        cost_eur += request.wear_eur_per_kwh * sum(-energy for energy in row if energy < 0)
    return cost_eur + problem.demand_charge_eur_per_kw * highest_kw


def _waiting_slots(request: SessionRequest, planned: SessionSchedule, slots: int) -> int:
    last = slots - 1 if request.departure_slot is None else request.departure_slot
    target_kwh = request.target_soc * request.capacity_kwh
    stay = planned.soc_kwh[request.arrival_slot : last + 1]
    return request.previous_slots + sum(soc < target_kwh - NEGLIGIBLE_KWH for soc in stay)


def set_slot(values: tuple[float, ...], slot: int, value: float) -> tuple[float, ...]:
    """Replace one value of a series."""
    return (*values[:slot], value, *values[slot + 1 :])


def with_session(schedule: Schedule, **changes: Any) -> Schedule:
    """Let the first session's plan say something else."""
    return replace(schedule, sessions=(replace(schedule.sessions[0], **changes), *schedule.sessions[1:]))


def with_supply(schedule: Schedule, **changes: Any) -> Schedule:
    """Let the schedule say something else of the supply point."""
    return replace(schedule, supply_point=replace(schedule.supply_point, **changes))


def rules(verification: Verification) -> list[str]:
    """The names of the broken rules."""
    return [broken.rule for broken in verification.broken]
