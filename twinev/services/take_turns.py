"""EVs whose planned power is too small to charge at take turns within the slot. Pure.

Below 6 A per phase (IEC 61851-1) an EV stops. A plan knows mean powers only: 2 kW for each of three EVs would charge
none of them. Here the same energies are given one after the other: the EVs of a slot whose power is too small share the
sum of their powers in as few lanes as possible, in McNaughton's wrap-around order (R. McNaughton, "Scheduling with
deadlines and loss functions", Management Science 6, 1959): every EV gets its energy, none is in two lanes at once, and
the sum at any moment is that of the plan. Where the sum itself is too small, what the limits leave free is added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Only the next slots: later ones are planned anew before they begin.
SLOTS_WITH_TURNS = 2
# Shorter turns would wear contactors for little.
SHORTEST_TURN_SECONDS = 60
NOTHING_KW = 0.001


@dataclass(frozen=True, kw_only=True)
class Charger:
    """One session in one slot: its mean power, what it needs to charge at all and what it can take. [kW]

    ``groups`` are the caps that it stands under: only EVs under the same ones may take each other's power.
    """

    session_id: str
    power_kw: float
    least_kw: float
    most_kw: float
    groups: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """From ``start_seconds`` to ``end_seconds`` of the slot at ``power_kw``, else at nothing."""

    start_seconds: int
    end_seconds: int
    power_kw: float


def take_turns(
    chargers: Sequence[Charger], *, slot_seconds: int, spare_kw: float, group_spare_kw: Mapping[str, float]
) -> dict[str, list[Turn]]:
    """Return the turns of the sessions that cannot charge at their mean power; others are left out.

    Parameters
    ----------
    spare_kw, group_spare_kw : float, mapping of group to float
        What the plan leaves free in this slot, at the supply point and within each group. [kW]
    """
    too_small: dict[frozenset[str], list[Charger]] = defaultdict(list)
    for charger in chargers:
        if NOTHING_KW < charger.power_kw < charger.least_kw:
            too_small[charger.groups].append(charger)
    turns: dict[str, list[Turn]] = {}
    for groups, members in sorted(too_small.items(), key=lambda item: sorted(item[0])):
        free_kw = min([spare_kw, *(group_spare_kw[group] for group in groups)])
        lane = _lane(members, max(free_kw, 0.0))
        if lane is None:
            continue
        lanes, lane_kw = lane
        turns |= _wrap_around(members, lane_kw, slot_seconds)
        extra_kw = max(lanes * lane_kw - sum(member.power_kw for member in members), 0.0)
        spare_kw -= extra_kw
        group_spare_kw = {name: kw - extra_kw * (name in groups) for name, kw in group_spare_kw.items()}
    return turns


def _lane(members: list[Charger], free_kw: float) -> tuple[int, float] | None:
    """How many EVs charge at once and at what power; None where no EV could charge within the limits."""
    total_kw = sum(member.power_kw for member in members)
    least_kw = max(member.least_kw for member in members)
    most_kw = min(member.most_kw for member in members)
    for lanes in range(1, len(members) + 1):
        if total_kw / lanes > most_kw:
            continue
        lane_kw = max(total_kw / lanes, least_kw)
        return (lanes, lane_kw) if lane_kw <= most_kw and lanes * lane_kw <= total_kw + free_kw + 1e-9 else None
    return None


def _wrap_around(members: list[Charger], lane_kw: float, slot_seconds: int) -> dict[str, list[Turn]]:
    """Lay the EVs' times end to end, who needs most first, and cut the line into lanes of a slot each."""
    turns: dict[str, list[Turn]] = {}
    position = 0.0
    for member in sorted(members, key=lambda member: (-member.power_kw, member.session_id)):
        end = position + member.power_kw / lane_kw * slot_seconds
        turns[member.session_id] = _within_lanes(round(position), round(end), lane_kw, slot_seconds)
        position = end
    return turns


def _within_lanes(start: int, end: int, lane_kw: float, slot_seconds: int) -> list[Turn]:
    lane_end = (start // slot_seconds + 1) * slot_seconds
    pieces = [(start, min(end, lane_end)), (lane_end, end)]
    within = [
        Turn(start_seconds=a % slot_seconds, end_seconds=a % slot_seconds + b - a, power_kw=lane_kw)
        for a, b in pieces
        if b - a >= SHORTEST_TURN_SECONDS
    ]
    return sorted(within, key=lambda turn: turn.start_seconds)
