"""What the column road of `tradeoff` is asked: the sessions that need energy, what they share, what waiting costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twinev.sct.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class CompletionTask:
    """The sessions that need energy, what they share, and what it costs.

    Parameters
    ----------
    limit_kwh : (n_sessions, n_slots)
        Most energy per slot; 0 after the target slot. [kWh]
    need_kwh : (n_sessions,)
        Energy to deliver, above 0. [kWh]
    first_slot : (n_sessions,)
        First slot of the stay: a completion in slot r means r − first_slot waiting slots.
    wait_eur : (n_sessions,)
        Cost of a waiting slot; 0 where waiting costs nothing or is a constant. [€]
    surplus_kwh, surplus_eur_per_kwh : (n_slots,)
        Energy that would otherwise be exported, and what it would earn. [kWh], [€/kWh]
    import_kwh, import_eur_per_kwh : (n_slots,)
        Energy that can be imported beyond the base, and its price. [kWh], [€/kWh]
    base_import_kwh, hours : (n_slots,)
        Import when no EV charges; the slots' lengths. [kWh], [h]
    demand_charge_eur_per_kw : float
        Of the highest import. [€/kW]
    weight : (n_shared, n_sessions)
        Share of each session's energy in each row that phases or groups limit.
    room_kwh : (n_shared, n_slots)
        Most energy of the row's sessions, so weighted. [kWh]
    constant_eur : float
        What the plan costs whatever the EVs do: the base flow without its peak, and waiting that no plan changes. [€]
    """

    limit_kwh: np.ndarray
    need_kwh: np.ndarray
    first_slot: np.ndarray
    wait_eur: np.ndarray
    surplus_kwh: np.ndarray
    surplus_eur_per_kwh: np.ndarray
    import_kwh: np.ndarray
    import_eur_per_kwh: np.ndarray
    base_import_kwh: np.ndarray
    hours: np.ndarray
    demand_charge_eur_per_kw: float
    weight: np.ndarray
    room_kwh: np.ndarray
    constant_eur: float

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sessions, number of slots."""
        return self.limit_kwh.shape

    @property
    def peaked(self) -> bool:
        """Whether the highest import costs."""
        return self.demand_charge_eur_per_kw > 0

    @cached_property
    def begin(self) -> np.ndarray:
        """First slot in which the session can charge, shape (n_sessions,)."""
        return (self.limit_kwh > 0).argmax(axis=1)

    @cached_property
    def last(self) -> np.ndarray:
        """Last slot in which the session can charge, shape (n_sessions,)."""
        return self.shape[1] - 1 - (self.limit_kwh[:, ::-1] > 0).argmax(axis=1)

    @cached_property
    def soonest(self) -> np.ndarray:
        """First slot by whose end the need fits when the session is alone, shape (n_sessions,)."""
        return reached_slot(self.limit_kwh, self.need_kwh, self.last)

    @cached_property
    def slot_at(self) -> np.ndarray:
        """Slot of each place in a session's own row, which starts where it can charge, shape (n_sessions, longest)."""
        longest = int((self.last - self.begin).max(initial=0)) + 1
        return np.minimum(self.begin[:, None] + np.arange(longest), self.shape[1] - 1)

    @cached_property
    def own_limit_kwh(self) -> np.ndarray:
        """`limit_kwh` along `slot_at`; 0 beyond the session's last slot. [kWh]"""
        inside = np.arange(self.slot_at.shape[1]) <= (self.last - self.begin)[:, None]
        return np.take_along_axis(self.limit_kwh, self.slot_at, axis=1) * inside

    def waiting_eur(self, session: np.ndarray, slot: np.ndarray) -> np.ndarray:
        """Cost of being done at the end of a slot. [€]"""
        return self.wait_eur[session] * (slot - self.first_slot[session])

    def cost(self, energy_kwh: np.ndarray, done_slot: np.ndarray) -> float:
        """Cost of a plan whose sessions are done at the ends of `done_slot`, shape (n_sessions,). [€]"""
        total_kwh = energy_kwh.sum(axis=0)
        imported_kwh = np.maximum(total_kwh - self.surplus_kwh, 0)
        paid_eur = self.surplus_eur_per_kwh @ (total_kwh - imported_kwh) + self.import_eur_per_kwh @ imported_kwh
        peak_kw = ((self.base_import_kwh + imported_kwh) / self.hours).max()
        waiting_eur = self.waiting_eur(np.arange(len(done_slot)), done_slot).sum()
        return float(self.constant_eur + paid_eur + self.demand_charge_eur_per_kw * peak_kw + waiting_eur)


