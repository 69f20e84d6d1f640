"""The problem as arrays, in kWh per slot, as one formulation reads it.

Shapes in words: ``(n_sessions, n_slots)``, one axis order everywhere. Energies are at the EVSE unless a name says
battery.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twinev.errors import BadInput
from twinev.sct.problem import Problem
from twinev.sct.session_request import PHASES, SessionRequest


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything that a formulation's equations take as given.

    A *limit row* is a place whose flow is limited: row 0 is the supply point, rows 1 to 3, where they are, its phases.

    Parameters
    ----------
    hours : (n_slots,)
        Length of each slot. [h]
    share : (n_rows, n_sessions)
        Share of each session's power that flows through the row: 1 at the supply point.
    row_base_kwh : (n_rows, n_slots)
        Demand minus production through the row: its flow when no EV charges. [kWh]
    row_lower_kwh, row_upper_kwh : (n_rows, n_slots)
        Least and most net flow through the row, import positive. [kWh]
    price_eur_per_kwh, export_price_eur_per_kwh : (n_slots,)
        Of imported, of exported energy. [€/kWh]
    demand_charge_eur_per_kw : float
        Of the highest import. [€/kW]
    opportunity_cost_eur_per_slot : float
        Of every slot that a session waits; 0 where the formulation does not count it. [€]
    renewable_share : (n_slots,)
        Share of imported energy that is renewable. 0–1
    charge_limit_kwh, discharge_limit_kwh : (n_sessions, n_slots)
        Most energy that may flow into, out of the EV; 0 outside its stay. Both are magnitudes. [kWh]
    least_charge_kwh : (n_sessions, n_slots)
        Least energy of a slot in which the EV charges at all; 0 where any is allowed. [kWh]
    stay : (n_sessions, n_slots) of bool
        From the session's arrival slot to its departure slot.
    charge_efficiency, discharge_efficiency : (n_sessions,)
        Battery's share of what the EVSE gives; EVSE's share of what the battery gives.
    wear_eur_per_kwh : (n_sessions,)
        Cost of what the EV gives back. [€/kWh]
    soc_kwh, floor_kwh, room_kwh : (n_sessions,)
        In the battery: energy held, energy that discharging leaves in it, energy until it is full. [kWh]
    deficit_kwh : (n_sessions,)
        In the battery: energy until the target; negative where it holds more, which may then be given back. [kWh]
    until_target : (n_sessions, n_slots)
        1 where the slot ends no later than the session's target slot.
    priority, previous_slots : (n_sessions,)
        Who goes short last; how many slots each has waited before this plan.
    members : (n_groups, n_sessions)
        1 where the session belongs to the group.
    group_limit_kwh : (n_groups, n_slots)
        Most energy of a group's sessions together. [kWh]
    """

    hours: np.ndarray
    share: np.ndarray
    row_base_kwh: np.ndarray
    row_lower_kwh: np.ndarray
    row_upper_kwh: np.ndarray
    price_eur_per_kwh: np.ndarray
    export_price_eur_per_kwh: np.ndarray
    demand_charge_eur_per_kw: float
    opportunity_cost_eur_per_slot: float
    renewable_share: np.ndarray
    charge_limit_kwh: np.ndarray
    discharge_limit_kwh: np.ndarray
    least_charge_kwh: np.ndarray
    stay: np.ndarray
    charge_efficiency: np.ndarray
    discharge_efficiency: np.ndarray
    wear_eur_per_kwh: np.ndarray
    soc_kwh: np.ndarray
    floor_kwh: np.ndarray
    room_kwh: np.ndarray
    deficit_kwh: np.ndarray
    until_target: np.ndarray
    priority: np.ndarray
    previous_slots: np.ndarray
    members: np.ndarray
    group_limit_kwh: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sessions, number of slots."""
        return self.charge_limit_kwh.shape

    @property
    def base_kwh(self) -> np.ndarray:
        """Demand minus production at the supply point, shape (n_slots,). [kWh]"""
        return self.row_base_kwh[0]

    @cached_property
    def discharging(self) -> np.ndarray:
        """Which sessions can give energy back, shape (n_sessions,)."""
        return self.discharge_limit_kwh.any(axis=1)

    @cached_property
    def choosing_direction(self) -> np.ndarray:
        """Which sessions could gain by charging and discharging at once, shape (n_sessions,).

        Those that lose energy on the way, and those whose minimum power the difference of the two could fall short of.
        """
        lossy = self.charge_efficiency * self.discharge_efficiency < 1
        return self.discharging & (lossy | self.least_charge_kwh.any(axis=1))

    @property
    def need_kwh(self) -> np.ndarray:
        """Battery energy that each session asks for, shape (n_sessions,). [kWh]"""
        return np.maximum(self.deficit_kwh, 0.0)

    @property
    def target_kwh(self) -> np.ndarray:
        """Battery energy that each session is to hold, shape (n_sessions,). [kWh]"""
        return self.soc_kwh + self.deficit_kwh

    @property
    def largest_shortfall_kwh(self) -> np.ndarray:
        """Most that each session can be short of, shape (n_sessions,): an EV that discharges can lose more. [kWh]"""
        return np.where(self.discharging, np.maximum(self.target_kwh - self.floor_kwh, 0.0), self.need_kwh)

    @property
    def claim_kwh(self) -> np.ndarray:
        """What a shortfall is a share of, shape (n_sessions,): the need, or the target where it is held. [kWh]"""
        return np.where(self.need_kwh > 0, self.need_kwh, self.largest_shortfall_kwh)

    @property
    def reachable_kwh(self) -> np.ndarray:
        """What each battery could take by its target slot if it were alone, shape (n_sessions,). [kWh]"""
        taken_kwh = (self.charge_limit_kwh * self.until_target).sum(axis=1) * self.charge_efficiency
        return np.minimum(taken_kwh, self.room_kwh)

    @property
    def row_ceiling_kwh(self) -> np.ndarray:
        """Most net flow that charging may cause in each row, shape (n_rows, n_slots). [kWh]

        Where demand alone exceeds the limit, every kWh charged would add to the excess: none may.
        """
        return np.maximum(self.row_upper_kwh, self.row_base_kwh)

    @property
    def excess_is_known(self) -> bool:
        """Whether charging nothing violates the limits least, in every row and slot at once.

        So it is when no EV discharges and no slot has a surplus beyond the export limit that charging could absorb.
        """
        return not self.discharge_limit_kwh.any() and bool((self.row_base_kwh >= self.row_lower_kwh).all())


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Which parts of a scenario a formulation counts.

    Parameters
    ----------
    discharge : bool
        EVs may give energy back, Eq. (23).
    flexibility : bool
        Flexibility orders move the import limit, Eq. (24).
    opportunity : bool
        Waiting for the target costs, Eq. (25)–(27).
    """

    discharge: bool = False
    flexibility: bool = False
    opportunity: bool = False


