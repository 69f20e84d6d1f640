"""The scenario and the plan as arrays, and all that follows from the plan's energies.

Shapes in words: ``(n_sessions, n_slots)``, one axis order everywhere. Energies are at the EVSE unless a name says SoC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Which parts of a scenario a formulation counts: flexibility orders, discharge, the cost of waiting."""

    flexibility: bool = False
    discharge: bool = False
    waiting: bool = False


COUNTED = {
    "cpo": Counted(),
    "v2g": Counted(discharge=True),
    "grid": Counted(flexibility=True, discharge=True),
    "tradeoff": Counted(flexibility=True, discharge=True, waiting=True),
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that the checks compare.

    Parameters
    ----------
    who : tuple of str
        The sessions as errors name them.
    hours : (n_slots,)
        Length of each slot. [h]
    present : (n_sessions, n_slots) of bool
        From the arrival slot to the departure slot.
    charged_kwh, discharged_kwh : (n_sessions, n_slots)
        Out of and into the EVSE, both ≥ 0 and never both above it. [kWh]
    soc_kwh : (n_sessions, n_slots)
        In the battery at the end of each slot, as the energies make it. [kWh]
    target_kwh : (n_sessions,)
        What the battery is to hold at the end of its target slot. [kWh]
    imported_kwh, exported_kwh : (n_slots,)
        What the schedule says. [kWh]
    """

    problem: Problem
    schedule: Schedule
    counted: Counted
    who: tuple[str, ...]
    hours: np.ndarray
    present: np.ndarray
    charged_kwh: np.ndarray
    discharged_kwh: np.ndarray
    soc_kwh: np.ndarray
    target_kwh: np.ndarray
    imported_kwh: np.ndarray
    exported_kwh: np.ndarray

    @property
    def energy_kwh(self) -> np.ndarray:
        """Positive charges the EV, (n_sessions, n_slots). [kWh]"""
        return self.charged_kwh - self.discharged_kwh

    def of_requests(self, name: str) -> np.ndarray:
        """A field of every session's request, shape (n_sessions,)."""
        return np.array([getattr(session, name) for session in self.problem.sessions], dtype=float)


def gather_facts(problem: Problem, schedule: Schedule) -> Facts:
    """Turn a problem and a plan of its shape into arrays."""
    sessions, shape = problem.sessions, (len(problem.sessions), problem.slots)
    energy_kwh = np.array([session.energy_kwh for session in schedule.sessions], dtype=float).reshape(shape)
    charged_kwh, discharged_kwh = np.maximum(energy_kwh, 0.0), np.maximum(-energy_kwh, 0.0)
    into = np.array([session.charge_efficiency for session in sessions])[:, None]
    out_of = np.array([session.discharge_efficiency for session in sessions])[:, None]
    start_kwh = np.array([session.soc_kwh for session in sessions])[:, None]
    return Facts(
        problem=problem,
        schedule=schedule,
        counted=COUNTED[schedule.formulation],
        who=tuple(f"session {session.id}" for session in sessions),
        hours=np.array(problem.horizon.slot_hours),
        present=_present(problem).reshape(shape),
        charged_kwh=charged_kwh,
        discharged_kwh=discharged_kwh,
        soc_kwh=start_kwh + np.cumsum(charged_kwh * into - discharged_kwh / out_of, axis=1),
        target_kwh=np.array([session.target_soc * session.capacity_kwh for session in sessions]),
        imported_kwh=np.array(schedule.supply_point.imported_kwh, dtype=float),
        exported_kwh=np.array(schedule.supply_point.exported_kwh, dtype=float),
    )


def _present(problem: Problem) -> np.ndarray:
    slot, last_slot = np.arange(problem.slots), problem.slots - 1
    first = np.array([session.arrival_slot for session in problem.sessions])[:, None]
    ends = [last_slot if session.departure_slot is None else session.departure_slot for session in problem.sessions]
    return (slot >= first) & (slot <= np.array(ends)[:, None])
