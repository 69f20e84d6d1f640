"""Makes one plan of one site: reads its state, asks the planner, verifies and stores the answer, has it sent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.domain.plan import StoredPlan
from twinev.errors import SolverFailure, Unavailable
from twinev.sct import Schedule, optimise, verify
from twinev.services.build_problem import BuiltProblem, build_problem
from twinev.services.desired_profile import DesiredProfile
from twinev.services.dispatch_plan import PlanDispatcher, WantedState
from twinev.services.evse_limits import EvseKey, EvseLimits
from twinev.services.idle_sessions import IdleSessions
from twinev.services.own_limits import believed_limits
from twinev.services.ports.clock import Clock
from twinev.services.ports.planning import Planner
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.share_restriction import fair_parts_kw, share_kw
from twinev.services.site_state import SiteState, read_site_state
from twinev.services.told_limits import ToldLimits
from twinev.services.translate_plan import standing_profiles, translate_plan

# What the tool is asked for; on record with every plan.
SOLVER = "auto"
GAP = 1e-4
# What the database keeps of why a plan was made: after an outage everything may have happened at once.
LONGEST_TRIGGER = 64

# Less than this below its fair part is rounding, and no reason to plan again when others fall.
HELD_BACK_KW = 0.05


@dataclass(frozen=True, kw_only=True)
class MadePlan:
    """A site's latest plan and what the loop must know of it.

    ``schedule`` is None where there was nobody to decide on. ``partners`` are the other sites under a common
    restriction; ``held_back`` while this site got less than its fair part of one. ``makeshift`` says why the plan was
    made by rule and wants to be made again; it is empty for a proper one.
    """

    state: SiteState
    built: BuiltProblem
    schedule: Schedule | None = None
    partners: frozenset[str] = frozenset()
    held_back: bool = False
    makeshift: str = ""

    @property
    def renew_at(self) -> datetime:
        """When the next slot begins, or a restriction or a limit of others begins or ends, whichever comes first."""
        edges = [edge for r in self.state.restrictions for edge in (r.start, r.end)]
        for limit in self.state.external_limits:
            if limit.schedule is not None:
                edges += [limit.schedule.start + timedelta(seconds=s) for s in limit.schedule.edges_seconds]
        edges = [edge for edge in edges if edge > self.state.now]
        return min([self.built.horizon.slot_end(0), *edges])


class SitePlanner:
    """Plans sites one at a time each; sites under a common restriction one after the other.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    time_limit_seconds : float
        What the planner may take for one plan. [s]
    """

    def __init__(
        self,
        *,
        planner: Planner,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        dispatcher: PlanDispatcher,
        told: ToldLimits,
        idle: IdleSessions,
        time_limit_seconds: float = 5.0,
    ) -> None:
        self._planner = planner
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._clock = clock
        self._dispatcher = dispatcher
        self._told = told
        self._idle = idle
        self._time_limit_seconds = time_limit_seconds
        self._sharing = asyncio.Lock()

    async def plan(
        self, site_id: str, trigger: str, *, moved: Callable[[], bool], by_rule: bool = False
    ) -> MadePlan | None:
        """Plan the site and let the plan be sent; None when ``moved`` says that the state has changed meanwhile.

        With ``by_rule`` a planner that is away or fails is made up for by the rule-based plan, which is made here and
        keeps every limit: restrictions cannot wait.

        Raises
        ------
        Unavailable
            No planner answers.
        SolverFailure
            The plan that came back breaks a constraint.
        """
        state = await asyncio.to_thread(self._read, site_id)
        if self._told.forget_reconnected(state.stations):
            state = await asyncio.to_thread(self._read, site_id)
        if not _spanning(state):
            return await self._plan_state(state, trigger, moved, by_rule=by_rule)
        # What this site may rise to depends on what the others are being told: one at a time.
        async with self._sharing:
            made = await asyncio.to_thread(self._share, site_id)
            return await self._plan_state(made.state, trigger, moved, made, by_rule=by_rule)

    async def _plan_state(
        self,
        state: SiteState,
        trigger: str,
        moved: Callable[[], bool],
        shared: MadePlan | None = None,
        *,
        by_rule: bool,
    ) -> MadePlan | None:
        built = shared.built if shared else await asyncio.to_thread(build_problem, state)
        made = shared or MadePlan(state=state, built=built)
        if not built.decided:
            self._dispatcher.want(_wanted(made, standing_profiles(state), None))
            return made
        try:
            schedule = await self._solve(built)
        except (Unavailable, SolverFailure) as error:
            if not by_rule:
                raise
            schedule = await asyncio.to_thread(optimise, built.problem, built.formulation, time_limit=0)
            made = replace(made, makeshift=str(error))
        if moved():
            return None
        plan = self._stored(made, schedule, trigger)
        await asyncio.to_thread(self._store, plan, schedule, built)
        self._dispatcher.want(_wanted(made, translate_plan(schedule, built, state), plan.id))
        return replace(made, schedule=schedule)

    async def _solve(self, built: BuiltProblem) -> Schedule:
        schedule = await self._planner.plan(
            built.problem,
            formulation=built.formulation,
            solver=SOLVER,
            gap=GAP,
            time_limit_seconds=self._time_limit_seconds,
        )
        await asyncio.to_thread(_require_verified, built, schedule)
        return schedule

    def _read(self, site_id: str) -> SiteState:
        with self._reading() as work:
            return self._read_within(work, site_id, self._clock.now())

    def _read_within(self, work: UnitOfWork, site_id: str, now: datetime) -> SiteState:
        state = read_site_state(
            work,
            site_id,
            now,
            limits=dict(self._told.limits),
            unresponsive=frozenset(self._told.faults),
            idle_session_ids=self._idle.ids,
            learned_room=dict(self._told.room),
        )
        own = believed_limits(dict(self._told.reported_less), state.sessions, now)
        return replace(state, external_limits=(*state.external_limits, *own)) if own else state

    def _share(self, site_id: str) -> MadePlan:
        """Read the site with its parts of the restrictions that it shares with others."""
        now = self._clock.now()
        with self._reading() as work:
            own = self._read_within(work, site_id, now)
            touched = {station_id for restriction in _spanning(own) for station_id in restriction.station_ids}
            site_ids = {station.site_id for station in work.stations.named(touched).values()}
            states = {site_id: own} | {
                other: self._read_within(work, other, now) for other in sorted(site_ids - {site_id})
            }
        states = {other: replace(state, limits=self._with_under_way(state)) for other, state in states.items()}
        shares: dict[str, tuple[float, ...]] = {}
        held_back = False
        for restriction in _spanning(own):
            touched = own.horizon.slots_touched(restriction.start, restriction.end)
            concerned = _concerned(restriction, states)
            share = share_kw(restriction, concerned, site_id, own.horizon)
            fair = fair_parts_kw(restriction, concerned, own.horizon)[site_id]
            held_back |= any(share[slot] < fair[slot] - HELD_BACK_KW for slot in touched)
            shares[restriction.id] = share
        state = replace(own, shares_kw=shares)
        return MadePlan(
            state=state,
            built=build_problem(state),
            partners=frozenset(states) - {site_id},
            held_back=held_back,
        )

    def _with_under_way(self, state: SiteState) -> Mapping[EvseKey, EvseLimits]:
        limits = dict(state.limits)
        for desired in self._dispatcher.wanted_profiles(state.site.id):
            limits[desired.key] = limits.get(desired.key, EvseLimits()).uncertain(desired.profile)
        return limits

    def _stored(self, made: MadePlan, schedule: Schedule, trigger: str) -> StoredPlan:
        state, built, by_rule = made.state, made.built, bool(made.makeshift)
        explained = replace(schedule, explanations=(*schedule.explanations, *built.notes))
        return StoredPlan(
            id=uuid.uuid4().hex,
            site_id=state.site.id,
            made_at=self._clock.now(),
            trigger=_in_short(trigger),
            formulation=built.formulation,
            scenario=built.problem.to_dict(),
            schedule=explained.to_dict(),
            solver=SOLVER,
            gap=GAP,
            time_limit_seconds=0.0 if by_rule else self._time_limit_seconds,
        )

    def _store(self, plan: StoredPlan, schedule: Schedule, built: BuiltProblem) -> None:
        with self._unit_of_work() as work:
            work.plans.add(plan)
            work.events.add(
                "plan.made",
                {
                    "site_id": plan.site_id,
                    "plan_id": plan.id,
                    "trigger": plan.trigger,
                    "status": schedule.status,
                    "shortfall_kwh": schedule.shortfall_kwh,
                    **_curve(schedule, built.horizon),
                },
            )
            work.commit()


def _curve(schedule: Schedule, horizon: Horizon) -> dict[str, Any]:
    """The power of all EVs together, for other modules: they see no database. [kW]"""
    sums_kwh = (sum(slot) for slot in zip(*(entry.energy_kwh for entry in schedule.sessions), strict=True))
    return {
        "start": horizon.start.isoformat(),
        "slot_minutes": horizon.slot_minutes,
        "charging_kw": [round(kwh / hours, 3) for kwh, hours in zip(sums_kwh, horizon.slot_hours, strict=True)],
    }


def _spanning(state: SiteState) -> list[Restriction]:
    """The restrictions that reach beyond this site."""
    own = {station.id for station in state.stations}
    return [restriction for restriction in state.restrictions if not own.issuperset(restriction.station_ids)]


def _concerned(restriction: Restriction, states: Mapping[str, SiteState]) -> dict[str, SiteState]:
    return {
        site_id: state
        for site_id, state in states.items()
        if any(station.id in restriction.station_ids for station in state.stations)
    }


def _require_verified(built: BuiltProblem, schedule: Schedule) -> None:
    verification = verify(built.problem, schedule)
    if not verification.holds:
        raise SolverFailure(f"the plan breaks its constraints and is not sent: {verification}")


def _wanted(made: MadePlan, profiles: list[DesiredProfile], plan_id: str | None) -> WantedState:
    state = made.state
    return WantedState(
        site_id=state.site.id,
        plan_id=plan_id,
        slot=timedelta(minutes=state.site.slot_minutes),
        profiles=tuple(profiles),
        transactions={(s.station_id, s.evse_id): s.ocpp_transaction_id for s in state.sessions},
        online=frozenset(station.id for station in state.stations if station.online),
        unsteered=state.unresponsive & {station.id for station in state.stations},
    )


def _in_short(trigger: str) -> str:
    """As many of the reasons, joined by commas, as the database keeps, and how many there are besides."""
    if len(trigger) <= LONGEST_TRIGGER:
        return trigger
    reasons = trigger.split(", ")
    kept: list[str] = []
    while len(", ".join([*kept, reasons[len(kept)], "and 99 more"])) <= LONGEST_TRIGGER:
        kept.append(reasons[len(kept)])
    return ", ".join([*kept, f"and {len(reasons) - len(kept)} more"])
