"""Limits on several sessions together, as groups of a problem: restrictions, and limits of others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession
from twinev.services.evse_limits import EvseKey
from twinev.services.site_state import SiteState


def restriction_groups(
    state: SiteState,
    horizon: Horizon,
    decided: tuple[ChargingSession, ...],
    reserved_kw: Mapping[EvseKey, tuple[float, ...]],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a group for each restriction, and what its reader must know."""
    groups: list[dict[str, Any]] = []
    notes: list[str] = []
    for restriction in state.restrictions:
        members = [session for session in decided if session.station_id in restriction.station_ids]
        held = [kw for (station_id, _), kw in reserved_kw.items() if station_id in restriction.station_ids]
        cap_kw = _restricted_kw(state, restriction, horizon)
        # Where the restriction is silent, the cap is what the members can draw anyway.
        free_kw = sum(state.power_limit_kw(session) for session in members)
        left_kw = [free_kw if cap is None else cap - sum(kw[slot] for kw in held) for slot, cap in enumerate(cap_kw)]
        if any(kw < 0 for kw in left_kw):
            notes.append(
                f"Restriction {restriction.id}: stations that cannot be steered may draw up to "
                f"{-min(left_kw):.1f} kW more than its limit of {restriction.limit_kw:g} kW."
            )
        if members:
            groups.append(
                {
                    "id": restriction.id,
                    "session_ids": [session.id for session in members],
                    "max_kw": [max(kw, 0.0) for kw in left_kw],
                }
            )
    return groups, notes


def station_groups(state: SiteState, horizon: Horizon, decided: tuple[ChargingSession, ...]) -> list[dict[str, Any]]:
    """Each station under a limit of others as a group of its sessions."""
    groups: list[dict[str, Any]] = []
    for station_id in sorted({limit.station_id for limit in state.external_limits if limit.evse_id == 0}):
        members = [session for session in decided if session.station_id == station_id]
        caps_kw = capped_kw(state, (station_id, 0), horizon)
        if members and any(kw is not None for kw in caps_kw):
            free_kw = sum(state.power_limit_kw(session) for session in members)
            groups.append(
                {
                    "id": f"station {station_id}",
                    "session_ids": [session.id for session in members],
                    "max_kw": [free_kw if kw is None else max(kw, 0.0) for kw in caps_kw],
                }
            )
    return groups


def _restricted_kw(state: SiteState, restriction: Restriction, horizon: Horizon) -> list[float | None]:
    """The restriction's cap on this site's selected stations per slot; None where it does not rule. [kW]"""
    share = state.shares_kw.get(restriction.id)
    touched = horizon.slots_touched(max(restriction.start, state.now), restriction.end)
    return [
        (restriction.limit_kw if share is None else min(share[slot], restriction.limit_kw)) if slot in touched else None
        for slot in range(horizon.slots)
    ]


def discharge_caps_kw(state: SiteState, session: ChargingSession, horizon: Horizon) -> list[float] | None:
    """What the EV may give back in each slot, where a restriction without V2G rules in some of them. [kW]"""
    closed: set[int] = set()
    for restriction in state.restrictions:
        if not restriction.v2g and session.station_id in restriction.station_ids:
            closed.update(horizon.slots_touched(max(restriction.start, state.now), restriction.end))
    power_kw = state.discharge_limit_kw(session)
    return [0.0 if slot in closed else power_kw for slot in range(horizon.slots)] if closed else None


def capped_kw(state: SiteState, key: EvseKey, horizon: Horizon) -> list[float | None]:
    """What others limit an EVSE, or at EVSE 0 a station, to in each slot. [kW]"""
    slots = range(horizon.slots)
    if not any((limit.station_id, limit.evse_id) == key for limit in state.external_limits):
        return [None] * horizon.slots
    return [state.external_kw(key, horizon.slot_start(slot), horizon.slot_end(slot)) for slot in slots]
