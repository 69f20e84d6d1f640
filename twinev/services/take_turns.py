"""Gives EVs that cannot charge slowly their energy in turns. Pure.

An EV charges with at least 6 A a phase or not at all (IEC 61851-1), and a plan that shares a small limit among many EVs
asks each for less than that: told so, none of them would charge. Here such EVs take turns, slot by slot. Within a slot
power moves only between sessions of the same groups, so every sum that the plan keeps is kept; who was passed over
comes first in the next slot. Where the supply point and the groups have room beside the plan, an EV gets its
energy at its least power in the first part of the slot instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinev.sct import Problem

#: 6 A at 230 V: what one phase carries at least. [kW]
LEAST_KW_PER_PHASE = 1.38
#: 32 A at 230 V: up to here an EV may well charge on one phase. [kW]
ONE_PHASE_MAX_KW = 7.4
_NOISE_KW = 1e-6


@dataclass(frozen=True, kw_only=True)
class SlotPower:
    """``power_kw`` for the first ``share`` (0–1) of the slot, then none. [kW]"""

    power_kw: float
    share: float = 1.0


def least_power_kw(*, phases: int, max_kw: float) -> float:
    """Return what an EV that takes at most ``max_kw`` on these phases takes at least. [kW]"""
    used = 1 if max_kw <= ONE_PHASE_MAX_KW else phases
    return min(LEAST_KW_PER_PHASE * used, max_kw)


def take_turns(
    energy_kwh: Mapping[str, Sequence[float]], problem: Problem, least_kw: Mapping[str, float]
) -> dict[str, list[SlotPower]]:
    """Return each session's power per slot so that none lies between zero and its least.

    Parameters
    ----------
    energy_kwh : mapping of session id to sequence, shape (n_slots,)
        The plan. [kWh]
    least_kw : mapping of session id to float
        See `least_power_kw`. [kW]
    """
    turns = _Turns(energy_kwh, problem, least_kw)
    for slot in range(problem.slots):
        turns.hand_out(slot)
    return turns.powers


class _Turns:
    """``owed_kwh`` is what a session was planned to have by now and has not been given."""

    def __init__(
        self, energy_kwh: Mapping[str, Sequence[float]], problem: Problem, least_kw: Mapping[str, float]
    ) -> None:
        self._energy_kwh = energy_kwh
        self._problem = problem
        self._least_kw = least_kw
        self._max_kw = {session.id: session.evse_power_kw for session in problem.sessions}
        self._groups_of = {
            session_id: frozenset(group.id for group in problem.groups if session_id in group.session_ids)
            for session_id in energy_kwh
        }
        self.owed_kwh: dict[str, float] = dict.fromkeys(energy_kwh, 0.0)
        self.powers: dict[str, list[SlotPower]] = {session_id: [] for session_id in energy_kwh}

    def hand_out(self, slot: int) -> None:
        """Decide one slot for all sessions."""
        hours = self._problem.horizon.slot_hours[slot]
        planned_kw = {session_id: energy[slot] / hours for session_id, energy in self._energy_kwh.items()}
        slow: dict[frozenset[str], list[str]] = defaultdict(list)
        for session_id, power_kw in planned_kw.items():
            if _NOISE_KW < power_kw < self._least_kw[session_id] - _NOISE_KW:
                slow[self._groups_of[session_id]].append(session_id)
                self.owed_kwh[session_id] += power_kw * hours
            else:
                self.powers[session_id].append(SlotPower(power_kw=power_kw))
        room_kw = _Room(self._problem, planned_kw, slot)
        for groups, session_ids in slow.items():
            session_ids.sort(key=lambda session_id: -self.owed_kwh[session_id])
            self._share(session_ids, sum(planned_kw[session_id] for session_id in session_ids), hours, groups, room_kw)

    def _share(
        self, session_ids: list[str], budget_kw: float, hours: float, groups: frozenset[str], room_kw: _Room
    ) -> None:
        given_kw: dict[str, float] = {}
        for session_id in session_ids:
            if self._least_kw[session_id] <= budget_kw + _NOISE_KW:
                given_kw[session_id] = self._least_kw[session_id]
                budget_kw -= self._least_kw[session_id]
        for session_id in given_kw:
            more_kw = min(max(budget_kw, 0.0), self._max_kw[session_id] - given_kw[session_id])
            given_kw[session_id] += more_kw
            budget_kw -= more_kw
        for session_id in session_ids:
            share = 1.0
            if session_id not in given_kw and room_kw.take(self._least_kw[session_id], budget_kw, groups):
                given_kw[session_id], budget_kw = self._least_kw[session_id], 0.0
                share = min(1.0, self.owed_kwh[session_id] / (self._least_kw[session_id] * hours))
            power_kw = given_kw.get(session_id, 0.0)
            self.owed_kwh[session_id] -= power_kw * share * hours
            self.powers[session_id].append(SlotPower(power_kw=power_kw, share=share))


class _Room:
    """What a slot could carry beside the plan: at the supply point, and in each group. [kW]"""

    def __init__(self, problem: Problem, planned_kw: Mapping[str, float], slot: int) -> None:
        ceiling_kw = problem.supply_point.max_kw + min(problem.flexibility_kw[slot], 0.0)
        net_kw = problem.demand_kw[slot] - problem.production_kw[slot] + sum(planned_kw.values())
        self._site_kw = ceiling_kw - net_kw
        self._group_kw = {
            group.id: group.max_kw[slot] - sum(planned_kw.get(member, 0.0) for member in group.session_ids)
            for group in problem.groups
        }

    def take(self, power_kw: float, budget_kw: float, groups: frozenset[str]) -> bool:
        """Take what ``power_kw`` needs beyond ``budget_kw``, which the plan has already, if there is that much."""
        more_kw = power_kw - max(budget_kw, 0.0)
        if more_kw > min([self._site_kw, *(self._group_kw[group] for group in groups)]):
            return False
        self._site_kw -= more_kw
        for group in groups:
            self._group_kw[group] -= more_kw
        return True
