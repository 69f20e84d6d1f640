"""One restriction over several sites: which part of its limit each site plans with. Pure.

The rule: what stations that cannot be steered may draw comes off first; the rest is shared in proportion to the energy
that the sites' sessions at the selected stations still need (evenly where none is needed). These fair parts add up to
the limit. Sites are planned one after the other, so a site whose part grew must not rise before another has fallen: it
gets at most what the others leave by what they were told and are being told, but never less of its fair part than it
may draw already.
"""

from __future__ import annotations

from collections.abc import Mapping

from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.services.build_problem import may_draw_kw, needed_kwh, reserved_kw_of
from twinev.services.site_state import SiteState

Slots = tuple[float, ...]


def fair_parts_kw(restriction: Restriction, states: Mapping[str, SiteState], horizon: Horizon) -> dict[str, Slots]:
    """Return each site's fair part of the limit per slot of ``horizon``. [kW]"""
    needs_kwh = {site_id: _need_kwh(restriction, state) for site_id, state in states.items()}
    total_kwh = sum(needs_kwh.values())
    weights = {site_id: need / total_kwh if total_kwh > 0 else 1 / len(states) for site_id, need in needs_kwh.items()}
    reserved_kw = {site_id: _reserved_kw(restriction, state, horizon) for site_id, state in states.items()}
    free_kw = [max(restriction.limit_kw - sum(slot), 0.0) for slot in zip(*reserved_kw.values(), strict=True)]
    return {
        site_id: tuple(held + weights[site_id] * free for held, free in zip(reserved_kw[site_id], free_kw, strict=True))
        for site_id in states
    }


def share_kw(restriction: Restriction, states: Mapping[str, SiteState], site_id: str, horizon: Horizon) -> Slots:
    """Return what ``site_id`` may plan with per slot of ``horizon``, as the others stand. [kW]

    ``limits`` of the states hold what was accepted and what is on its way.
    """
    fair_kw = fair_parts_kw(restriction, states, horizon)[site_id]
    draws_kw = {other: _draw_kw(restriction, state, horizon) for other, state in states.items()}
    others_kw = [sum(draws_kw[other][slot] for other in states if other != site_id) for slot in range(horizon.slots)]
    return tuple(
        min(fair, max(restriction.limit_kw - others, own, 0.0))
        for fair, others, own in zip(fair_kw, others_kw, draws_kw[site_id], strict=True)
    )


def _need_kwh(restriction: Restriction, state: SiteState) -> float:
    return sum(
        needed_kwh(state, session)
        for session in state.sessions
        if session.station_id in restriction.station_ids and state.steerable(session)
    )


def _reserved_kw(restriction: Restriction, state: SiteState, horizon: Horizon) -> list[float]:
    held = [kw for key, kw in reserved_kw_of(state, horizon).items() if key[0] in restriction.station_ids]
    return [sum(kw[slot] for kw in held) for slot in range(horizon.slots)]


def _draw_kw(restriction: Restriction, state: SiteState, horizon: Horizon) -> list[float]:
    """What the site's selected stations may draw by what they were told, those without an EV aside. [kW]"""
    steered = [
        may_draw_kw(
            state,
            (session.station_id, session.evse_id),
            horizon,
            otherwise_kw=state.power_limit_kw(session),
        )
        for session in state.sessions
        if session.station_id in restriction.station_ids and state.steerable(session)
    ]
    reserved_kw = _reserved_kw(restriction, state, horizon)
    return [held + sum(kw[slot] for kw in steered) for slot, held in enumerate(reserved_kw)]
