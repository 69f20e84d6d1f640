"""Turns the drivers' profiles into the steps of one solve; the module whose import loads CVXPY.

A mix is solved in the order fast → green → cheap → default, each step keeping what the earlier ones reached. A session
without a profile follows the formulation's own objective, which in ``cpo`` and ``grid`` is the cost of imported energy:
it takes part in the step of the cheap ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from twinev.sct import cpo, grid_support
from twinev.sct.inputs import Inputs
from twinev.sct.lexicographic import Found, LexicographicSolve, Step
from twinev.sct.profiles import cheap, default
from twinev.sct.solver import Solver
from twinev.sct.tie_break import read_tie_break

FORMULATIONS = {"cpo": cpo, "grid": grid_support}
ORDER = (cheap, default)


def find_plan(
    inputs: Inputs,
    *,
    formulation: str,
    profiles: Sequence[str | None],
    tie_break: str,
    solver: str,
    gap: float,
    deadline_s: float,
) -> tuple[Found, str]:
    """Find the best plan until a deadline; the second value names the solvers that were used.

    Parameters
    ----------
    profiles : sequence of str or None, (n_sessions,)
        Each session's profile.
    solver, gap, deadline_s
        As for `Solver`.
    """
    solving = Solver(choice=solver, gap=gap, deadline_s=deadline_s)
    model = FORMULATIONS[formulation].build(inputs)
    masks = _masks(profiles)
    steps = _steps(inputs, masks, own_objective=not any(profiles))
    by_order = ~masks[default.NAME]
    found = LexicographicSolve(
        model=model, steps=steps, tie_break=read_tie_break(inputs, tie_break, by_order), solver=solving
    ).run()
    if found.energy_kwh is not None and masks[default.NAME].any():
        shared_kwh = default.share_in_proportion(found.energy_kwh, inputs, masks[default.NAME], solving)
        found = replace(found, energy_kwh=shared_kwh)
    return found, " + ".join(solving.used) or "none"


def _masks(profiles: Sequence[str | None]) -> dict[str, np.ndarray]:
    names = np.array([profile or cheap.NAME for profile in profiles])
    return {module.NAME: names == module.NAME for module in ORDER}


def _steps(inputs: Inputs, masks: dict[str, np.ndarray], *, own_objective: bool) -> list[Step]:
    earlier = np.zeros(inputs.shape[0], dtype=bool)
    steps = []
    for module in ORDER:
        mask = masks[module.NAME]
        if mask.any():
            name = "cost" if own_objective else module.NAME
            aim = partial(module.aim, sessions=mask, earlier=earlier)
            floor = partial(module.floor, inputs, mask, earlier)
            steps.append(Step(name=name, aim=aim, floor=floor, largest=module.largest(inputs)))
        earlier = earlier | mask
    return steps
