"""The live state that several resources show: measured power, and what the latest plan gives now."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.session import ChargingSession
from twinev.services.planned_power import PlannedPower
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork

#: A measured power that is older says nothing of now. In an accelerated demonstration, where the way of a message takes
#: minutes of the platform's time, it may be this old on the wall.
FRESH = timedelta(minutes=3)
FRESH_WALL_SECONDS = 10.0


class PlanMemory:
    """Keeps the latest plan of each site at hand: a plan never changes, and each is large to read."""

    def __init__(self) -> None:
        self._plans: dict[str, tuple[str, PlannedPower]] = {}
        self._reading = threading.Lock()

    def latest(self, site_ids: Collection[str], work: UnitOfWork) -> dict[str, PlannedPower]:
        """Return the latest plan of each site that has one."""
        found = work.plans.latest_ids(site_ids) if site_ids else {}
        return {site_id: self._plan(site_id, plan_id, work) for site_id, plan_id in found.items()}

    def _plan(self, site_id: str, plan_id: str, work: UnitOfWork) -> PlannedPower:
        with self._reading:
            known = self._plans.get(site_id)
            if known is None or known[0] != plan_id:
                known = (plan_id, PlannedPower.of(work.plans.get(plan_id)))
                self._plans[site_id] = known
        return known[1]


@dataclass(frozen=True, kw_only=True)
class LiveView:
    """The active sessions of some sites, and their plans, at one instant."""

    clock: Clock
    now: datetime
    at_evse: Mapping[tuple[str, int], ChargingSession]
    plans: Mapping[str, PlannedPower]

    @classmethod
    def read(
        cls,
        work: UnitOfWork,
        memory: PlanMemory,
        clock: Clock,
        *,
        sessions: Iterable[ChargingSession] | None = None,
        site_id: str | None = None,
    ) -> LiveView:
        """Read the active sessions of one site or of all, unless ``sessions`` says which ones matter."""
        shown = list(work.sessions.active(site_id=site_id) if sessions is None else sessions)
        newest_last = sorted(shown, key=lambda session: session.started_at)
        return cls(
            clock=clock,
            now=clock.now(),
            at_evse={(session.station_id, session.evse_id): session for session in newest_last if session.active},
            plans=memory.latest({session.site_id for session in shown if session.active}, work),
        )

    def power_kw(self, session: ChargingSession | None) -> float:
        """The measured power now; 0 where nothing was measured lately. [kW]"""
        if session is None or not session.active or session.measured_at is None:
            return 0.0
        age = self.now - session.measured_at
        fresh = age <= FRESH or self.clock.wall_seconds(age.total_seconds()) <= FRESH_WALL_SECONDS
        return session.power_kw if fresh else 0.0

    def planned_kw(self, session: ChargingSession | None) -> float | None:
        """What the plan gives the session now; None where it says nothing. [kW]"""
        plan = self.plans.get(session.site_id) if session is not None and session.active else None
        return plan.power_kw(session.id, self.now) if plan else None

    def explanation(self, session: ChargingSession) -> str | None:
        plan = self.plans.get(session.site_id) if session.active else None
        return plan.explanation(session.id) if plan else None
