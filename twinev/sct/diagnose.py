"""Says in words what gave way in a plan and why: which session, how many kWh, which limit, when, what helps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from twinev.sct.inputs import Inputs
from twinev.sct.problem import Problem

TOLD_KWH = 1e-6
# Energies of a session are told to 0.1 kWh.
SESSION_DECIMALS = 1
RUNG_NOTES = {
    "incumbent": "The solver did not finish in time: this is the best plan found so far, not proven the best.",
    "relaxation": "The solver did not finish in time: this plan relaxes the import/export binaries, no limit.",
    "rule-based": "No solver was done in time: this plan charges the most urgent sessions first.",
}


def explain(problem: Problem, inputs: Inputs, energy_kwh: np.ndarray, rung: str) -> list[str]:
    """Return what a person should know of a plan; nothing where all went well.

    Parameters
    ----------
    energy_kwh : (n_sessions, n_slots)
        The plan. [kWh]
    rung : str
        Where it came from: optimum, incumbent, relaxation or rule-based.
    """
    notes = [RUNG_NOTES[rung]] if rung in RUNG_NOTES else []
    diagnosis = _Diagnosis(problem, inputs, energy_kwh)
    return [*notes, *diagnosis.of_limits(), *diagnosis.of_sessions()]


class _Diagnosis:
    def __init__(self, problem: Problem, inputs: Inputs, energy_kwh: np.ndarray) -> None:
        self._problem = problem
        self._inputs = inputs
        self._energy_kwh = energy_kwh
        self._flow_kwh = inputs.base_kwh + energy_kwh.sum(axis=0)
        group_kwh = inputs.members @ energy_kwh
        self._site_room_kwh = np.maximum(inputs.ceiling_kwh - self._flow_kwh, 0.0)
        self._group_room_kwh = np.maximum(inputs.group_limit_kwh - group_kwh, 0.0)

    def of_limits(self) -> Iterator[str]:
        """The supply point's limits that no plan keeps."""
        inputs, flow_kwh = self._inputs, self._flow_kwh
        over_kwh, under_kwh = flow_kwh - inputs.upper_kwh, inputs.lower_kwh - flow_kwh
        for excess_kwh, what, remedy in (
            (over_kwh, "imports more than its limit whatever the EVs do", "Lower the demand or raise the import limit"),
            (
                under_kwh,
                "exports more than its limit, beyond what the EVs can take",
                "Curtail production or allow more",
            ),
        ):
            slots = np.flatnonzero(excess_kwh > TOLD_KWH)
            if slots.size:
                worst_kw = (excess_kwh[slots] / inputs.hours[slots]).max()
                yield (
                    f"The supply point {what}: by up to {worst_kw:.1f} kW, {excess_kwh[slots].sum():.2f} kWh in all, "
                    f"{self._times_text(slots)}. {remedy} by {_up(worst_kw):.1f} kW there."
                )

    def of_sessions(self) -> Iterator[str]:
        """The sessions that miss their target, unless by so little that it would be told as 0.0 kWh."""
        delivered_kwh = (self._energy_kwh * self._inputs.until_target).sum(axis=1)
        missing_kwh = self._inputs.deficit_kwh - delivered_kwh
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
            cause += f"{' and '.join(limits) or 'this plan is not the best possible'} binds{where}"
            raise_kw = self._raise_kw(n, slots, missing_kwh - max(own_kwh, 0.0))
            if limits and raise_kw is not None:
                cures.insert(0, f"raise {' and '.join(limits)} by {_up(raise_kw):.1f} kW there{alone}")
        cures.append(f"accept {delivered_kwh:.1f} kWh")
        remedy = ", ".join(cures[:-1]) + f" or {cures[-1]}" if len(cures) > 1 else cures[0]
        return f"{asks}, {cause}. {remedy[0].upper()}{remedy[1:]}."

    def _own_limit(self, n: int) -> str:
        """What the session could take if it were alone, as power and time."""
        request = self._problem.sessions[n]
        takeable_kwh = self._inputs.charge_limit_kwh[n] * self._inputs.until_target[n]
        hours = float(self._inputs.hours[takeable_kwh > 0].sum())
        if not hours:
            return f"its EVSE gives nothing between its arrival and then ({request.evse_power_kw:.1f} kW at most)"
        mean_kw = float(takeable_kwh.sum()) / hours
        limit = "its EVSE gives" if request.max_kw is None else "its EVSE and its own cap give"
        return f"{limit} {mean_kw:.1f} kW for {_duration(hours)}"

    def _binding(self, n: int) -> tuple[np.ndarray, list[str]]:
        """In which slots before its target the session could take more, and which limits keep it from that."""
        inputs = self._inputs
        wants = (inputs.charge_limit_kwh[n] - self._energy_kwh[n] > TOLD_KWH) & (inputs.until_target[n] > 0)
        site = wants & (self._site_room_kwh <= TOLD_KWH)
        limits = ["the supply point's limit"] if site.any() else []
        slots = site
        for g in np.flatnonzero(inputs.members[:, n]):
            bound = wants & (self._group_room_kwh[g] <= TOLD_KWH)
            if bound.any():
                limits.append(f"the limit of group {self._problem.groups[g].id}")
            slots = slots | bound
        return np.flatnonzero(slots), limits

    def _raise_kw(self, n: int, slots: np.ndarray, missing_kwh: float) -> float | None:
        """By how much those limits, raised for this session alone, would let it reach its target. [kW]"""
        room_kwh = (self._inputs.charge_limit_kwh[n] - self._energy_kwh[n])[slots]
        hours = self._inputs.hours[slots]
        # Where the demand alone exceeds the limit, that much must be raised before an EV gains anything.
        excess_kw = float((np.maximum(self._flow_kwh - self._inputs.upper_kwh, 0)[slots] / hours).max(initial=0.0))
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
        for t in range(request.target_slot + 1, problem.slots):
            cap_kw = request.evse_power_kw if request.max_kw is None else min(request.evse_power_kw, request.max_kw[t])
            rooms = [self._site_room_kwh[t], *self._group_room_kwh[inputs.members[:, n] > 0, t]]
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
