"""What a restriction would do, before it is ordered: the sites planned with it and without it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twinev.domain.grid import Restriction
from twinev.domain.users import User
from twinev.sct import Schedule
from twinev.services.build_problem import BuiltProblem, build_problem
from twinev.services.idle_sessions import IdleSessions
from twinev.services.known_limits import KnownLimits
from twinev.services.ports.clock import Clock
from twinev.services.ports.planning import Planner
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.restrict import RestrictionOrder, draft_restriction, require_may_restrict, sites_of
from twinev.services.share_restriction import fair_parts_kw
from twinev.services.site_state import SiteState, count_evses, read_site_state

PREVIEW_ID = "preview"
# Less than this is rounding, not an effect.
NOTICEABLE_KWH = 0.01


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The effect; the curves are the selected stations' planned sum per slot from ``start``, in kW."""

    evs_affected: int
    shortfall_kwh: float
    cost_eur: float
    start: datetime
    slot_minutes: float
    before_kw: tuple[float, ...]
    after_kw: tuple[float, ...]
    explanations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Planned:
    """One site's problem and its plan."""

    built: BuiltProblem
    schedule: Schedule

    @property
    def cost_eur(self) -> float:
        prices = self.built.scenario["price_eur_per_kwh"]
        imported = self.schedule.supply_point.imported_kwh
        return sum(price * energy for price, energy in zip(prices, imported, strict=True))

    def sum_kw_at(self, instant: datetime, station_ids: tuple[str, ...]) -> float:
        """The planned sum of the selected stations at ``instant``, with what is reserved for some of them. [kW]"""
        horizon = self.built.horizon
        touched = horizon.slots_touched(instant, instant + timedelta(seconds=1))
        if not touched:
            return 0.0
        slot = touched[0]
        chosen = {session.id for session in self.built.decided if session.station_id in station_ids}
        planned_kwh = sum(entry.energy_kwh[slot] for entry in self.schedule.sessions if entry.id in chosen)
        reserved_kw = sum(kw[slot] for key, kw in self.built.reserved_kw.items() if key[0] in station_ids)
        return planned_kwh / horizon.slot_hours[slot] + reserved_kw


class PreviewRestriction:
    """Plans what would be, without telling anybody.

    Parameters
    ----------
    reading : UnitOfWorkFactory
        It writes nothing.
    time_limit_seconds : float
        For each plan; there are two per site. [s]
    """

    def __init__(
        self,
        *,
        planner: Planner,
        reading: UnitOfWorkFactory,
        clock: Clock,
        known: KnownLimits,
        idle: IdleSessions,
        time_limit_seconds: float = 5.0,
    ) -> None:
        self._planner = planner
        self._reading = reading
        self._clock = clock
        self._known = known
        self._idle = idle
        self._time_limit_seconds = time_limit_seconds

    async def preview(self, order: RestrictionOrder, *, user: User, in_place_of: str | None = None) -> Preview:
        """Return the effect of ``order``, or that of changing the restriction ``in_place_of`` to it.

        Raises
        ------
        Forbidden
            The user is neither a grid operator nor an administrator.
        BadInput
            A station that nobody knows, or a window that is over or empty.
        NotFound
            No restriction is called ``in_place_of``.
        Unavailable
            No planner answers.
        """
        require_may_restrict(user)
        draft, without, with_it = await asyncio.to_thread(self._states, order, user, in_place_of)
        before = {site_id: await self._plan(state) for site_id, state in without.items()}
        after = {site_id: await self._plan(state) for site_id, state in with_it.items()}
        return _compare(draft, before, after)

    def _state(self, work: UnitOfWork, site_id: str, now: datetime) -> SiteState:
        told = self._known.of(work, [station.id for station in work.stations.list(site_id=site_id)])
        return read_site_state(
            work,
            site_id,
            now,
            limits=dict(told.limits),
            unresponsive=frozenset(told.faults),
            idle_session_ids=self._idle.ids,
            learned_room=dict(told.room),
        )

    def _states(
        self, order: RestrictionOrder, user: User, in_place_of: str | None
    ) -> tuple[Restriction, dict[str, SiteState], dict[str, SiteState]]:
        now = self._clock.now()
        with self._reading() as work:
            if in_place_of is not None:
                work.restrictions.get(in_place_of)
            draft = draft_restriction(order, restriction_id=PREVIEW_ID, user=user, now=now, work=work)
            evses = count_evses(work, draft)
            without = {site_id: self._state(work, site_id, now) for site_id in sites_of(work, draft.station_ids)}
        without = {site_id: _with_fair_parts(state, without) for site_id, state in without.items()}
        with_draft = {
            site_id: replace(
                state,
                restrictions=(*(one for one in state.restrictions if one.id != in_place_of), draft),
                evses_under={**state.evses_under, draft.id: evses},
            )
            for site_id, state in without.items()
        }
        return draft, without, {site_id: _with_fair_parts(state, with_draft) for site_id, state in with_draft.items()}

    async def _plan(self, state: SiteState) -> _Planned:
        built = await asyncio.to_thread(build_problem, state)
        schedule = await self._planner.plan(
            built.problem, formulation=built.formulation, time_limit_seconds=self._time_limit_seconds
        )
        return _Planned(built=built, schedule=schedule)


