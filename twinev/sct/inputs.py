"""The problem as arrays, in kWh per slot, as one formulation reads it.

Shapes in words: ``(n_sessions, n_slots)``, one axis order everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.errors import BadInput
from twinev.sct.problem import Problem
from twinev.sct.session_request import SessionRequest


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything that a formulation's equations take as given.

    Parameters
    ----------
    base_kwh : (n_slots,)
        Demand minus production: what flows through the supply point when no EV charges. [kWh]
    lower_kwh, upper_kwh : (n_slots,)
        Least and most net flow through the supply point, import positive. [kWh]
    charge_limit_kwh, discharge_limit_kwh : (n_sessions, n_slots)
        Most energy that may flow into, out of the EV; 0 outside its stay. Both are magnitudes. [kWh]
    room_kwh : (n_sessions,)
        Energy until the battery is full. [kWh]
    deficit_kwh : (n_sessions,)
        Energy until the target is held; negative where the battery holds more, which may then be given back. [kWh]
    until_target : (n_sessions, n_slots)
        1 where the slot ends no later than the session's target slot.
    members : (n_groups, n_sessions)
        1 where the session belongs to the group.
    group_limit_kwh : (n_groups, n_slots)
        Most energy of a group's sessions together. [kWh]
    """

    hours: np.ndarray
    base_kwh: np.ndarray
    lower_kwh: np.ndarray
    upper_kwh: np.ndarray
    price_eur_per_kwh: np.ndarray
    charge_limit_kwh: np.ndarray
    discharge_limit_kwh: np.ndarray
    soc_kwh: np.ndarray
    room_kwh: np.ndarray
    deficit_kwh: np.ndarray
    until_target: np.ndarray
    members: np.ndarray
    group_limit_kwh: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sessions, number of slots."""
        return self.charge_limit_kwh.shape

    @property
    def discharging(self) -> np.ndarray:
        """Which sessions can give energy back, shape (n_sessions,)."""
        return self.discharge_limit_kwh.any(axis=1)

    @property
    def need_kwh(self) -> np.ndarray:
        """Energy that each session asks for, shape (n_sessions,). [kWh]"""
        return np.maximum(self.deficit_kwh, 0.0)

    @property
    def largest_shortfall_kwh(self) -> np.ndarray:
        """Most that each session can be short of, shape (n_sessions,): an EV that discharges can lose all. [kWh]"""
        return np.where(self.discharging, np.maximum(self.soc_kwh + self.deficit_kwh, 0.0), self.need_kwh)

    @property
    def claim_kwh(self) -> np.ndarray:
        """What a shortfall is a share of, shape (n_sessions,): the need, or the target where it is held. [kWh]"""
        return np.where(self.need_kwh > 0, self.need_kwh, self.largest_shortfall_kwh)

    @property
    def reachable_kwh(self) -> np.ndarray:
        """What each session could take by its target slot if it were alone, shape (n_sessions,). [kWh]"""
        return np.minimum((self.charge_limit_kwh * self.until_target).sum(axis=1), self.room_kwh)

    @property
    def ceiling_kwh(self) -> np.ndarray:
        """Most net flow that charging may cause, shape (n_slots,). [kWh]

        Where demand alone exceeds the limit, every kWh charged would add to the excess: none may.
        """
        return np.maximum(self.upper_kwh, self.base_kwh)

    @property
    def excess_is_known(self) -> bool:
        """Whether charging nothing violates the supply point's limits least, in every slot at once.

        So it is when no EV discharges and no slot has a surplus beyond the export limit that charging could absorb.
        """
        return not self.discharge_limit_kwh.any() and bool((self.base_kwh >= self.lower_kwh).all())


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Which parts of a scenario a formulation counts.

    Parameters
    ----------
    flexibility : bool
        Flexibility orders move the import limit, Eq. (24).
    discharge : bool
        EVs may give energy back, Eq. (23).
    """

    flexibility: bool
    discharge: bool


READINGS = {
    "cpo": Reading(flexibility=False, discharge=False),
    "grid": Reading(flexibility=True, discharge=True),
}


def read_inputs(problem: Problem, formulation: str) -> Inputs:
    """Turn a problem into arrays, as a formulation reads it.

    Raises
    ------
    BadInput
        There is no formulation of that name.
    """
    if formulation not in READINGS:
        raise BadInput("formulation", formulation, " or ".join(READINGS))
    reading = READINGS[formulation]
    hours = np.array(problem.horizon.slot_hours)
    sessions = problem.sessions
    stay = np.array([_stay(session, problem.slots) for session in sessions]).reshape(len(sessions), problem.slots)
    order_kw = np.array(problem.flexibility_kw) if reading.flexibility else 0.0
    room_kwh = np.array([session.capacity_kwh - session.soc_kwh for session in sessions])
    charge_kw = np.array([_charge_kw(session, problem.slots) for session in sessions]).reshape(stay.shape)
    charge_kwh = charge_kw * stay * hours
    discharge_kw = np.array([session.evse_discharge_power_kw * reading.discharge for session in sessions])
    one_way = (discharge_kw == 0)[:, None]
    targets = np.array([session.target_slot for session in sessions])
    return Inputs(
        hours=hours,
        base_kwh=(np.array(problem.demand_kw) - np.array(problem.production_kw)) * hours,
        lower_kwh=problem.supply_point.min_kw * hours,
        upper_kwh=(problem.supply_point.max_kw + order_kw) * hours,
        price_eur_per_kwh=np.array(problem.price_eur_per_kwh),
        # An EV that cannot discharge never takes more in one slot than what its battery has room for.
        charge_limit_kwh=np.where(one_way, np.minimum(charge_kwh, room_kwh[:, None]), charge_kwh),
        discharge_limit_kwh=discharge_kw[:, None] * stay * hours,
        soc_kwh=np.array([session.soc_kwh for session in sessions]),
        room_kwh=room_kwh,
        deficit_kwh=np.array([session.target_kwh - session.soc_kwh for session in sessions]),
        until_target=(np.arange(problem.slots) <= targets[:, None]).astype(float),
        **_groups(problem, hours),
    )


def _stay(session: SessionRequest, slots: int) -> np.ndarray:
    slot = np.arange(slots)
    last = slots - 1 if session.departure_slot is None else session.departure_slot
    return (slot >= session.arrival_slot) & (slot <= last)


def _charge_kw(session: SessionRequest, slots: int) -> np.ndarray:
    cap = np.inf if session.max_kw is None else np.array(session.max_kw)
    return np.minimum(np.full(slots, session.evse_power_kw), cap)


def _groups(problem: Problem, hours: np.ndarray) -> dict[str, np.ndarray]:
    place = {session.id: n for n, session in enumerate(problem.sessions)}
    members = np.zeros((len(problem.groups), len(problem.sessions)))
    for g, group in enumerate(problem.groups):
        members[g, [place[session_id] for session_id in group.session_ids]] = 1
    limit_kw = np.array([group.max_kw for group in problem.groups]).reshape(len(problem.groups), problem.slots)
    return {"members": members, "group_limit_kwh": limit_kw * hours}
