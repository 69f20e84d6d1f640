"""What the plan of a site gives each session at an instant, and what it says about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.horizon import Horizon
from twinev.domain.plan import StoredPlan


@dataclass(frozen=True, kw_only=True)
class PlannedPower:
    """A plan as a screen shows it.

    Parameters
    ----------
    energy_kwh : mapping of session id to tuple of float, shape (n_slots,)
        Planned energy at the EVSE per slot. [kWh]
    """

    horizon: Horizon
    energy_kwh: Mapping[str, tuple[float, ...]]
    explanations: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: StoredPlan) -> PlannedPower:
        scenario, sessions = plan.scenario, plan.schedule["sessions"]
        slots = len(sessions[0]["energy_kwh"]) if sessions else 1
        horizon = Horizon(
            start=datetime.fromisoformat(scenario["start"]),
            slot_minutes=scenario["slot_minutes"],
            slots=slots,
            first_slot_minutes=scenario.get("first_slot_minutes"),
        )
        return cls(
            horizon=horizon,
            energy_kwh={session["id"]: tuple(session["energy_kwh"]) for session in sessions},
            explanations=tuple(plan.schedule.get("explanations", ())),
        )

    def power_kw(self, session_id: str, instant: datetime) -> float | None:
        """The mean power planned for the slot that holds ``instant``; None for a stranger, or beyond the plan. [kW]"""
        return self.curve_kw(session_id, (instant,))[0]

    def curve_kw(self, session_id: str, instants: Sequence[datetime]) -> list[float | None]:
        """The same at each of ``instants``. [kW]"""
        energy_kwh = self.energy_kwh.get(session_id)
        if energy_kwh is None:
            return [None] * len(instants)
        horizon, hours = self.horizon, self.horizon.slot_hours
        slot_length = timedelta(minutes=horizon.slot_minutes)
        slots = [(instant - horizon.start) // slot_length for instant in instants]
        return [energy_kwh[slot] / hours[slot] if 0 <= slot < horizon.slots else None for slot in slots]

    def explanation(self, session_id: str) -> str | None:
        """The first sentence of the plan about this session."""
        return next((sentence for sentence in self.explanations if session_id in sentence), None)
