"""Which sessions are behind their plan, or stand idle: reasons to plan their site again."""

from __future__ import annotations

import time
from collections.abc import Mapping

from twinev.domain.session import ChargingSession
from twinev.services.compare_meter import lags_plan
from twinev.services.idle_sessions import IdleSessions
from twinev.services.plan_site import MadePlan
from twinev.services.ports.clock import Clock
from twinev.services.told_limits import ToldLimits

# A meter that lags is a reason to plan again this often at most, by whichever clock is first.
LAG_WALL_SECONDS = 60.0
LAG_PLATFORM_SECONDS = 600.0


class BehindPlan:
    """Compares what meters say with the plans in force; remembers when a session was last a reason."""

    def __init__(self, *, told: ToldLimits, idle: IdleSessions, clock: Clock) -> None:
        self._told = told
        self._idle = idle
        self._clock = clock
        self._lagged_at: dict[str, float] = {}

    def reasons(self, sessions: list[ChargingSession], made: Mapping[str, MadePlan]) -> list[tuple[str, str]]:
        """Return the sites to plan again, each with the reason that goes on record.

        Parameters
        ----------
        sessions
            All that charge now.
        made
            The plan in force of each site that has one.
        """
        self._idle.keep_only({session.id for session in sessions})
        planned = [(session, made[session.site_id]) for session in sessions if session.site_id in made]
        found: list[tuple[str, str]] = []
        for session, plan in planned:
            if self._became_idle(plan, session):
                found.append((session.site_id, "session.idle"))
            if self._lags(plan, session):
                found.append((session.site_id, "meter.lags"))
        return found

    def _became_idle(self, made: MadePlan, session: ChargingSession) -> bool:
        now = self._clock.now()
        offered_kw = self._told.of((session.station_id, session.evse_id)).highest_kw_at(
            now,
            ocpp_transaction_id=session.ocpp_transaction_id,
            otherwise_kw=made.state.power_limit_kw(session),
        )
        return self._idle.observe(session, now, offered_kw=offered_kw, least_kw=made.state.least_power_kw(session))

    def _lags(self, made: MadePlan, session: ChargingSession) -> bool:
        planned = next((known for known in made.built.decided if known.id == session.id), None)
        if planned is None or made.schedule is None or session.id in self._idle.ids:
            return False
        entry = next(entry for entry in made.schedule.sessions if entry.id == session.id)
        lags = lags_plan(
            session,
            delivered_at_plan_kwh=planned.energy_kwh,
            energy_kwh=entry.energy_kwh,
            horizon=made.built.horizon,
            least_kw=made.state.least_power_kw(session),
        )
        return lags and self._not_lately(session.id)

    def _not_lately(self, session_id: str) -> bool:
        seldom = min(LAG_WALL_SECONDS, self._clock.wall_seconds(LAG_PLATFORM_SECONDS))
        wall = time.monotonic()
        if wall - self._lagged_at.get(session_id, float("-inf")) < seldom:
            return False
        self._lagged_at[session_id] = wall
        return True
