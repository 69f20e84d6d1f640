"""`optimise`: a problem in, a verified schedule out, whatever the solver manages in the time that it has."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from twinev.domain.checks import require_finite
from twinev.errors import BadInput, SolverFailure
from twinev.sct.assemble import (
    constant_eur,
    objective_eur,
    session_schedules,
    supply_point_schedule,
    tidy_energy,
)
from twinev.sct.diagnose import say_why
from twinev.sct.inputs import Inputs, read_inputs
from twinev.sct.loading import begin_loading, staging_within
from twinev.sct.problem import Problem
from twinev.sct.progress import DONE, Progress, ProgressListener
from twinev.sct.rule_based import plan_by_rule
from twinev.sct.schedule import Schedule, Stage, SupplyPointSchedule
from twinev.sct.session_request import PROFILES
from twinev.sct.verify import verify

SOLVERS = ("auto", "scip", "highs")
LEAST_EUR = 0.01
BOUND_ROUNDING = 1e-6
RUNGS = {
    "optimum": "optimum",
    "incumbent": "incumbent: the best plan found within the time limit",
    "relaxation": "relaxation: the plan nearest to the optimum without binaries, at its true cost",
    "rule-based": "rule-based: least laxity first, no solver was done in time",
}


def optimise(  # noqa: PLR0917 (the signature is public)
    problem: Problem,
    formulation: str = "cpo",
    profile: str | None = None,
    solver: str = "auto",
    gap: float = 1e-4,
    time_limit: float = 60,
    *,
    on_progress: ProgressListener | None = None,
) -> Schedule:
    """Plan a site.

    Parameters
    ----------
    problem : Problem
        The scenario.
    formulation : str
        ``cpo`` (Eq. 1–22), ``v2g`` (discharge counts too), ``grid`` (flexibility orders too) or ``tradeoff``
        (waiting costs too).
    profile : str, optional
        Overrides every session's own; None leaves them.
    solver : str
        ``auto``, ``scip`` or ``highs``.
    gap : float
        Relative distance to the proven bound at which the plan counts as optimal.
    time_limit : float
        When to stop with the best plan found. With 0 no solver is loaded: the plan is the rule-based one. [s]
    on_progress : callable, optional
        Is told a `twinev.sct.progress.Progress` at every stage and, within a search, every now and then;
        `twinev.sct.progress.show_progress` makes one that shows it.

    Returns
    -------
    Schedule
        A plan that `verify` found to hold; where limits or targets had to give way it says so.

    Raises
    ------
    BadInput
        An argument or the scenario cannot be used.
    """
    started = time.monotonic()
    _check(solver, gap, time_limit)
    profiles = _profiles(problem, profile)
    inputs = read_inputs(problem, formulation)
    decides = bool(inputs.charge_limit_kwh.any() or inputs.discharge_limit_kwh.any())
    if decides and time_limit > 0:
        begin_loading()
    candidates = [_Candidate(energy_kwh=plan_by_rule(inputs), rung="rule-based", solver="none")]
    if decides and time_limit > 0:
        candidates += _solved(
            inputs,
            formulation=formulation,
            profiles=profiles,
            tie_break=problem.tie_break,
            options={"choice": solver, "gap": gap, "started_s": started, "deadline_s": started + time_limit},
            listener=on_progress,
        )
    elif not decides:
        candidates.append(_Candidate(energy_kwh=np.zeros(inputs.shape), rung="optimum", solver="none"))
    head = {"formulation": formulation, "profile": profile}
    minimised = _objective_stages(formulation, profiles)
    for candidate in reversed(candidates):
        schedule = _schedule(problem, inputs, candidate, minimised=minimised, started=started, **head)
        verification = verify(problem, schedule)
        if verification.holds:
            _tell_done(schedule, on_progress)
            return schedule
    raise SolverFailure(f"not even the rule-based plan holds: {verification}; please report this scenario")


def _tell_done(schedule: Schedule, listener: ProgressListener | None) -> None:
    if listener is not None:
        known = {"incumbent": schedule.objective, "bound": schedule.bound, "gap": schedule.gap}
        listener(Progress(stage=DONE, seconds=schedule.solve_seconds, **known))


def _objective_stages(formulation: str, profiles: list[str | None]) -> tuple[str, ...]:
    """Names of the last stage that tell of a minimised objective; none where drivers chose something else."""
    if not any(profiles):
        return ("trade-off",) if formulation == "tradeoff" else ("cost",)
    return ("cheap",) if formulation != "tradeoff" and set(profiles) <= {None, "cheap"} else ()


def _solved(inputs: Inputs, *, options: dict, listener: ProgressListener | None, **asked) -> list[_Candidate]:
    """What the solvers find until the deadline: a plan, or nothing."""
    staging = staging_within(options["deadline_s"] - time.monotonic())
    if staging is None:
        return []
    solver = staging.Solver(listener=listener, **options)
    found = staging.find_plan(inputs, solver=solver, **asked)
    if found.energy_kwh is None:
        return []
    used = " + ".join(solver.used) or "none"
    return [_Candidate(energy_kwh=found.energy_kwh, rung=found.rung, solver=used, stages=found.stages)]


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A plan on its way out, with what is known of it."""

    energy_kwh: np.ndarray
    rung: str
    solver: str
    stages: tuple[Stage, ...] = ()


