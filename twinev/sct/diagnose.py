"""Says in words what gave way in a plan and why: which session, how many kWh, which limit, when, what helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from twinev.sct.inputs import Inputs
from twinev.sct.problem import Problem
from twinev.sct.session_request import PHASES

TOLD_KWH = 1e-6
# Energies of a session are told to 0.1 kWh.
SESSION_DECIMALS = 1
RUNG_NOTES = {
    "incumbent": "The solver did not finish in time: this is the best plan found so far, not proven the best.",
    "relaxation": "The solver did not finish in time: this plan relaxes the import/export binaries, no limit.",
    "rule-based": "No solver was done in time: this plan charges the most urgent sessions first.",
}


def say_why(problem: Problem, inputs: Inputs, energy_kwh: np.ndarray, rung: str) -> list[str]:
    """Return what a person should know of a plan; nothing where all went well.

    Parameters
    ----------
    energy_kwh : (n_sessions, n_slots)
        The plan. [kWh]
    rung : str
        Where it came from: optimum, incumbent, relaxation or rule-based.
    """
    notes = [RUNG_NOTES[rung]] if rung in RUNG_NOTES else []
    diagnosis = _Diagnosis(problem, inputs, energy_kwh, rung)
    return [*notes, *diagnosis.of_limits(), *diagnosis.of_sessions()]


@dataclass(frozen=True, kw_only=True)
class _Limit:
    """A limit on the weighted sum of sessions, and the room that a plan leaves under it, (n_slots,). [kWh]"""

    name: str
    weights: np.ndarray
    room_kwh: np.ndarray


def limits_of(problem: Problem, inputs: Inputs, energy_kwh: np.ndarray) -> list[_Limit]:
    """The supply point's, the phases' and the groups' limits on charging, with what a plan leaves under each."""
    row_room_kwh = np.maximum(inputs.row_ceiling_kwh - inputs.row_base_kwh - inputs.share @ energy_kwh, 0.0)
    group_room_kwh = np.maximum(inputs.group_limit_kwh - inputs.members @ energy_kwh, 0.0)
    names = [*(f"{row}'s limit" for row in row_names(inputs)), *(f"the limit of group {g.id}" for g in problem.groups)]
    weights, rooms = [*inputs.share, *inputs.members], [*row_room_kwh, *group_room_kwh]
    return [
        _Limit(name=name, weights=weight, room_kwh=room)
        for name, weight, room in zip(names, weights, rooms, strict=True)
    ]


def row_names(inputs: Inputs) -> list[str]:
    """What a person calls the limit rows."""
    return ["the supply point", *(f"phase {phase}" for phase in PHASES)][: len(inputs.share)]


