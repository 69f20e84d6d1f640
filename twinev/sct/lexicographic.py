"""Solves a plan in the order of what matters: grid limits, shortfall, fair share, the steps' aims, the tie-break.

The usual case costs one solve: targets and limits are taken as hard, and the tie-break rides along as a perturbation.
Only when that is infeasible is it found out what must give way, and by how little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from twinev.sct.cpo import Model
from twinev.sct.equations import (
    Aim,
    deliver_by_target_slot,
    flow_beyond_supply_limits,
    flow_within_supply_limits,
)
from twinev.sct.schedule import Stage
from twinev.sct.shortfall import share_shortfall
from twinev.sct.solver import Answer, Solver
from twinev.sct.tie_break import LARGEST_COEFFICIENT, LEAST_EUR, LEAST_STEP, TieBreak

NOTHING_KWH = 1e-7
HOLD = 1e-9


@dataclass(frozen=True, kw_only=True)
class Step:
    """One aim, minimised after those before it.

    Parameters
    ----------
    aim : callable
        Builds the aim from the model; ``relaxed=True`` gives one without integers.
    floor : callable
        Proven lower bound of the aim's magnitude, from the energy that each session will get, (n_sessions,) in kWh.
    largest : float
        The aim's largest coefficient in magnitude.
    """

    name: str
    aim: Callable[..., Aim]
    floor: Callable[[np.ndarray], float]
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
        self._signs_fixed = False

    def run(self) -> Found:
        """Find the plan."""
        inputs = self._model.inputs
        rigid = flow_within_supply_limits(self._model.flow_kwh, inputs)
        reachable = (inputs.need_kwh <= inputs.reachable_kwh + NOTHING_KWH).all()
        if not (reachable and self._take_steps(rigid, np.zeros(inputs.shape[0]))):
            self._give_way(rigid)
        rung = self._rung if self._energy_kwh is not None else "rule-based"
        return Found(energy_kwh=self._energy_kwh, rung=rung, stages=tuple(self._stages))

    def _give_way(self, rigid: list[cp.Constraint]) -> None:
        """Settle how far limits and targets must give way, then take the steps under that."""
        limits = rigid if self._model.inputs.excess_is_known else self._least_excess(rigid)
        sharing = None if limits is None else share_shortfall(self._model, limits, self._solver)
        if sharing is None:
            return
        self._stages += sharing.stages
        self._energy_kwh = sharing.energy_kwh
        if not self._take_steps(limits, sharing.shortfall_kwh):
            self._rung = "incumbent"

    def _least_excess(self, rigid: list[cp.Constraint]) -> list[cp.Constraint] | None:
        """Minimise the excess over the supply point's limits, in all slots together. [kWh]"""
        excess_kwh, limits = flow_beyond_supply_limits(self._model.flow_kwh, self._model.inputs)
        answer = self._solver.minimise(excess_kwh, [*self._model.physics, *limits])
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
            last = place == len(self._steps) - 1
            factor = self._perturbation(step, step.floor(met_kwh)) if last else 0.0
            if step.aim(self._model).importing is not None:
                answer, kept = self._minimise_with_signs(step, held)
            elif factor:
                answer, kept = self._minimise_perturbed(step, held, factor), None
            else:
                answer, kept = self._minimise_plain(step, held)
            if answer.status == "infeasible" and place == 0:
                return False
            if not answer.found:
                self._rung = "incumbent"
                return True
            if kept is not None:
                held += kept
                if last and self._tie_break.most > 0:
                    self._break_ties(held)
        return True

    def _minimise_plain(self, step: Step, held: list[cp.Constraint]) -> tuple[Answer, list[cp.Constraint]]:
        aim = step.aim(self._model)
        answer = self._solver.minimise(aim.value, [*held, *aim.constraints])
        if answer.found:
            self._record(step.name, answer)
            self._keep()
        return answer, _holding(aim, answer.value)

    def _perturbation(self, step: Step, floor: float) -> float:
        """The factor of the tie-break in the last step's objective; 0 where it would drown in rounding."""
        factor = self._tie_break.factor(self._solver.gap, floor)
        return factor if factor * LARGEST_COEFFICIENT >= LEAST_STEP * step.largest else 0.0

    def _minimise_perturbed(self, step: Step, held: list[cp.Constraint], factor: float) -> Answer:
        """Minimise aim + factor · tie-break, scaled so that the tie-break stands above the solver's tolerance."""
        aim, ties = step.aim(self._model), self._ties()
        scale = min(0.01 / factor, LARGEST_COEFFICIENT / step.largest)
        answer = self._solver.minimise(scale * (aim.value + factor * ties), [*held, *aim.constraints])
        if not answer.found:
            return answer
        value = float(aim.value.value)
        given_up = 0.0 if aim.value.is_constant() else factor * max(self._tie_break.most - float(ties.value), 0.0)
        bound = value - given_up - (answer.value - answer.bound) / scale
        answer = Answer(status=answer.status, value=value, bound=bound)
        self._record(step.name, answer)
        self._keep()
        return answer

    def _minimise_with_signs(self, step: Step, held: list[cp.Constraint]) -> tuple[Answer, list[cp.Constraint]]:
        """Minimise an aim whose import has binaries, without them where that is enough.

        The relaxation comes first: where its plan costs no more than its bound, it is the optimum. Whatever plan is
        taken, the slots in which it imports are fixed then, and what follows is linear again.
        """
        aim = step.aim(self._model, relaxed=True)
        lower = self._solver.minimise(aim.value, [*held, *aim.constraints])
        if not lower.found:
            return lower, []
        self._keep()
        fixed = [*aim.constraints, aim.importing == (aim.open_flow_kwh.value > 0).astype(float)]
        best, bound, rung = self._solver.minimise(aim.value, [*held, *fixed]), lower.bound, "relaxation"
        if best.found:
            self._keep()
        if not self._within_gap(best, bound):
            exact = step.aim(self._model)
            proven = self._solver.minimise(exact.value, [*held, *exact.constraints])
            bound = max(bound, proven.bound)
            if proven.found:
                self._keep()
                rung = "incumbent"
                fixed = [*aim.constraints, aim.importing == np.round(exact.importing.value)]
                polished = self._solver.minimise(aim.value, [*held, *fixed])
                best = polished if polished.found else proven
                if polished.found:
                    self._keep()
        if not self._within_gap(best, bound):
            self._rung = rung
        if not best.found:
            return best, []
        answer = Answer(status="optimal", value=best.value, bound=min(bound, best.value))
        self._record(step.name, answer)
        self._signs_fixed = True
        return answer, [*fixed, *_holding(aim, best.value)]

    def _within_gap(self, answer: Answer, bound: float) -> bool:
        return answer.found and answer.value - bound <= self._solver.gap * max(abs(answer.value), LEAST_EUR)

    def _break_ties(self, held: list[cp.Constraint]) -> None:
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
        # Once signs were fixed, a later step is the best under them, which proves nothing about others.
        bound = None if self._signs_fixed or not np.isfinite(answer.bound) else round(answer.bound, 9) + 0.0
        self._stages.append(Stage(name=name, value=round(answer.value, 9) + 0.0, bound=bound))


def _holding(aim: Aim, value: float) -> list[cp.Constraint]:
    """What keeps an aim at the value that it reached."""
    return [*aim.constraints, aim.value <= value + HOLD * max(1.0, abs(value))] if np.isfinite(value) else []
