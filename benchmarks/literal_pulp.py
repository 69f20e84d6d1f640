"""The paper's model written out as it is printed, in PuLP and solved by CBC, as its authors did: the side to beat.

A state of charge per EV and slot, import, export and a binary per slot; for ``tradeoff`` a binary per EV and slot with
a big M. What `twinev.sct` has beyond the paper is left out.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import pulp

from twinev.sct import Problem


@dataclass(frozen=True, kw_only=True)
class LiteralAnswer:
    """What CBC found: the objective, its proven gap as CBC tells it, and the seconds of building and solving."""

    objective: float | None
    seconds: float
    proven: bool


def solve_literally(problem: Problem, formulation: str = "cpo", *, gap: float = 1e-4, time_limit: float = 60):
    """Build and solve the printed model of a problem whose targets fit."""
    started = time.perf_counter()
    model, objective = _build(problem, formulation == "tradeoff")
    model.setObjective(objective)
    with warnings.catch_warnings():
        # PuLP 3 still brings CBC with it and announces that PuLP 4 will want it installed apart.
        warnings.simplefilter("ignore", DeprecationWarning)
        model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=gap, timeLimit=time_limit))
    seconds = time.perf_counter() - started
    found = model.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    return LiteralAnswer(
        objective=pulp.value(objective) if found else None,
        seconds=seconds,
        proven=model.sol_status == pulp.LpSolutionOptimal and seconds < time_limit,
    )


def _build(problem: Problem, waiting: bool) -> tuple[pulp.LpProblem, pulp.LpAffineExpression]:
    model = pulp.LpProblem("printed", pulp.LpMinimize)
    slots, hours = range(problem.slots), problem.horizon.slot_hours
    energy, waits = {}, []
    for n, session in enumerate(problem.sessions):
        last = problem.slots - 1 if session.departure_slot is None else session.departure_slot
        soc = session.soc_kwh
        for t in slots:
            present = session.arrival_slot <= t <= last
            energy[n, t] = model.add_variable(f"e_{n}_{t}", 0, session.evse_power_kw * hours[t] * present)
            held = model.add_variable(f"soc_{n}_{t}", 0, session.capacity_kwh)
            model += held == soc + energy[n, t]
            if waiting and present:
                binary = model.add_variable(f"z_{n}_{t}", cat="Binary")
                model += session.need_kwh * binary >= session.target_kwh - held
                waits.append(binary)
            soc = held
            if t == session.target_slot:
                model += held >= session.target_kwh
    cost = [_supply_point(problem, model, energy, t, hours[t]) for t in slots]
    return model, pulp.lpSum(cost) + problem.opportunity_cost_eur_per_slot * pulp.lpSum(waits)


def _supply_point(
    problem: Problem, model: pulp.LpProblem, energy: dict, t: int, hours: float
) -> pulp.LpAffineExpression:
    """Import, export and the binary between them; returns what the slot costs."""
    most, least = problem.supply_point.max_kw * hours, -problem.supply_point.min_kw * hours
    imported, exported = model.add_variable(f"in_{t}", 0), model.add_variable(f"out_{t}", 0)
    importing = model.add_variable(f"importing_{t}", cat="Binary")
    base = (problem.demand_kw[t] - problem.production_kw[t]) * hours
    evs = pulp.lpSum(energy[n, t] for n in range(len(problem.sessions)))
    model += imported - exported == base + evs
    model += imported <= most * importing
    model += exported <= least * (1 - importing)
    return problem.price_eur_per_kwh[t] * imported
