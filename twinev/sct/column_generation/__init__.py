"""The fast road of `tradeoff`: columns of (session, completion slot), then a search among the few slots left.

Exact where charging beyond the target never pays and nothing but charging is decided: no session discharges or has a
minimum power, no price is negative, no export price is above its import price or below 0, and charging nothing keeps
every lower limit. The caller sees to that (`suits_columns`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.sct.column_generation.road import ColumnRoad, Listener
from twinev.sct.column_generation.task import read_task
from twinev.sct.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class ColumnPlan:
    """What the road came to.

    Parameters
    ----------
    energy_kwh : (n_sessions, n_slots) or None
        The best plan, at the EVSE; None: no plan found. [kWh]
    value : float
        Its cost and opportunity costs; infinite without a plan. [€]
    bound : float
        No plan is better than this. [€]
    earliest_slot, latest_slot : (n_sessions,)
        Slots between which each session is done in every plan better than `value`. The first slot of the stay for a
        session that needs nothing.
    """

    energy_kwh: np.ndarray | None
    value: float
    bound: float
    earliest_slot: np.ndarray
    latest_slot: np.ndarray


def suits_columns(inputs: Inputs) -> bool:
    """Whether this road is exact for the inputs."""
    price, export_price = inputs.price_eur_per_kwh, inputs.export_price_eur_per_kwh
    return bool(
        inputs.excess_is_known
        and not inputs.least_charge_kwh.any()
        and (export_price >= 0).all()
        and (export_price <= price).all()
    )


def plan_by_columns(
    inputs: Inputs,
    *,
    waiting: np.ndarray,
    completes: np.ndarray,
    need_evse_kwh: np.ndarray,
    gap: float,
    deadline_s: float,
    on_progress: Listener | None = None,
) -> ColumnPlan:
    """Plan at the least cost with opportunity costs, and prove how good the plan is.

    Parameters
    ----------
    inputs : Inputs
        The problem, for which `suits_columns` holds.
    waiting : (n_sessions,) of bool
        Whose waiting costs; the others' energy is only to be cheap.
    completes : (n_sessions,) of bool
        Who reaches the target; who does not waits the whole stay.
    need_evse_kwh : (n_sessions,)
        What each session is to get, exactly and by its target slot. [kWh]
    gap : float
        Relative distance of value and bound at which to stop.
    deadline_s : float
        When to stop, on the clock of `time.monotonic`. [s]
    on_progress : callable, optional
        Called with value and bound whenever one has improved.
    """
    task, chosen = read_task(inputs, waiting, completes, need_evse_kwh)
    energy_kwh = np.zeros(inputs.shape)
    earliest_slot = latest_slot = inputs.stay.argmax(axis=1)
    if not len(chosen):
        value = task.cost(energy_kwh[:0], latest_slot[:0])
        return ColumnPlan(
            energy_kwh=energy_kwh, value=value, bound=value, earliest_slot=earliest_slot, latest_slot=latest_slot
        )
    road = ColumnRoad(task, gap, deadline_s, on_progress)
    road.run()
    earliest_slot, latest_slot = earliest_slot.copy(), latest_slot.copy()
    earliest_slot[chosen], latest_slot[chosen] = road.window()
    if road.energy_kwh is not None:
        energy_kwh[chosen] = road.energy_kwh
    return ColumnPlan(
        energy_kwh=None if road.energy_kwh is None else energy_kwh,
        value=road.value,
        bound=min(road.bound, road.value),
        earliest_slot=earliest_slot,
        latest_slot=latest_slot,
    )
