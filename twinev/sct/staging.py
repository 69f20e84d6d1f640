"""Turns the drivers' profiles into the steps of one solve; the module whose import loads CVXPY.

A mix is solved in the order fast → green → cheap → default, each step keeping what the earlier ones reached. A session
without a profile follows the formulation's own objective, Eq. (1) or (27): it takes part in the step of the cheap ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twinev.sct import cpo, grid_support, tradeoff, v2g
from twinev.sct.inputs import Inputs
from twinev.sct.lexicographic import Found, LexicographicSolve, Step
from twinev.sct.profiles import cheap, default, fast, green
from twinev.sct.shadow_price import ShadowPrices, price_out
from twinev.sct.solver import Solver
from twinev.sct.tie_break import LEAST_EUR, largest_price, read_tie_break

FORMULATIONS = {"cpo": cpo, "v2g": v2g, "grid": grid_support, "tradeoff": tradeoff}
OWN = ""


def find_plan(
    inputs: Inputs, *, formulation: str, profiles: Sequence[str | None], tie_break: str, solver: Solver
) -> Found:
    """Find the best plan until the solver's deadline.

    Parameters
    ----------
    profiles : sequence of str or None, (n_sessions,)
        Each session's profile.
    """
    names = np.array([profile or OWN for profile in profiles])
    model = FORMULATIONS[formulation].build(inputs)
    by_order = names != default.NAME
    found = LexicographicSolve(
        model=model,
        steps=_steps(inputs, names, formulation),
        tie_break=read_tie_break(inputs, tie_break, by_order),
        solver=solver,
    ).run()
    if found.energy_kwh is not None and not by_order.all():
        shared_kwh = default.share_in_proportion(found.energy_kwh, inputs, ~by_order, solver)
        found = replace(found, energy_kwh=shared_kwh)
    return found


def shadow_prices(
    inputs: Inputs, energy_kwh: np.ndarray, shortfall_kwh: np.ndarray, formulation: str, solver: Solver
) -> ShadowPrices | None:
    """What a kWh is worth in a plan, by the formulation's own objective; None when the solver's time ran out."""
    chosen, everyone = FORMULATIONS[formulation], np.ones(inputs.shape[0], dtype=bool)
    return price_out(
        chosen.build(inputs),
        lambda model, short_kwh: chosen.objective(model, everyone, everyone, short_kwh),
        energy_kwh,
        shortfall_kwh,
        solver,
    )


def _steps(inputs: Inputs, names: np.ndarray, formulation: str) -> list[Step]:
    earlier = np.zeros(inputs.shape[0], dtype=bool)
    steps = []
    for module in (fast, green, cheap, default):
        sessions = names == module.NAME
        if module is cheap:
            own = names == OWN
            if own.any():
                steps.append(_own_step(inputs, sessions, own, earlier, formulation))
                earlier = earlier | sessions | own
                continue
        if sessions.any():
            steps.append(_profile_step(inputs, module, sessions, earlier))
        earlier = earlier | sessions
    return steps


def _profile_step(inputs: Inputs, module, sessions: np.ndarray, earlier: np.ndarray) -> Step:
    largest = {green.NAME: 1.0, cheap.NAME: _largest_eur(inputs)}
    return Step(
        name=module.NAME,
        aim=lambda model, shortfall_kwh: module.aim(model, sessions, earlier),
        magnitude=lambda met_kwh: module.magnitude(inputs, sessions, earlier, met_kwh),
        largest=largest.get(module.NAME, float(inputs.shape[1])),
    )


def _own_step(inputs: Inputs, sessions: np.ndarray, own: np.ndarray, earlier: np.ndarray, formulation: str) -> Step:
    chosen = FORMULATIONS[formulation]
    counted = sessions | own | earlier
    return Step(
        name=chosen.OBJECTIVE if own.all() else cheap.NAME,
        aim=lambda model, shortfall_kwh: chosen.objective(model, counted, own, shortfall_kwh),
        magnitude=lambda met_kwh: cheap.magnitude(inputs, counted, earlier, met_kwh),
        largest=max(_largest_eur(inputs), inputs.opportunity_cost_eur_per_slot),
    )


def _largest_eur(inputs: Inputs) -> float:
    return max(largest_price(inputs), inputs.demand_charge_eur_per_kw, LEAST_EUR)