def reached_slot(energy_kwh: np.ndarray, need_kwh: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """First slot by whose end each session has its need, to 1e-7 kWh; `otherwise` where it never has."""
    reached = np.cumsum(energy_kwh, axis=1) >= (need_kwh - 1e-7)[:, None]
    return np.where(reached.any(axis=1), reached.argmax(axis=1), otherwise)


def read_task(
    inputs: Inputs, waiting: np.ndarray, completes: np.ndarray, need_evse_kwh: np.ndarray
) -> tuple[CompletionTask, np.ndarray]:
    """The task of the sessions that need energy, and which sessions these are."""
    chosen = np.flatnonzero(need_evse_kwh > 0)
    limit_kwh = (inputs.charge_limit_kwh * inputs.until_target)[chosen]
    weight, room_kwh = _shared_rows(inputs, chosen, limit_kwh)
    base_kwh, opportunity_eur = inputs.base_kwh, inputs.opportunity_cost_eur_per_slot
    charging_kwh = np.minimum(inputs.row_ceiling_kwh[0] - base_kwh, limit_kwh.sum(axis=0))
    surplus_kwh = np.minimum(np.maximum(-base_kwh, 0), charging_kwh)
    base_eur = inputs.price_eur_per_kwh @ np.maximum(base_kwh, 0)
    base_eur -= inputs.export_price_eur_per_kwh @ np.maximum(-base_kwh, 0)
    task = CompletionTask(
        limit_kwh=limit_kwh,
        need_kwh=need_evse_kwh[chosen],
        first_slot=inputs.stay[chosen].argmax(axis=1),
        wait_eur=opportunity_eur * (waiting & completes)[chosen],
        surplus_kwh=surplus_kwh,
        surplus_eur_per_kwh=inputs.export_price_eur_per_kwh,
        import_kwh=charging_kwh - surplus_kwh,
        import_eur_per_kwh=inputs.price_eur_per_kwh,
        base_import_kwh=np.maximum(base_kwh, 0),
        hours=inputs.hours,
        demand_charge_eur_per_kw=inputs.demand_charge_eur_per_kw,
        weight=weight,
        room_kwh=room_kwh,
        constant_eur=float(base_eur + opportunity_eur * inputs.stay[waiting & ~completes].sum()),
    )
    return task, chosen


def _shared_rows(inputs: Inputs, chosen: np.ndarray, limit_kwh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Phases and groups that can bind at all; the supply point's own row stands apart."""
    weight = np.vstack([inputs.share[1:], inputs.members])[:, chosen]
    room_kwh = np.vstack([(inputs.row_ceiling_kwh - inputs.row_base_kwh)[1:], inputs.group_limit_kwh])
    binding = (weight @ limit_kwh > room_kwh).any(axis=1)
    return weight[binding], room_kwh[binding]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Sessions and the slots at whose end they may be done, as two arrays in the order of sessions, then slots.

    A session whose waiting costs nothing has one: its last slot.
    """

    session: np.ndarray
    slot: np.ndarray

    @classmethod
    def of(cls, task: CompletionTask) -> Pairs:
        """All completions that fit."""
        soonest = np.where(task.wait_eur > 0, task.soonest, task.last)[:, None]
        slot = np.arange(task.shape[1])
        session, slot = np.nonzero((slot >= soonest) & (slot <= task.last[:, None]))
        return cls(session=session, slot=slot)

    @cached_property
    def start(self) -> np.ndarray:
        """Place of each session's first pair, shape (n_sessions,)."""
        return np.flatnonzero(np.diff(self.session, prepend=-1))

    @property
    def earliest(self) -> np.ndarray:
        """First slot of each session, shape (n_sessions,)."""
        return self.slot[self.start]

    @property
    def latest(self) -> np.ndarray:
        """Last slot of each session, shape (n_sessions,)."""
        return self.slot[np.append(self.start[1:], len(self.slot)) - 1]

    def only(self, kept: np.ndarray) -> Pairs:
        """Those that `kept` marks; every session keeps at least one."""
        return Pairs(session=self.session[kept], slot=self.slot[kept])
