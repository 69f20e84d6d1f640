"""The planning loop: what happens at a site makes it dirty, and a dirty site is planned again.

A site is planned at the start, when something happened there, when a slot or a restriction begins or ends, and when a
meter lags its plan. Events that come together make one plan; one plan per site is made at a time, and what moves
meanwhile makes another. While no planner answers, the stations keep the last plan, until something happens that cannot
wait (a restriction, a car that arrives): then the site is planned by rule, and again when a planner is back. While
facts lag, a plan waits for them, but for restrictions (`gather_events`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from twinev.domain.session import ChargingSession
from twinev.services.behind_plan import BehindPlan
from twinev.services.dispatch_plan import PlanDispatcher
from twinev.services.gather_events import LONGEST_SECONDS, NoBacklog, gather_events
from twinev.services.idle_sessions import IdleSessions
from twinev.services.plan_site import MadePlan, SitePlanner
from twinev.services.ports.clock import Clock
from twinev.services.ports.station_link import Backlog, EventFeed
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.site_events import RESTRICTION_EVENTS, RULED_EVENTS, SITE_EVENTS, UNPLANNED_FIELDS, URGENT_EVENTS
from twinev.services.told_limits import ToldLimits

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 5.0)
MOST_DISCARDED = 2
# A little after the boundary, so that the clock is surely past it.
BOUNDARY_GRACE_SECONDS = 0.02

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PlanningHealth:
    """Whether every site has the plan that it should have; ``detail`` says what is amiss."""

    ok: bool
    detail: str = ""


@dataclass(kw_only=True)
class _Site:
    """What the loop remembers of one site."""

    dirty: asyncio.Event = field(default_factory=asyncio.Event)
    triggers: dict[str, None] = field(default_factory=dict)
    made: MadePlan | None = None
    discarded: int = 0
    failures: int = 0
    fault: str = ""


class PlanSites:
    """Keeps every site's plan up to date; `run` it as one task of one process.

    Parameters
    ----------
    backlog : Backlog
        Facts that are not taken in yet.
    debounce_seconds : float
        How long events are gathered before a plan is made. [s of the wall clock]
    longest_lag_seconds : float
        How long a plan waits for facts that lag. [s of the wall clock]
    check_seconds : float
        How often meters are compared with plans. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        site_planner: SitePlanner,
        dispatcher: PlanDispatcher,
        told: ToldLimits,
        idle: IdleSessions,
        feed: EventFeed,
        reading: UnitOfWorkFactory,
        clock: Clock,
        backlog: Backlog | None = None,
        debounce_seconds: float = 0.3,
        longest_lag_seconds: float = LONGEST_SECONDS,
        check_seconds: float = 5.0,
        backoff_seconds: tuple[float, ...] = BACKOFF_SECONDS,
    ) -> None:
        self._site_planner = site_planner
        self._dispatcher = dispatcher
        self._told = told
        self._idle = idle
        self._feed = feed
        self._reading = reading
        self._clock = clock
        self._backlog = backlog or NoBacklog()
        self._debounce_seconds = debounce_seconds
        self._longest_lag_seconds = longest_lag_seconds
        self._check_seconds = check_seconds
        self._backoff_seconds = backoff_seconds
        self._sites: dict[str, _Site] = {}
        self._group: asyncio.TaskGroup | None = None
        self._running = False
        self._behind = BehindPlan(told=told, idle=idle, clock=clock)

    async def run(self) -> None:
        """Plan for ever; ends when it is cancelled."""
        self._running = True
        try:
            await self._run()
        finally:
            self._running = False

    async def _run(self) -> None:
        # A loop that runs again may have been away for long: nothing of before is trusted.
        self._sites.clear()
        self._told.reset()
        self._told.on_change = self._on_reach_changed
        site_ids = await asyncio.to_thread(self._restore)
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._listen())
                group.create_task(self._check_meters())
                for site_id in site_ids:
                    self.mark_dirty(site_id, "start")
        finally:
            self._group = None
            await self._dispatcher.close()

    def mark_dirty(self, site_id: str, trigger: str) -> None:
        """Have the site planned again soon; ``trigger`` goes on record as the reason."""
        site = self._sites.get(site_id)
        if site is None:
            if self._group is None:
                return
            site = self._sites[site_id] = _Site()
            self._group.create_task(self._tend(site_id, site))
        site.triggers[trigger] = None
        site.dirty.set()

    def mark_all_dirty(self, trigger: str) -> None:
        for site_id in self._sites:
            self.mark_dirty(site_id, trigger)

    @property
    def running(self) -> bool:
        """Whether it is this process that plans."""
        return self._running

    def health(self) -> PlanningHealth:
        """Return whether every site has the plan that it should have."""
        faults = [f"site {site_id}: {site.fault}" for site_id, site in self._sites.items() if site.fault]
        return PlanningHealth(ok=not faults, detail="; ".join(faults))

    def take_event(self, kind: str, data: dict[str, Any]) -> None:
        """Mark dirty what an event concerns."""
        if kind == "station.online":
            self._told.forget(data["station_id"])
        elif kind == "session.needs":
            self._idle.forget(data["session_id"])
        if data.get("fields") and UNPLANNED_FIELDS.issuperset(data["fields"]):
            return
        if kind in SITE_EVENTS:
            self._mark_with_partners([data["site_id"]], kind)
        elif kind in RESTRICTION_EVENTS:
            self._mark_with_partners(data.get("site_ids") or [data["site_id"]], kind)
        elif kind == "series.changed":
            self._mark_with_partners(self._sites_of_series(data), kind)
        elif kind == "plan.sent":
            for site_id, site in self._sites.items():
                if site_id != data["site_id"] and site.made is not None and site.made.held_back:
                    self.mark_dirty(site_id, "partner.fell")

    def _mark_with_partners(self, site_ids: Iterable[str], trigger: str) -> None:
        for site_id in site_ids:
            site = self._sites.get(site_id)
            for concerned in (site_id, *(site.made.partners if site and site.made else ())):
                self.mark_dirty(concerned, trigger)

    def _sites_of_series(self, data: dict[str, Any]) -> list[str]:
        """A series belongs to a site, or to a price zone: to every site in it."""
        if data.get("site_id"):
            return [data["site_id"]]
        subject = data.get("subject")
        zones = {
            site_id: site.made.state.site.price_zone if site.made else None for site_id, site in self._sites.items()
        }
        return [site_id for site_id, zone in zones.items() if subject in (site_id, zone) or None in (subject, zone)]

    def _on_reach_changed(self, station_id: str, trigger: str) -> None:
        for site_id, site in self._sites.items():
            if site.made is not None and site.made.state.station(station_id) is not None:
                self._mark_with_partners([site_id], trigger)

    def _restore(self) -> list[str]:
        with self._reading() as work:
            self._told.restore(work, [station.id for station in work.stations.list()])
            for station_id in work.station_faults.all():
                # Whether it follows by now shows when it is told again.
                self._told.forget(station_id)
            return [site.id for site in work.sites.list()]

    async def _listen(self) -> None:
        while True:
            try:
                async for kind, data in self._feed.events():
                    try:
                        self.take_event(kind, data)
                    except KeyError as error:
                        _log.error("event %s lacks %s: %r", kind, error, data)
            except Exception:
                _log.exception("the event feed failed; listening again")
            await asyncio.sleep(1.0)
            # What was published meanwhile is not repeated.
            self.mark_all_dirty("events.missed")

    async def _tend(self, site_id: str, site: _Site) -> None:
        while True:
            await self._until_dirty(site)
            await gather_events(
                self._backlog,
                urgent=lambda: not URGENT_EVENTS.isdisjoint(site.triggers),
                debounce_seconds=self._debounce_seconds,
                longest_seconds=self._longest_lag_seconds,
            )
            triggers, site.triggers = site.triggers, {}
            site.dirty.clear()
            try:
                makeshift = await self._plan(site_id, site, triggers)
            except Exception as error:
                site.fault = f"{type(error).__name__}: {error}"
                _log.warning("site %s keeps its last plan: %s", site_id, site.fault, exc_info=_unless_expected(error))
                await self._try_again(site_id, site, triggers)
                continue
            if makeshift:
                site.fault = f"planned by rule: {makeshift}"
                _log.warning("site %s is %s", site_id, site.fault)
                await self._try_again(site_id, site, {"planner.awaited": None})
            else:
                site.failures, site.fault = 0, ""

    async def _try_again(self, site_id: str, site: _Site, triggers: dict[str, None]) -> None:
        site.failures += 1
        site.triggers = triggers | site.triggers
        site.dirty.set()
        if "station.online" in triggers:
            self._dispatcher.resume(site_id)
        await asyncio.sleep(self._backoff_seconds[min(site.failures, len(self._backoff_seconds)) - 1])

    async def _plan(self, site_id: str, site: _Site, triggers: dict[str, None]) -> str:
        """Plan and return why the plan is only a makeshift; nothing for a proper one, or where all moved meanwhile."""

        def moved() -> bool:
            return site.dirty.is_set() and site.discarded < MOST_DISCARDED

        # A planner that was only restarted answers at the second try.
        by_rule = site.failures > 0 and not RULED_EVENTS.isdisjoint(triggers)
        made = await self._site_planner.plan(site_id, ", ".join(triggers), moved=moved, by_rule=by_rule)
        if made is None:
            site.discarded += 1
            site.triggers = triggers | site.triggers
            return ""
        site.discarded = 0
        site.made = made
        return made.makeshift

    async def _until_dirty(self, site: _Site) -> None:
        """Wait until something happened there, or the next slot or restriction begins or ends."""
        if site.made is None:
            await site.dirty.wait()
            return
        left = (site.made.renew_at - self._clock.now()).total_seconds()
        with contextlib.suppress(TimeoutError):
            seconds = max(self._clock.wall_seconds(left), 0.0) + BOUNDARY_GRACE_SECONDS
            async with asyncio.timeout(seconds):
                await site.dirty.wait()
            return
        site.triggers["slot.began"] = None

    async def _check_meters(self) -> None:
        while True:
            await asyncio.sleep(self._check_seconds)
            try:
                sessions = await asyncio.to_thread(self._active_sessions)
                made = {site_id: site.made for site_id, site in self._sites.items() if site.made is not None}
                for site_id, trigger in self._behind.reasons(sessions, made):
                    self.mark_dirty(site_id, trigger)
            except Exception:
                _log.exception("the meters could not be compared with the plans")

    def _active_sessions(self) -> list[ChargingSession]:
        with self._reading() as work:
            return work.sessions.active()


def _unless_expected(error: Exception) -> Exception | None:
    """A traceback for what should not happen; a planner that is away is no surprise."""
    from_us = type(error).__module__ == "twinev.errors"
    return None if from_us else error
