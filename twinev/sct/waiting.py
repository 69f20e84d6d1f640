"""Eq. (25)–(27): what it costs that sessions wait for their target, slot by slot.

A session waits in a slot of its stay at whose end it holds less than its target. Three forms of the same, from tight
to general; ``docs/formulation.md`` proves each:

* *stop at the target*: where charging beyond the target can never pay, an EV stops there, so energy flows in a slot
  only while the EV waited at the end of the one before, e ≤ P·z₋₁ with z monotone;
* *before and beyond*: else an EV that cannot discharge splits its energy into what it takes until the target and
  what it takes beyond it;
* *as printed*, Eq. (26): where an EV can discharge, or goes short, z follows its state of charge, with M the most
  that it can lack.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.equations import Model, battery_gain, stored
from twinev.sct.inputs import Inputs
from twinev.sct.switch import Switch

# Below this a battery is called at its target, here and in `assemble`.
REACHED_KWH = 5e-7
ROUNDING_KWH = 1e-9


def cost_of_waiting(model: Model, sessions: np.ndarray, shortfall_kwh: np.ndarray) -> Aim:
    """Opportunity cost · Σ (previous slots + slots waited). [€]

    Parameters
    ----------
    sessions : (n_sessions,) of bool
        Whose waiting costs.
    shortfall_kwh : (n_sessions,)
        What each session is short of at its target slot. [kWh]
    """
    inputs = model.inputs
    before = float(inputs.previous_slots[sessions].sum()) * inputs.opportunity_cost_eur_per_slot
    aim = Aim(value=cp.Constant(before), constant=before)
    if not inputs.opportunity_cost_eur_per_slot:
        return aim
    short = shortfall_kwh > REACHED_KWH
    printed = sessions & (inputs.discharging | short) & (inputs.largest_shortfall_kwh > 0)
    one_way = sessions & ~printed & (inputs.need_kwh > 0)
    form = stop_at_target if stopping_is_best(inputs) else _split_at_target
    for members, build in ((printed, _as_printed), (one_way, form)):
        if members.any():
            aim = aim.plus(build(model, np.flatnonzero(members)))
    return aim


def stopping_is_best(inputs: Inputs) -> bool:
    """Whether charging beyond a target can never pay: no slot rewards consumption, none must absorb a surplus."""
    least_kwh = inputs.row_base_kwh - inputs.share @ inputs.discharge_limit_kwh
    prices = np.concatenate([inputs.price_eur_per_kwh, inputs.export_price_eur_per_kwh])
    return bool((prices >= 0).all() and (least_kwh >= inputs.row_lower_kwh).all())


def stop_at_target(model: Model, sessions: np.ndarray) -> Aim:
    """e ≤ P·z₋₁, z monotone; that the target is reached when z ends follows from Eq. (19)."""
    inputs = model.inputs
    waiting, before = _monotone(model, sessions)
    open_kwh = cp.multiply(inputs.charge_limit_kwh[sessions][:, 1:], (waiting.relaxed + before)[:, :-1])
    stop = [model.energy.charge_kwh[sessions][:, 1:] <= open_kwh] if inputs.shape[1] > 1 else []
    return _waited(
        inputs, sessions, waiting, [*_falling(waiting, before), *stop, *_in_order(waiting, inputs, sessions)]
    )


def _split_at_target(model: Model, sessions: np.ndarray) -> Aim:
    """e = u + w: u ≤ P·z₋₁ until the target, Σu = need; w ≤ P·(1 − z) beyond it."""
    inputs = model.inputs
    waiting, before = _monotone(model, sessions)
    limit_kwh = inputs.charge_limit_kwh[sessions]
    until_kwh = cp.Variable(limit_kwh.shape, bounds=[np.zeros(limit_kwh.shape), limit_kwh])
    beyond_kwh = model.energy.charge_kwh[sessions] - until_kwh
    need_kwh = inputs.need_kwh[sessions] / inputs.charge_efficiency[sessions]
    constraints = [
        cp.sum(until_kwh, axis=1) == need_kwh,
        beyond_kwh >= 0,
        beyond_kwh <= cp.multiply(limit_kwh, 1 - waiting.relaxed),
        *_falling(waiting, before),
    ]
    if inputs.shape[1] > 1:
        constraints.append(until_kwh[:, 1:] <= cp.multiply(limit_kwh[:, 1:], (waiting.relaxed + before)[:, :-1]))
    return _waited(inputs, sessions, waiting, constraints)


def _as_printed(model: Model, sessions: np.ndarray) -> Aim:
    """Eq. (26): M·z ≥ target − energy held, at the end of every slot; z need not be monotone."""
    inputs = model.inputs
    lowest_kwh = np.where(inputs.discharging, inputs.floor_kwh - inputs.soc_kwh, 0.0)[sessions]
    gain_kwh, recursion = battery_gain(model.energy, inputs, sessions, lowest_kwh, inputs.room_kwh[sessions])
    deficit_kwh = inputs.deficit_kwh[sessions][:, None]
    most_kwh = np.tile(inputs.largest_shortfall_kwh[sessions][:, None], inputs.shape[1])
    stored_kwh = stored(model.energy, inputs, sessions)
    waiting = Switch.make(
        most_kwh.shape, suggest=lambda: np.cumsum(stored_kwh.value, axis=1) < deficit_kwh - ROUNDING_KWH
    )
    lacks = gain_kwh + cp.multiply(most_kwh, waiting.relaxed) >= np.tile(deficit_kwh, inputs.shape[1])
    return _waited(inputs, sessions, waiting, [*recursion, lacks])


def _monotone(model: Model, sessions: np.ndarray) -> tuple[Switch, np.ndarray]:
    """The switch with what is known of it, and where the stay has not begun, (n, n_slots)."""
    inputs = model.inputs
    slot = np.arange(inputs.shape[1])
    arrival = inputs.stay[sessions].argmax(axis=1)[:, None]
    need_kwh = (inputs.need_kwh / inputs.charge_efficiency)[sessions][:, None]
    takeable_kwh = np.cumsum(inputs.charge_limit_kwh[sessions], axis=1)
    present = slot >= arrival
    surely = present & (takeable_kwh < need_kwh - REACHED_KWH)
    perhaps = present & (inputs.until_target[sessions] > 0)
    # At its target slot the session holds its target, Eq. (19).
    perhaps[np.arange(sessions.size), inputs.until_target[sessions].sum(axis=1).astype(int) - 1] = False
    charge_kwh = model.energy.charge_kwh[sessions]
    waiting = Switch.make(
        perhaps.shape,
        suggest=lambda: perhaps & (np.cumsum(charge_kwh.value, axis=1) < need_kwh - ROUNDING_KWH),
        bounds=[(surely & perhaps).astype(float), perhaps.astype(float)],
    )
    return waiting, (~present).astype(float)


def _falling(waiting: Switch, before: np.ndarray) -> list[cp.Constraint]:
    """Who has reached the target has reached it for good."""
    if before.shape[1] == 1:
        return []
    return [waiting.relaxed[:, 1:] <= (waiting.relaxed + before)[:, :-1]]


def _in_order(waiting: Switch, inputs: Inputs, sessions: np.ndarray) -> list[cp.Constraint]:
    """Of sessions that differ in nothing the first is done first: a search need not try their permutations."""
    pairs = alike(inputs, sessions)
    if not pairs.size:
        return []
    return [waiting.relaxed[pairs[:, 0]] <= waiting.relaxed[pairs[:, 1]]]


def alike(inputs: Inputs, sessions: np.ndarray) -> np.ndarray:
    """Places in ``sessions`` of each one that differs in nothing from the next of its kind, (n_pairs, 2)."""
    per_session = (
        inputs.charge_limit_kwh,
        inputs.least_charge_kwh,
        inputs.stay,
        inputs.until_target,
        inputs.share.T,
        inputs.members.T,
        *(
            array[:, None]
            for array in (inputs.charge_efficiency, inputs.need_kwh, inputs.room_kwh, inputs.priority, inputs.soc_kwh)
        ),
    )
    rows = np.hstack([array[sessions].astype(float) for array in per_session])
    last: dict[bytes, int] = {}
    pairs = []
    for place, row in enumerate(rows):
        key = row.tobytes()
        if key in last:
            pairs.append((last[key], place))
        last[key] = place
    return np.array(pairs, dtype=int).reshape(-1, 2)


def _waited(inputs: Inputs, sessions: np.ndarray, waiting: Switch, constraints: list[cp.Constraint]) -> Aim:
    waited = cp.sum(cp.multiply(inputs.stay[sessions].astype(float), waiting.relaxed))
    value = inputs.opportunity_cost_eur_per_slot * waited
    return Aim(value=value, constraints=constraints, switches=[waiting])
