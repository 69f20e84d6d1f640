"""Why a plan is as it is, as data: the limits that bind, what a kWh is worth in each slot, what each restriction costs.

Made on demand, for it takes some solves of its own.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from twinev.errors import BadInput
from twinev.sct.diagnose import limits_of
from twinev.sct.inputs import Inputs, read_inputs
from twinev.sct.loading import staging_within
from twinev.sct.optimiser import optimise
from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule

if TYPE_CHECKING:
    from twinev.sct.shadow_price import ShadowPrices

BINDING_KWH = 1e-6
ORDERS = "flexibility orders"


@dataclass(frozen=True, kw_only=True)
class BindingLimit:
    """A limit that a plan uses up.

    Parameters
    ----------
    limit : str
        ``the supply point's limit``, ``phase L1's limit``, ``the limit of group …``.
    slots : tuple of int
        Where nothing is left under it.
    saving_eur_per_kwh : tuple of float
        What one more kWh of it would save in each of these slots; 0 where nobody would pay for it. [€/kWh]
    """

    limit: str
    slots: tuple[int, ...]
    saving_eur_per_kwh: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class RestrictionCost:
    """What a group's limit, or the flexibility orders together, cost: the plan with it minus the best one without it.

    Parameters
    ----------
    restriction : str
        The group's id, or ``flexibility orders``.
    cost_eur : float
        Of the objective. Negative where energy that is not delivered is not paid for either. [€]
    shortfall_kwh : float
        Of all sessions together. [kWh]
    """

    restriction: str
    cost_eur: float
    shortfall_kwh: float


@dataclass(frozen=True, kw_only=True)
class Insight:
    """What `explain` found.

    Parameters
    ----------
    shadow_price_eur_per_kwh : tuple of float, (n_slots,)
        By how much the objective would rise if the site used one kWh more in the slot, everyone's shortfall and every
        yes-or-no choice kept. Where limits leave no other way it tells who would pay for it by moving. [€/kWh]
    binding : tuple of BindingLimit
        The shared limits that are used up.
    restrictions : tuple of RestrictionCost
        One for each group, and for the flexibility orders where the formulation counts them.
    """

    shadow_price_eur_per_kwh: tuple[float, ...]
    binding: tuple[BindingLimit, ...]
    restrictions: tuple[RestrictionCost, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self)


def explain(problem: Problem, schedule: Schedule, *, time_limit: float = 60) -> Insight:
    """Tell what binds a plan, what energy is worth in it, and what each restriction costs.

    Parameters
    ----------
    problem, schedule : Problem, Schedule
        The question and its answer.
    time_limit : float
        For all solves together. [s]

    Raises
    ------
    BadInput
        The schedule answers another problem, or there was no time to explain it.
    """
    if schedule.scenario_sha256 != problem.sha256:
        raise BadInput("schedule", schedule.scenario_sha256[:12], "a schedule of this scenario")
    deadline_s = time.monotonic() + time_limit
    inputs = read_inputs(problem, schedule.formulation)
    energy_kwh = np.array([session.energy_kwh for session in schedule.sessions]).reshape(inputs.shape)
    prices = _shadow_prices(inputs, energy_kwh, schedule, deadline_s)
    return Insight(
        shadow_price_eur_per_kwh=tuple(_clean(prices.demand)),
        binding=tuple(_binding(problem, inputs, energy_kwh, prices.limits)),
        restrictions=tuple(_restrictions(problem, schedule, deadline_s)),
    )


def _shadow_prices(inputs: Inputs, energy_kwh: np.ndarray, schedule: Schedule, deadline_s: float) -> ShadowPrices:
    staging = staging_within(deadline_s - time.monotonic())
    shortfall_kwh = np.array([session.shortfall_kwh for session in schedule.sessions])
    prices = None
    if staging is not None:
        solver = staging.Solver(choice="highs", gap=0.0, deadline_s=deadline_s)
        prices = staging.shadow_prices(inputs, energy_kwh, shortfall_kwh, schedule.formulation, solver)
    if prices is None:
        raise BadInput("time_limit", "too short", "enough seconds to solve the scenario once more")
    return prices


def _binding(problem: Problem, inputs: Inputs, energy_kwh: np.ndarray, saving: np.ndarray) -> list[BindingLimit]:
    found = []
    for limit, eur_per_kwh in zip(limits_of(problem, inputs, energy_kwh), saving, strict=True):
        slots = np.flatnonzero(limit.room_kwh <= BINDING_KWH)
        if slots.size:
            found.append(
                BindingLimit(
                    limit=limit.name, slots=tuple(slots.tolist()), saving_eur_per_kwh=tuple(_clean(eur_per_kwh[slots]))
                )
            )
    return found


def _restrictions(problem: Problem, schedule: Schedule, deadline_s: float) -> list[RestrictionCost]:
    """Plan again without each of them."""
    without = {
        group.id: replace(problem, groups=tuple(g for g in problem.groups if g.id != group.id))
        for group in problem.groups
    }
    if schedule.formulation in ("grid", "tradeoff") and any(problem.flexibility_kw):
        without[ORDERS] = replace(problem, flexibility_kw=(0.0,) * problem.slots)
    costs = []
    for name, asked in without.items():
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise BadInput("time_limit", "too short", "enough seconds to plan once more without each restriction")
        free = optimise(asked, schedule.formulation, schedule.profile, time_limit=left_s)
        costs.append(
            RestrictionCost(
                restriction=name,
                cost_eur=round(schedule.objective - free.objective, 6) + 0.0,
                shortfall_kwh=round(schedule.shortfall_kwh - free.shortfall_kwh, 6) + 0.0,
            )
        )
    return costs


def _clean(values: np.ndarray) -> list[float]:
    return (np.round(values, 6) + 0.0).tolist()
