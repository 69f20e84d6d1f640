"""Turns a restriction from an order into a measured fact: watches what stations accepted and what their meters say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from twinev.domain.charge_points import ChargingStation
from twinev.domain.grid import Enforcement, Restriction
from twinev.domain.session import ChargingSession
from twinev.services.compare_meter import unfollowed
from twinev.services.judge_enforcement import Judgement, Observation, judge
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.restrict import sites_of
from twinev.services.told_limits import ToldLimits

# How long profiles, ramps and meters may take before a power above the limit counts against it.
GRACE_WALL_SECONDS = 10.0
# A meter that has said nothing for the longer of these is silent: in platform time, and on the wall.
SILENCE = timedelta(minutes=3)
SILENCE_WALL_SECONDS = 20.0

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class _Record:
    """How one restriction fared so far, as it is kept in the database."""

    body: dict[str, Any]

    @classmethod
    def of(cls, kept: dict[str, Any] | None) -> _Record:
        return cls(body=dict(kept or {}))

    def follow(self, limit_kw: float, now: datetime) -> datetime | None:
        """Begin anew where the limit is another than before; return since when it is this one, where it was changed."""
        if self.body.setdefault("limit_kw", limit_kw) != limit_kw:
            # What was measured under another limit says nothing of this one.
            self.body.pop("first_enforced_at", None)
            self.body.pop("highest_kw", None)
            self.body |= {"limit_kw": limit_kw, "limit_since": now.isoformat()}
        since = self.body.get("limit_since")
        return None if since is None else datetime.fromisoformat(since)

    def take(self, judgement: Judgement, now: datetime) -> None:
        """Note the state; from the first enforcement on also the highest power."""
        self.body["state"] = str(judgement.state)
        self.body["stations"] = [station.to_record() for station in judgement.stations]
        if judgement.state is Enforcement.ENFORCED and not self.body.get("first_enforced_at"):
            self.body["first_enforced_at"] = now.isoformat()
        if self.body.get("first_enforced_at"):
            self.body["highest_kw"] = max(self.body.get("highest_kw") or 0.0, round(judgement.power_kw, 3))


class WatchEnforcement:
    """Judges every open restriction once a second and records what changed.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    told : ToldLimits
        What stations accepted; here they are blamed where their meters show that they do not follow.
    interval_seconds, grace_seconds : float
        Between two looks, and what a station may take to follow. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        told: ToldLimits,
        interval_seconds: float = 1.0,
        grace_seconds: float = GRACE_WALL_SECONDS,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._clock = clock
        self._told = told
        self._interval_seconds = interval_seconds
        self._grace = timedelta(seconds=grace_seconds / clock.wall_seconds(1.0))
        self._silence = max(SILENCE, timedelta(seconds=SILENCE_WALL_SECONDS / clock.wall_seconds(1.0)))
        self._watched: set[str] = set()

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self.look()
            except Exception:
                _log.exception("restrictions could not be watched")
            await asyncio.sleep(self._interval_seconds)

    async def look(self) -> None:
        """Judge every open restriction once, and close those that ended since."""
        now = self._clock.now()
        observations, ended = await asyncio.to_thread(self._observe, now)
        changes: list[tuple[Restriction, Judgement | None]] = [(restriction, None) for restriction in ended]
        for observation in observations:
            self._blame_by_meter(observation, now)
            changes.append((observation.restriction, judge(observation, now)))
        if changes:
            await asyncio.to_thread(self._record, changes, now)

    def _observe(self, now: datetime) -> tuple[list[Observation], list[Restriction]]:
        with self._reading() as work:
            restrictions = work.restrictions.open(now)
            gone = self._watched - {restriction.id for restriction in restrictions}
            self._watched = {restriction.id for restriction in restrictions}
            ended = [work.restrictions.get(restriction_id) for restriction_id in sorted(gone)]
            stations = work.stations.named({name for restriction in restrictions for name in restriction.station_ids})
            sessions = work.sessions.active() if restrictions else []
            return [self._observation(work, one, stations, sessions, now) for one in restrictions], ended

    def _observation(
        self,
        work: UnitOfWork,
        restriction: Restriction,
        stations: Mapping[str, ChargingStation],
        sessions: Sequence[ChargingSession],
        now: datetime,
    ) -> Observation:
        record = _Record.of(work.restrictions.state(restriction.id))
        return Observation(
            restriction=restriction,
            limit_since=record.follow(restriction.limit_kw, now),
            stations=tuple(stations[station_id] for station_id in restriction.station_ids),
            sessions=tuple(session for session in sessions if session.station_id in restriction.station_ids),
            limits=dict(self._told.limits),
            accepted_at=dict(self._told.accepted_at),
            faults={station_id: fault.reason for station_id, fault in self._told.faults.items()},
            grace=self._grace,
            silence=self._silence,
        )

    def _blame_by_meter(self, observation: Observation, now: datetime) -> None:
        for station_id, reason in unfollowed(observation).items():
            if reason is None:
                self._told.clear(station_id, by_meter=True)
            else:
                self._told.blame(station_id, reason, now, by_meter=True)

    def _record(self, changes: list[tuple[Restriction, Judgement | None]], now: datetime) -> None:
        with self._unit_of_work() as work:
            for restriction, judgement in changes:
                kept = work.restrictions.state(restriction.id)
                record = _Record.of(kept)
                if judgement is None:
                    record.body["state"] = str(
                        Enforcement.REVOKED if restriction.revoked_at is not None else Enforcement.ENDED
                    )
                else:
                    record.follow(restriction.limit_kw, now)
                    record.take(judgement, now)
                if record.body != kept:
                    work.restrictions.record_state(restriction.id, record.body)
                    self._announce(work, restriction, record.body, kept)
            work.commit()

    def _announce(
        self, work: UnitOfWork, restriction: Restriction, body: dict[str, Any], kept: dict[str, Any] | None
    ) -> None:
        """Tell of a new state; a new highest power alone is no news."""
        news = ("state", "stations", "first_enforced_at")
        if kept is not None and all(body.get(key) == kept.get(key) for key in news):
            return
        told = {key: body[key] for key in (*news, "highest_kw") if key in body}
        site_ids = sites_of(work, restriction.station_ids, removed_too=True)
        work.events.add(
            "restriction.state",
            {"site_id": site_ids[0], "site_ids": site_ids, "restriction_id": restriction.id, **told},
        )