class _Diagnosis:
    def __init__(self, problem: Problem, inputs: Inputs, energy_kwh: np.ndarray, rung: str) -> None:
        self._problem = problem
        self._inputs = inputs
        self._energy_kwh = energy_kwh
        self._row_flow_kwh = inputs.row_base_kwh + inputs.share @ energy_kwh
        self._limits = limits_of(problem, inputs, energy_kwh)
        # A plan that never discharges does not prove that no other keeps the limits.
        self._proven = rung != "rule-based" or inputs.excess_is_known

    def of_limits(self) -> Iterator[str]:
        """The limits that no plan keeps."""
        inputs, flow_kwh = self._inputs, self._row_flow_kwh
        whatever = "whatever the EVs do" if self._proven else "in this plan"
        beyond = "beyond what the EVs can take" if self._proven else "in this plan"
        over, under = "Lower the demand or raise the import limit", "Curtail production or allow more"
        directions = (
            (flow_kwh - inputs.row_upper_kwh, f"imports more than its limit {whatever}", over),
            (inputs.row_lower_kwh - flow_kwh, f"exports more than its limit, {beyond}", under),
        )
        for row, name in enumerate(row_names(inputs)):
            for excess_kwh, what, remedy in directions:
                slots = np.flatnonzero(excess_kwh[row] > TOLD_KWH)
                if slots.size:
                    worst_kw = (excess_kwh[row, slots] / inputs.hours[slots]).max()
                    yield (
                        f"{name[0].upper()}{name[1:]} {what}: by up to {worst_kw:.1f} kW, "
                        f"{excess_kwh[row, slots].sum():.2f} kWh in all, {self._times_text(slots)}. "
                        f"{remedy} by {_up(worst_kw):.1f} kW there."
                    )

    def of_sessions(self) -> Iterator[str]:
        """The sessions that miss their target, unless by so little that it would be told as 0.0 kWh."""
        inputs = self._inputs
        taken_kwh = np.maximum(self._energy_kwh, 0) * inputs.charge_efficiency[:, None]
        lost_kwh = np.maximum(-self._energy_kwh, 0) / inputs.discharge_efficiency[:, None]
        delivered_kwh = ((taken_kwh - lost_kwh) * inputs.until_target).sum(axis=1)
        missing_kwh = inputs.deficit_kwh - delivered_kwh
        short = np.flatnonzero(np.round(missing_kwh, SESSION_DECIMALS) > 0)
        alone = " for this session alone" if short.size > 1 else ""
        for n in short:
            yield self._of_session(n, float(delivered_kwh[n]), float(missing_kwh[n]), alone)

    def _of_session(self, n: int, delivered_kwh: float, missing_kwh: float, alone: str) -> str:
        request = self._problem.sessions[n]
        deadline = self._problem.clock_time(self._problem.horizon.slot_end(request.target_slot))
        if self._inputs.need_kwh[n] == 0:
            held = f"Session {request.id} holds its target of {request.target_kwh:.1f} kWh already"
            return f"{held}, but the grid's limits take {missing_kwh:.1f} kWh of it by {deadline}."
        asks = f"Session {request.id} asks for {self._inputs.need_kwh[n]:.1f} kWh by {deadline}"
        own_kwh = float(self._inputs.need_kwh[n] - self._inputs.reachable_kwh[n])
        cures = [f"postpone departure to {later}" for later in [self._served_at(n, missing_kwh)] if later]
        if own_kwh > missing_kwh - TOLD_KWH:
            cause = f"but at most {delivered_kwh:.1f} kWh fits: {self._own_limit(n)}"
        else:
            slots, limits = self._binding(n)
            cause = f"but gets {delivered_kwh:.1f} kWh, {missing_kwh:.1f} kWh short: "
            cause += f"{self._own_limit(n)}, and " if own_kwh > TOLD_KWH else ""
            where = f" {self._times_text(slots)}" if slots.size else ""
            cause += f"{' and '.join(limits) or self._otherwise(n)} {'binds' if limits else ''}{where}".rstrip()
            raise_kw = self._raise_kw(n, slots, missing_kwh - max(own_kwh, 0.0))
            if limits and raise_kw is not None:
                cures.insert(0, f"raise {' and '.join(limits)} by {_up(raise_kw):.1f} kW there{alone}")
            if limits and (self._inputs.priority > self._inputs.priority[n]).any():
                cause += ", and sessions of higher priority go first"
        cures.append(f"accept {delivered_kwh:.1f} kWh")
        remedy = ", ".join(cures[:-1]) + f" or {cures[-1]}" if len(cures) > 1 else cures[0]
        return f"{asks}, {cause}. {remedy[0].upper()}{remedy[1:]}."

    def _otherwise(self, n: int) -> str:
        """Why a session is short where no limit on several of them binds."""
        request = self._problem.sessions[n]
        if request.min_power_kw:
            return f"its minimum power of {request.min_power_kw:.1f} kW leaves no way to take the rest"
        return "this plan is not the best possible"

    def _own_limit(self, n: int) -> str:
        """What the session could take if it were alone, as power and time."""
        request = self._problem.sessions[n]
        takeable_kwh = self._inputs.charge_limit_kwh[n] * self._inputs.until_target[n]
        hours = float(self._inputs.hours[takeable_kwh > 0].sum())
        if not hours:
            return f"its EVSE gives nothing between its arrival and then ({request.evse_power_kw:.1f} kW at most)"
        mean_kw = float(takeable_kwh.sum()) / hours
        limit = "its EVSE gives" if request.max_kw is None else "its EVSE and its own cap give"
        lost = "" if request.charge_efficiency == 1 else f", of which {request.charge_efficiency:.0%} reach the battery"
        return f"{limit} {mean_kw:.1f} kW for {_duration(hours)}{lost}"

    def _binding(self, n: int) -> tuple[np.ndarray, list[str]]:
        """In which slots before its target the session could take more, and which limits keep it from that."""
        inputs = self._inputs
        wants = (inputs.charge_limit_kwh[n] - self._energy_kwh[n] > TOLD_KWH) & (inputs.until_target[n] > 0)
        slots, names = np.zeros_like(wants), []
        for limit in self._limits:
            bound = wants & (limit.weights[n] > 0) & (limit.room_kwh <= TOLD_KWH)
            if bound.any():
                names.append(limit.name)
                slots |= bound
        return np.flatnonzero(slots), names

    def _raise_kw(self, n: int, slots: np.ndarray, missing_kwh: float) -> float | None:
        """By how much those limits, raised for this session alone, would let it reach its target. [kW]"""
        inputs = self._inputs
        missing_kwh = missing_kwh / inputs.charge_efficiency[n]
        room_kwh = (inputs.charge_limit_kwh[n] - self._energy_kwh[n])[slots]
        hours = inputs.hours[slots]
        # Where the demand alone exceeds the limit, that much must be raised before an EV gains anything.
        excess_kwh = np.maximum(self._row_flow_kwh[0] - inputs.row_upper_kwh[0], 0)[slots]
        excess_kw = float((excess_kwh / hours).max(initial=0.0))
        if room_kwh.sum() < missing_kwh - TOLD_KWH:
            return None
        # Energy gained grows piecewise linearly with the raise; its kinks are where a slot's room is used up.
        gained_kwh = 0.0
        below_kw = 0.0
        for kink_kw in np.sort(room_kwh / hours):
            open_hours = float(hours[room_kwh / hours >= kink_kw].sum())
            step_kwh = (kink_kw - below_kw) * open_hours
            if gained_kwh + step_kwh >= missing_kwh:
                return excess_kw + below_kw + (missing_kwh - gained_kwh) / open_hours
            gained_kwh, below_kw = gained_kwh + step_kwh, float(kink_kw)
        return excess_kw + below_kw

    def _served_at(self, n: int, missing_kwh: float) -> str | None:
        """When the session would hold its target if it stayed and the others kept their plan; None: not in sight."""
        problem, inputs = self._problem, self._inputs
        request = problem.sessions[n]
        missing_kwh = missing_kwh / inputs.charge_efficiency[n]
        passed = [limit for limit in self._limits if limit.weights[n] > 0]
        for t in range(request.target_slot + 1, problem.slots):
            cap_kw = request.evse_power_kw if request.max_kw is None else min(request.evse_power_kw, request.max_kw[t])
            rooms = [limit.room_kwh[t] / limit.weights[n] for limit in passed]
            possible_kwh = min(cap_kw * inputs.hours[t], float(min(rooms)) + max(self._energy_kwh[n, t], 0.0))
            if possible_kwh >= missing_kwh - TOLD_KWH and cap_kw > 0:
                # At full power from the slot's beginning, rounded up to the minute.
                minutes = int(np.ceil(round(missing_kwh / cap_kw * 60, 6)))
                crowded = possible_kwh < cap_kw * inputs.hours[t] - TOLD_KWH
                moment = problem.horizon.slot_start(t) + timedelta(minutes=minutes)
                return problem.clock_time(problem.horizon.slot_end(t) if crowded else moment)
            missing_kwh -= possible_kwh
        return None

    def _times_text(self, slots: np.ndarray) -> str:
        """``from 19:00 to 20:00``, runs joined."""
        runs = np.split(slots, np.flatnonzero(np.diff(slots) > 1) + 1)
        horizon, clock = self._problem.horizon, self._problem.clock_time
        parts = []
        for run in runs[:4]:
            first, last = int(run[0]), int(run[-1])
            parts.append(f"from {clock(horizon.slot_start(first))} to {clock(horizon.slot_end(last))}")
        return ", ".join(parts) + (f" and {len(runs) - 4} later stretches" if len(runs) > 4 else "")


def _duration(hours: float) -> str:
    minutes = round(hours * 60)
    whole, rest = divmod(minutes, 60)
    return f"{whole} h {rest} min" if whole and rest else f"{whole} h" if whole else f"{rest} min"


def _up(power_kw: float) -> float:
    """Rounded up to 0.1 kW: a remedy must be enough."""
    return float(np.ceil(round(power_kw * 10, 6)) / 10)
