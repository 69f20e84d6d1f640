"""Solves a plan in the order of what matters: grid limits, shortfall, fair share, the steps' aims, the tie-break.

The usual case costs one solve: targets and limits are taken as hard, and the tie-break rides along as a perturbation.
Only when that is infeasible is it found out what must give way, and by how little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.equations import Model, deliver_by_target_slot, flow_beyond_limits, flow_within_limits
from twinev.sct.schedule import Stage
from twinev.sct.shortfall import NOTHING_KWH, SLACK_KWH, share_shortfall
from twinev.sct.solver import Answer, Proven, Solver
from twinev.sct.tie_break import LARGEST_COEFFICIENT, LEAST_EUR, LEAST_STEP, TieBreak

HOLD = 1e-9


@dataclass(frozen=True, kw_only=True)
class Step:
    """One aim, minimised after those before it.

    Parameters
    ----------
    aim : callable
        Builds the aim from the model and what each session is short of, (n_sessions,) in kWh.
    magnitude : callable
        About how large the aim will be, from what each session's battery will get, (n_sessions,) in kWh.
    largest : float
        The aim's largest coefficient in magnitude.
    shortcut : callable, optional
        A faster road to a plan and a bound on the aim than its binaries are, from what each session is short of.
    """

    name: str
    aim: Callable[[Model, np.ndarray], Aim]
    magnitude: Callable[[np.ndarray], float]
    largest: float
    shortcut: Callable[[np.ndarray, Solver], Proven | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A plan (None: nothing was found in time), the rung that it came from, and what each stage proved."""

    energy_kwh: np.ndarray | None
    rung: str
    stages: tuple[Stage, ...]