READINGS = {
    "cpo": Reading(),
    "v2g": Reading(discharge=True),
    "grid": Reading(discharge=True, flexibility=True),
    "tradeoff": Reading(discharge=True, flexibility=True, opportunity=True),
}


def read_inputs(problem: Problem, formulation: str) -> Inputs:
    """Turn a problem into arrays, as a formulation reads it.

    Raises
    ------
    BadInput
        There is no formulation of that name.
    """
    if formulation not in READINGS:
        raise BadInput("formulation", formulation, ", ".join(READINGS))
    reading = READINGS[formulation]
    hours = np.array(problem.horizon.slot_hours)
    opportunity_eur = problem.opportunity_cost_eur_per_slot if reading.opportunity else 0.0
    return Inputs(
        hours=hours,
        **_rows(problem, hours, reading),
        price_eur_per_kwh=np.array(problem.price_eur_per_kwh),
        export_price_eur_per_kwh=np.array(problem.export_price_eur_per_kwh),
        demand_charge_eur_per_kw=problem.demand_charge_eur_per_kw,
        opportunity_cost_eur_per_slot=opportunity_eur,
        renewable_share=np.array(problem.renewable_share),
        **_power(problem, hours, reading),
        **_batteries(problem),
        priority=np.array([session.priority for session in problem.sessions], dtype=int),
        previous_slots=np.array([session.previous_slots for session in problem.sessions], dtype=int),
        **_groups(problem, hours),
    )


