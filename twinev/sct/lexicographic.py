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
from twinev.sct.solver import Answer, Solver
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
    """

    name: str
    aim: Callable[[Model, np.ndarray], Aim]
    magnitude: Callable[[np.ndarray], float]
    largest: float


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
        if not self._take_steps(rigid, np.where(lost_kwh > 0, lost_kwh + 2 * SLACK_KWH, 0.0)):
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
        if not self._take_steps(limits, sharing.shortfall_kwh):
            self._rung = "incumbent"

    def _least_excess(self, rigid: list[cp.Constraint]) -> list[cp.Constraint] | None:
        """Minimise the excess over the limits, in all rows and slots together. [kWh]"""
        self._solver.begin("limit excess")
        excess_kwh, limits = flow_beyond_limits(self._model)
        exact = [switch.exact() for switch in self._model.switches]
        answer = self._solver.minimise(excess_kwh, [*self._model.physics, *limits, *exact], gap=0.0)
        if not answer.found:
            return None
        self._record("limit excess", answer)
        return rigid if answer.value <= NOTHING_KWH else [*limits, excess_kwh <= answer.value + NOTHING_KWH]

    def _take_steps(self, limits: list[cp.Constraint], shortfall_kwh: np.ndarray) -> bool:
        """Minimise each step in turn; False when the first one is infeasible."""
        inputs = self._model.inputs
        held = [*self._model.physics, *limits, deliver_by_target_slot(self._model.energy, inputs, shortfall_kwh)]
        met_kwh = inputs.need_kwh - shortfall_kwh
        for place, step in enumerate(self._steps):
            self._solver.begin(step.name)
            last = place == len(self._steps) - 1
            factor = self._perturbation(step, step.magnitude(met_kwh)) if last else 0.0
            aim = step.aim(self._model, shortfall_kwh)
            if self._model.switches or aim.switches:
                answer, kept = self._search(step, aim, held, factor)
            else:
                answer, kept = self._minimise(step, aim, held, factor), []
                if factor and answer.status == "optimal" and not self._within_gap(answer, answer.bound, aim):
                    # The objective is smaller than expected: the tie-break must wait.
                    factor = 0.0
                    answer = self._minimise(step, aim, held, factor)
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

    def _minimise(self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float) -> Answer:
        """Minimise aim + factor · tie-break, scaled so that the tie-break stands above the solver's tolerance."""
        if not factor:
            answer = self._solver.minimise(aim.value, [*held, *aim.constraints])
            if answer.found:
                self._keep()
            return answer
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
        self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float
    ) -> tuple[Answer, list[cp.Constraint]]:
        """Minimise an aim under binaries, without a search where the relaxation's plan is good enough.

        Whatever binaries are taken, those of the aim are fixed for the steps that follow.
        """
        switches = [*self._model.switches, *aim.switches]
        relaxed = self._solver.minimise(aim.value, [*held, *aim.constraints])
        if not relaxed.found:
            return relaxed, []
        bound, rung = relaxed.bound, "relaxation"
        best, choice = self._polish(step, aim, held, factor, [switch.suggest() for switch in switches])
        if not self._within_gap(best, bound, aim):
            exact = [switch.exact() for switch in switches]
            found = self._solver.minimise(aim.value, [*held, *aim.constraints, *exact])
            bound = max(bound, found.bound)
            if found.status == "infeasible":
                return found, []
            rung = "incumbent" if found.found else rung
            if found.found and not (best.found and best.value <= found.value):
                self._keep()
                searched = found
                best, choice = self._polish(step, aim, held, factor, [switch.found() for switch in switches])
                best = best if best.found else searched
        if not best.found:
            return best, []
        if not self._within_gap(best, bound, aim):
            self._rung = rung
        self._record(step.name, Answer(status="optimal", value=best.value, bound=min(bound, best.value)))
        self._choices_fixed = bool(aim.switches)
        last_only = choice if step is self._steps[-1] else choice[len(self._model.switches) :]
        return best, last_only

    def _polish(
        self, step: Step, aim: Aim, held: list[cp.Constraint], factor: float, values: list[np.ndarray]
    ) -> tuple[Answer, list[cp.Constraint]]:
        """Solve what remains when the binaries are fixed: linear, free of a search's tolerances, ties included."""
        switches = [*self._model.switches, *aim.switches]
        fixed = [switch.fixed(value) for switch, value in zip(switches, values, strict=True)]
        return self._minimise(step, aim, [*held, *fixed], factor), fixed

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