def _with_fair_parts(state: SiteState, states: Mapping[str, SiteState]) -> SiteState:
    """Give a site its part of each restriction that these sites share."""
    shares = {}
    for restriction in state.restrictions:
        concerned = {
            site_id: other
            for site_id, other in states.items()
            if any(station.id in restriction.station_ids for station in other.stations)
        }
        if len(concerned) > 1:
            shares[restriction.id] = fair_parts_kw(restriction, concerned, state.horizon)[state.site.id]
    return replace(state, shares_kw=shares)


def _compare(draft: Restriction, before: Mapping[str, _Planned], after: Mapping[str, _Planned]) -> Preview:
    first = next(iter(before.values())).built.horizon
    instants = [first.slot_start(slot) for slot in range(first.slots)]
    shortfall_kwh = sum(after[s].schedule.shortfall_kwh - before[s].schedule.shortfall_kwh for s in before)
    known = {text for planned in before.values() for text in planned.schedule.explanations}
    explanations = [
        _in_operators_words(text, planned)
        for planned in after.values()
        for text in (*planned.schedule.explanations, *planned.built.notes)
        if text not in known
    ]
    if draft.start >= first.end:
        explanations.append(
            f"The restriction begins after the planning horizon, which ends at {first.end.isoformat()}."
        )
    return Preview(
        evs_affected=sum(_count_affected(draft, before[site_id], after[site_id]) for site_id in before),
        shortfall_kwh=round(max(shortfall_kwh, 0.0), 3),
        cost_eur=round(sum(after[s].cost_eur - before[s].cost_eur for s in before), 4),
        start=first.now,
        slot_minutes=first.slot_minutes,
        before_kw=tuple(round(sum(p.sum_kw_at(t, draft.station_ids) for p in before.values()), 3) for t in instants),
        after_kw=tuple(round(sum(p.sum_kw_at(t, draft.station_ids) for p in after.values()), 3) for t in instants),
        explanations=tuple(explanations),
    )


def _in_operators_words(text: str, planned: _Planned) -> str:
    """Name the station and this limit where the planner names a session's id and the group of the draft."""
    for session in planned.built.decided:
        text = text.replace(f"Session {session.id} ", f"The EV at {session.station_id} ")
    return text.replace(f"the limit of group {PREVIEW_ID}", "this limit")


def _count_affected(draft: Restriction, before: _Planned, after: _Planned) -> int:
    """EVs that get less within the window, or less by their departure."""
    window = before.built.horizon.slots_touched(draft.start, draft.end)
    affected = 0
    for old in before.schedule.sessions:
        new = next((entry for entry in after.schedule.sessions if entry.id == old.id), None)
        if new is None:
            continue
        lost_kwh = sum(old.energy_kwh[slot] - new.energy_kwh[slot] for slot in window)
        affected += lost_kwh > NOTICEABLE_KWH or new.shortfall_kwh > old.shortfall_kwh + NOTICEABLE_KWH
    return affected
