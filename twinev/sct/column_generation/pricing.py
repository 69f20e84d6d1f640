"""Columns of `tradeoff`: one session, one slot in which it is done, the cheapest energy until then.

What a session pays in a slot follows from the prices of what all share, the duals. Given them the sessions are
independent, and the cheapest way to be done by the end of slot r is to fill the cheapest slots up to r: a sort and a
running sum, here for all sessions and all completion slots at once. The same numbers add up to the Lagrangian bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.sct.column_generation.task import CompletionTask, Pairs

PAIRS_AT_ONCE = 512  # so that a block's arrays stay in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Duals:
    """Prices of what the sessions share.

    Parameters
    ----------
    flow : (n_slots,)
        Of energy at the supply point. [€/kWh]
    shared : (n_shared, n_slots)
        Of the rows of phases and groups, ≥ 0. [€/kWh]
    peak : (n_slots,)
        Of import power, ≥ 0, at most the demand charge together. [€/kW]
    """

    flow: np.ndarray
    shared: np.ndarray
    peak: np.ndarray

    def towards(self, other: Duals, step: float) -> Duals:
        """The point that lies a step (0: here, 1: there) on the way to the other."""
        return Duals(
            flow=self.flow + step * (other.flow - self.flow),
            shared=self.shared + step * (other.shared - self.shared),
            peak=self.peak + step * (other.peak - self.peak),
        )

    def price(self, task: CompletionTask) -> np.ndarray:
        """What each session pays, shape (n_sessions, n_slots). [€/kWh]"""
        return self.flow + task.weight.T @ self.shared


@dataclass(frozen=True, kw_only=True)
class Pricing:
    """What each pair costs at some duals, and the bound that follows.

    Parameters
    ----------
    energy_eur, cost_eur : (n_pairs,)
        Energy at what the session pays; the same with waiting. [€]
    above_eur : (n_pairs,)
        How much more that is than the session's least: its reduced cost. [€]
    bound : float
        No plan whose completions are among the pairs costs less. [€]
    order : (n_sessions, longest)
        Places of the session's own row, cheapest first.
    """

    energy_eur: np.ndarray
    cost_eur: np.ndarray
    above_eur: np.ndarray
    bound: float
    order: np.ndarray

    def best(self, pairs: Pairs) -> np.ndarray:
        """Place of each session's cheapest pair, shape (n_sessions,)."""
        cheapest = np.flatnonzero(self.above_eur <= 0)
        return cheapest[np.flatnonzero(np.diff(pairs.session[cheapest], prepend=-1))]


def price_pairs(task: CompletionTask, pairs: Pairs, duals: Duals) -> Pricing:
    """Price every pair, and add up the Lagrangian bound."""
    price = np.take_along_axis(np.broadcast_to(duals.price(task), task.shape), task.slot_at, axis=1)
    order = np.argsort(price, axis=1, kind="stable")
    energy_eur = _cheapest(task, pairs, np.take_along_axis(price, order, axis=1), order)
    cost_eur = energy_eur + task.waiting_eur(pairs.session, pairs.slot)
    least_eur = np.minimum.reduceat(cost_eur, pairs.start)
    return Pricing(
        energy_eur=energy_eur,
        cost_eur=cost_eur,
        above_eur=cost_eur - least_eur[pairs.session],
        bound=float(task.constant_eur + least_eur.sum() + _supply_bound(task, duals)),
        order=order,
    )


def _supply_bound(task: CompletionTask, duals: Duals) -> float:
    """Least cost of supplying energy less what the duals pay for it, the peak at its dual price. [€]"""
    per_kwh = duals.peak / task.hours
    supply_eur = np.minimum(task.surplus_eur_per_kwh - duals.flow, 0) * task.surplus_kwh
    supply_eur += np.minimum(task.import_eur_per_kwh + per_kwh - duals.flow, 0) * task.import_kwh
    return supply_eur.sum() + per_kwh @ task.base_import_kwh - (duals.shared * task.room_kwh).sum()


def _cheapest(task: CompletionTask, pairs: Pairs, price: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Cost of each pair's energy. [€]

    With p_1 ≤ … ≤ p_K the prices and F_k what the k cheapest slots until the completion hold, summation by parts
    gives need·p_K − Σ_k min(F_k, need)·(p_k+1 − p_k).
    """
    limit_kwh = np.take_along_axis(task.own_limit_kwh, order, axis=1)
    rise = np.diff(price, axis=1)
    place = pairs.slot - task.begin[pairs.session]
    cost = task.need_kwh[pairs.session] * price[pairs.session, -1]
    for at in range(0, len(place), PAIRS_AT_ONCE):
        block = slice(at, at + PAIRS_AT_ONCE)
        session = pairs.session[block]
        filled = np.cumsum(limit_kwh[session] * (order[session] <= place[block, None]), axis=1)
        np.minimum(filled, task.need_kwh[session, None], out=filled)
        cost[block] -= np.einsum("pk,pk->p", filled[:, :-1], rise[session])
    return cost


def fill(task: CompletionTask, session: np.ndarray, slot: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Energy of columns: each session's need in its cheapest slots up to `slot`, shape (n_columns, n_slots). [kWh]"""
    ranked = order[session]
    limit_kwh = np.take_along_axis(task.own_limit_kwh[session], ranked, axis=1)
    limit_kwh *= ranked <= (slot - task.begin[session])[:, None]
    filled = np.minimum(np.cumsum(limit_kwh, axis=1), task.need_kwh[session, None])
    energy = np.zeros((len(session), task.shape[1]))
    places = np.take_along_axis(task.slot_at[session], ranked, axis=1)
    np.add.at(energy, (np.arange(len(session))[:, None], places), np.diff(filled, axis=1, prepend=0))
    return energy