def _rows(problem: Problem, hours: np.ndarray, reading: Reading) -> dict[str, np.ndarray]:
    """The supply point, then its phases where they are limited; demand and production are even over the phases."""
    supply, sessions = problem.supply_point, problem.sessions
    order_kw = np.array(problem.flexibility_kw) if reading.flexibility else np.zeros(problem.slots)
    base_kw = np.array(problem.demand_kw) - np.array(problem.production_kw)
    share, base, lower = [np.ones(len(sessions))], [base_kw], [np.full(problem.slots, supply.min_kw)]
    upper = [supply.max_kw + order_kw]
    for phase, limit_kw in zip(PHASES, supply.phase_max_kw or (), strict=bool(supply.phase_max_kw)):
        share.append(np.array([(phase in session.phases) / len(session.phases) for session in sessions]))
        base.append(base_kw / len(PHASES))
        lower.append(np.full(problem.slots, -limit_kw))
        upper.append(np.full(problem.slots, limit_kw))
    return {
        "share": np.array(share).reshape(len(base), len(sessions)),
        "row_base_kwh": np.array(base) * hours,
        "row_lower_kwh": np.array(lower) * hours,
        "row_upper_kwh": np.array(upper) * hours,
    }


def _power(problem: Problem, hours: np.ndarray, reading: Reading) -> dict[str, np.ndarray]:
    sessions, shape = problem.sessions, (len(problem.sessions), problem.slots)
    stay = np.array([_stay(session, problem.slots) for session in sessions], dtype=bool).reshape(shape)
    charge_kwh = np.array([_charge_kw(session, problem.slots) for session in sessions]).reshape(shape) * stay * hours
    discharge_kw = np.array([_discharge_kw(session, problem.slots) for session in sessions]).reshape(shape)
    discharge_kw *= reading.discharge
    room_kwh = np.array([(s.capacity_kwh - s.soc_kwh) / s.charge_efficiency for s in sessions])
    # An EV that cannot discharge never takes more in one slot than what its battery has room for.
    one_way = ~discharge_kw.any(axis=1)[:, None]
    charge_kwh = np.where(one_way, np.minimum(charge_kwh, room_kwh[:, None]), charge_kwh)
    least_kwh = np.array([session.min_power_kw for session in sessions])[:, None] * hours
    charge_kwh = np.where(charge_kwh >= least_kwh, charge_kwh, 0.0)
    targets = np.array([session.target_slot for session in sessions])
    return {
        "charge_limit_kwh": charge_kwh,
        "discharge_limit_kwh": discharge_kw * stay * hours,
        "least_charge_kwh": np.where(charge_kwh > 0, least_kwh, 0.0),
        "stay": stay,
        "until_target": (np.arange(problem.slots) <= targets[:, None]).astype(float),
    }


def _stay(session: SessionRequest, slots: int) -> np.ndarray:
    slot = np.arange(slots)
    last = slots - 1 if session.departure_slot is None else session.departure_slot
    return (slot >= session.arrival_slot) & (slot <= last)


def _charge_kw(session: SessionRequest, slots: int) -> np.ndarray:
    cap = np.inf if session.max_kw is None else np.array(session.max_kw)
    return np.minimum(np.full(slots, session.evse_power_kw), cap)


def _discharge_kw(session: SessionRequest, slots: int) -> np.ndarray:
    cap = np.inf if session.max_discharge_kw is None else np.array(session.max_discharge_kw)
    return np.minimum(np.full(slots, session.evse_discharge_power_kw), cap)


def _batteries(problem: Problem) -> dict[str, np.ndarray]:
    sessions = problem.sessions
    soc_kwh = np.array([session.soc_kwh for session in sessions], dtype=float)
    least_kwh = np.array([session.min_soc_kwh for session in sessions], dtype=float)
    return {
        "charge_efficiency": np.array([session.charge_efficiency for session in sessions], dtype=float),
        "discharge_efficiency": np.array([session.discharge_efficiency for session in sessions], dtype=float),
        "wear_eur_per_kwh": np.array([session.wear_eur_per_kwh for session in sessions], dtype=float),
        "soc_kwh": soc_kwh,
        "floor_kwh": np.minimum(least_kwh, soc_kwh),
        "room_kwh": np.array([session.capacity_kwh - session.soc_kwh for session in sessions], dtype=float),
        "deficit_kwh": np.array([session.target_kwh - session.soc_kwh for session in sessions], dtype=float),
    }


def _groups(problem: Problem, hours: np.ndarray) -> dict[str, np.ndarray]:
    place = {session.id: n for n, session in enumerate(problem.sessions)}
    members = np.zeros((len(problem.groups), len(problem.sessions)))
    for g, group in enumerate(problem.groups):
        members[g, [place[session_id] for session_id in group.session_ids]] = 1
    limit_kw = np.array([group.max_kw for group in problem.groups]).reshape(len(problem.groups), problem.slots)
    return {"members": members, "group_limit_kwh": limit_kw * hours}