class LexicographicSolve:
    """One plan's way through the steps.

    Parameters
    ----------
    model : Model
        Variables and hard constraints of the formulation.
    steps : list of Step
        What to minimise, in order; the last one carries the tie-break.
    tie_break : TieBreak
        The weights of the sessions whose order is still open after the last step.
    solver : Solver
        What solves each step, within the time that is left.
    """

    def __init__(self, *, model: Model, steps: list[Step], tie_break: TieBreak, solver: Solver) -> None:
        self._model = model
        self._steps = steps
        self._tie_break = tie_break
        self._solver = solver
        self._stages: list[Stage] = []
        self._rung = "optimum"
        self._energy_kwh: np.ndarray | None = None
        self._choices_fixed = False

    def run(self) -> Found:
        """Find the plan."""
        inputs = self._model.inputs
        rigid = flow_within_limits(self._model)
        # What a session cannot take even alone is short in every plan.
        lost_kwh = np.maximum(inputs.need_kwh - inputs.reachable_kwh, 0.0)
        lost_kwh[lost_kwh <= NOTHING_KWH] = 0.0
        if lost_kwh.any():
            lost = round(float(lost_kwh.sum()), 9)
            self._stages.append(Stage(name="shortfall", value=lost, bound=lost))
        short_kwh = np.where(lost_kwh > 0, lost_kwh + 2 * SLACK_KWH, 0.0)
        delivered = deliver_by_target_slot(self._model.energy, inputs, short_kwh)
        if not self._take_steps([*rigid, delivered], short_kwh):
            self._stages.clear()
            self._give_way(rigid, lost_kwh)
        rung = self._rung if self._energy_kwh is not None else "rule-based"
        return Found(energy_kwh=self._energy_kwh, rung=rung, stages=tuple(self._stages))

    def _give_way(self, rigid: list[cp.Constraint], lost_kwh: np.ndarray) -> None:
        """Settle how far limits and targets must give way, then take the steps under that."""
        limits = rigid if self._model.inputs.excess_is_known else self._least_excess(rigid)
        sharing = None if limits is None else share_shortfall(self._model, limits, lost_kwh, self._solver)
        if sharing is None:
            return
        self._stages += sharing.stages
        self._energy_kwh = sharing.energy_kwh
        if not self._take_steps([*limits, *sharing.kept], sharing.shortfall_kwh) or not sharing.closed:
            self._rung = "incumbent"

    def _least_excess(self, rigid: list[cp.Constraint]) -> list[cp.Constraint] | None:
        """Minimise the excess over the limits, in all rows and slots together. [kWh]"""
        self._solver.begin("limit excess")
        excess_kwh, limits = flow_beyond_limits(self._model)
        exact = [switch.exact() for switch in self._model.switches]
        answer = self._solver.minimise(excess_kwh, [*self._model.physics, *limits, *exact])
        if not answer.found:
            return None
        self._record("limit excess", answer)
        return rigid if answer.value <= NOTHING_KWH else [*limits, excess_kwh <= answer.value + NOTHING_KWH]

    def _take_steps(self, limits: list[cp.Constraint], shortfall_kwh: np.ndarray) -> bool:
        """Minimise each step in turn, within limits and targets; False when the first one is infeasible."""
        held = [*self._model.physics, *limits]
        met_kwh = self._model.inputs.need_kwh - shortfall_kwh
        for place, step in enumerate(self._steps):
            self._solver.begin(step.name)
            last = place == len(self._steps) - 1
            factor = self._perturbation(step, step.magnitude(met_kwh)) if last else 0.0
            aim = step.aim(self._model, shortfall_kwh)
            if self._model.switches or aim.switches:
                start = step.shortcut(shortfall_kwh, self._solver) if step.shortcut else None
                answer, kept, factor = self._search(step, aim, held, factor, start)
            else:
                kept = []
                answer, factor = self._minimise(step, aim, held, factor)
                if answer.found:
                    self._record(step.name, answer)
            if answer.status == "infeasible" and place == 0:
                return False
            if not answer.found:
                self._rung = "incumbent"
                return True
            if not last:
                held += [*kept, *_holding(aim, answer.value)]
            elif not factor and self._tie_break.most > 0:
                self._break_ties([*held, *kept, *_holding(aim, answer.value)])
        return True

    def _perturbation(self, step: Step, magnitude: float) -> float:
        """How much of the tie-break rides along with the objective; 0 where it would drown in rounding."""
        factor = self._tie_break.factor(self._solver.gap, magnitude)
        return factor if factor * LARGEST_COEFFICIENT >= LEAST_STEP * step.largest else 0.0

    def _minimise(self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float) -> tuple[Answer, float]:
        """Minimise an aim, the tie-break riding along if it can: 0 for its factor means that it must wait."""
        if factor:
            answer = self._minimise_perturbed(step, aim, held, factor)
            # The objective may be smaller than expected, and the tie-break have cost too much of it.
            if answer.status != "optimal" or self._within_gap(answer, answer.bound, aim):
                return answer, factor
        answer = self._solver.minimise(aim.value, [*held, *aim.constraints])
        if answer.found:
            self._keep()
        return answer, 0.0

    def _minimise_perturbed(self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float) -> Answer:
        """Minimise aim + factor · tie-break, scaled so that the tie-break stands above the solver's tolerance."""
        ties = self._ties()
        scale = min(0.01 / factor, LARGEST_COEFFICIENT / step.largest)
        objective = scale * (aim.value + factor * ties)
        answer = self._solver.minimise(objective, [*held, *aim.constraints], scale=scale)
        if not answer.found:
            return answer
        value = float(aim.value.value)
        given_up = 0.0 if aim.value.is_constant() else factor * max(self._tie_break.most - float(ties.value), 0.0)
        self._keep()
        bound = value - given_up - (answer.value - answer.bound) / scale
        return Answer(status=answer.status, value=value, bound=bound)

    def _search(
        self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float, start: Proven | None
    ) -> tuple[Answer, list[cp.Constraint], float]:
        """Minimise an aim under binaries, without a search where a start or the relaxation's plan is good enough.

        Whatever binaries are taken, those of the aim are fixed for the steps that follow. The last value returned is
        the tie-break's factor, now that the aim's magnitude is known.
        """
        switches = [*self._model.switches, *aim.switches]
        if start is None:
            relaxed = self._solver.minimise(aim.value, [*held, *aim.constraints])
            if not relaxed.found:
                return relaxed, [], factor
            bound, rung = relaxed.bound, "relaxation"
        else:
            self._model.energy.set(start.energy_kwh, self._model.inputs)
            self._keep()
            bound, rung = start.bound, "incumbent"
        if step is self._steps[-1]:
            factor = self._perturbation(step, bound - aim.constant)
        best, choice, factor = self._polish(step, aim, held, factor, [switch.suggest() for switch in switches])
        if start is not None and not best.found:
            best = Answer(status="incumbent", value=start.value, bound=bound)
        if not self._within_gap(best, bound, aim):
            exact = [*(switch.exact() for switch in switches), *aim.sparing]
            allowed = self._allowed(best, bound, aim) / 2
            found = self._solver.minimise(aim.value, [*held, *aim.constraints, *exact], gap=allowed)
            bound = max(bound, found.bound)
            if found.status == "infeasible":
                return found, [], factor
            rung = "incumbent" if found.found else rung
            if found.found and not (best.found and best.value <= found.value):
                self._keep()
                values = [switch.found() for switch in switches]
                best, choice, factor = self._polish(step, aim, held, factor, values)
                best = best if best.found else found
        if not best.found:
            return Answer(status="nothing"), [], factor
        if not self._within_gap(best, bound, aim):
            self._rung = rung
        self._record(step.name, Answer(status="optimal", value=best.value, bound=min(bound, best.value)))
        self._choices_fixed = bool(aim.switches)
        last_only = choice if step is self._steps[-1] else choice[len(self._model.switches) :]
        return best, last_only, factor

    def _polish(
        self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float, values: list[np.ndarray]
    ) -> tuple[Answer, list[cp.Constraint], float]:
        """Solve what remains when the binaries are fixed: linear, free of a search's tolerances, ties included."""
        switches = [*self._model.switches, *aim.switches]
        fixed = [switch.fixed(value) for switch, value in zip(switches, values, strict=True)]
        answer, factor = self._minimise(step, aim, [*held, *fixed], factor)
        return answer, fixed, factor

    def _allowed(self, answer: Answer, bound: float, aim: Aim) -> float:
        """How far a search may stay from its bound, whatever the optimum between the two turns out to be."""
        ends = [bound - aim.constant, *([answer.value - aim.constant] if answer.found else [])]
        one_sided = min(ends) > 0 or (answer.found and max(ends) < 0)
        surely = min(map(abs, ends)) if one_sided else 0.0
        return self._solver.gap * max(surely, LEAST_EUR)

    def _within_gap(self, answer: Answer, bound: float, aim: Aim) -> bool:
        magnitude = max(abs(answer.value - aim.constant), LEAST_EUR)
        return answer.found and answer.value - bound <= self._solver.gap * magnitude

    def _break_ties(self, held: list[cp.Constraint]) -> None:
        self._solver.begin("ties")
        answer = self._solver.minimise(self._ties(), held)
        if answer.found:
            self._keep()

    def _ties(self) -> cp.Expression:
        return cp.sum(cp.multiply(self._tie_break.weights, self._model.energy.handled_kwh))

    def _keep(self) -> None:
        """Remember the plan that is in the variables: the next solve overwrites them."""
        self._energy_kwh = np.array(self._model.energy.net_kwh.value)

    def _record(self, name: str, answer: Answer) -> None:
        if answer.status == "incumbent":
            self._rung = "incumbent"
        # Once choices were fixed, a later step is the best under them, which proves nothing about others.
        bound = None if self._choices_fixed or not np.isfinite(answer.bound) else round(answer.bound, 9) + 0.0
        self._stages.append(Stage(name=name, value=round(answer.value, 9) + 0.0, bound=bound))


def _holding(aim: Aim, value: float) -> list[cp.Constraint]:
    """What keeps an aim at the value that it reached."""
    return [*aim.constraints, aim.value <= value + HOLD * max(1.0, abs(value))] if np.isfinite(value) else []