def _schedule(
    problem: Problem,
    inputs: Inputs,
    candidate: _Candidate,
    *,
    formulation: str,
    profile: str | None,
    minimised: tuple[str, ...],
    started: float,
) -> Schedule:
    energy_kwh = tidy_energy(candidate.energy_kwh, inputs)
    sessions = session_schedules(problem, inputs, energy_kwh)
    supply_point = supply_point_schedule(inputs, energy_kwh)
    objective = objective_eur(inputs, energy_kwh, supply_point)
    bound = _bound(candidate, objective, minimised)
    magnitude = max(abs(objective - constant_eur(inputs)), LEAST_EUR)
    return Schedule(
        scenario_sha256=problem.sha256,
        formulation=formulation,
        profile=profile,
        tie_break=problem.tie_break,
        status=_status(candidate.rung, supply_point),
        objective=objective,
        bound=bound,
        gap=None if bound is None else round((objective - bound) / magnitude, 9),
        solver=candidate.solver,
        method=RUNGS[candidate.rung],
        solve_seconds=round(time.monotonic() - started, 4),
        sessions=sessions,
        supply_point=supply_point,
        stages=candidate.stages,
        explanations=tuple(say_why(problem, inputs, energy_kwh, candidate.rung)),
        problem=problem,
    )


def _bound(candidate: _Candidate, objective: float, minimised: tuple[str, ...]) -> float | None:
    """What was proven of the objective itself: the last stage's bound, where the objective was its aim."""
    if not minimised:
        return None
    if not candidate.stages:
        return objective if candidate.rung == "optimum" else None
    last = candidate.stages[-1]
    if last.name not in minimised or last.bound is None:
        return None
    # Rounding may carry a bound over its objective; more than rounding is for `verify` to find.
    rounded = last.bound - objective <= BOUND_ROUNDING * max(1.0, abs(objective))
    return min(last.bound, objective) if rounded else last.bound


def _status(rung: str, supply_point: SupplyPointSchedule) -> str:
    if any(supply_point.limit_excess_kwh):
        return "infeasible"
    return "optimal" if rung == "optimum" else "feasible"


def _check(solver: str, gap: float, time_limit: float) -> None:
    if solver not in SOLVERS:
        raise BadInput("solver", solver, ", ".join(SOLVERS))
    require_finite("gap", gap, at_least=0, at_most=1)
    require_finite("time_limit", time_limit, at_least=0)


def _profiles(problem: Problem, override: str | None) -> list[str | None]:
    if override is not None and override not in PROFILES:
        raise BadInput("profile", override, ", ".join(PROFILES))
    return [override or session.profile for session in problem.sessions]
