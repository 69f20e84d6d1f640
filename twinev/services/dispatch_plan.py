"""Brings the stations of a site to what its plan wants: reductions first, raises when those are accepted.

Each site has one wanted state; a newer one replaces it, and the sending of the older ends with what is under way. One
command at a time is outstanding per station. A station that fails is tried again after 1, 2, 4 … 30 s, apart from the
others, which never wait for it: the next plan counts it at what it may draw.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose
from twinev.domain.commands import CommandReply, CompositeSchedule
from twinev.services.compare_profiles import (
    is_unknown,
    lowered,
    needs_sending,
    raises_power,
    read_back_fault,
    schedule_end,
)
from twinev.services.evse_limits import EvseKey
from twinev.services.ports import Clock, StationCommands, UnitOfWorkFactory
from twinev.services.send_profile import ProfileSender
from twinev.services.told_limits import ToldLimits
from twinev.services.translate_plan import DesiredProfile

# Within this all stations have answered or failed. [s of the wall clock]
SENDING_SECONDS = 30.0
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
LONGEST_READ_BACK = timedelta(hours=24)
SHORTEST_READ_BACK = timedelta(hours=2)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WantedState:
    """What a site's stations shall have.

    ``transactions`` names the transaction that runs at each EVSE; ``unsteered`` are the stations that the plan counts
    as reserved: they are told in their own time, and nobody waits for them.
    """

    site_id: str
    plan_id: str | None
    slot: timedelta
    profiles: tuple[DesiredProfile, ...]
    transactions: Mapping[EvseKey, str] = field(default_factory=dict)
    online: frozenset[str] = frozenset()
    unsteered: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class _Pursuit:
    """The sending of one wanted state; ``superseded`` once a newer one is there."""

    wanted: WantedState
    superseded: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0


class PlanDispatcher:
    """Sends plans to stations and keeps at it until they follow.

    Parameters
    ----------
    told : ToldLimits
        The memory of what was accepted; shared with planning and watching.
    command_timeout_seconds : float
        How long a station may take for one answer. [s]
    """

    def __init__(
        self,
        *,
        commands: StationCommands,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        told: ToldLimits,
        command_timeout_seconds: float = 8.0,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        self._sender = ProfileSender(
            commands=commands, unit_of_work=unit_of_work, clock=clock, timeout_seconds=command_timeout_seconds
        )
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._told = told
        self._retry_seconds = retry_seconds
        self._pursuits: dict[str, _Pursuit] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._station_locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def want(self, wanted: WantedState) -> None:
        """Pursue ``wanted`` from now on, and nothing older of this site."""
        previous = self._pursuits.get(wanted.site_id)
        pursuit = _Pursuit(wanted=_with_kept_profiles(wanted, previous.wanted if previous else None))
        self._pursuits[wanted.site_id] = pursuit
        if previous is not None:
            previous.superseded.set()
        task = asyncio.create_task(self._pursue(pursuit), name=f"dispatch {wanted.site_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_failure)

    def wanted_profiles(self, site_id: str) -> tuple[DesiredProfile, ...]:
        """What the site's stations shall have, whether they accepted it already or not."""
        pursuit = self._pursuits.get(site_id)
        return pursuit.wanted.profiles if pursuit else ()

    def resume(self, site_id: str) -> None:
        """Send again what the stations have not surely accepted, to those that came back too."""
        if (pursuit := self._pursuits.get(site_id)) is not None:
            everyone = frozenset(desired.key[0] for desired in pursuit.wanted.profiles)
            self.want(replace(pursuit.wanted, online=everyone))

    async def idle(self) -> None:
        """Wait until nothing is being sent or waiting to be sent again."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """End all sending; what is under way is abandoned and stays on record without an answer."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pursue(self, pursuit: _Pursuit) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lead(pursuit))
            for station_id in pursuit.wanted.unsteered & pursuit.wanted.online:
                group.create_task(self._insist(pursuit, station_id))

    async def _lead(self, pursuit: _Pursuit) -> None:
        """Send to all steered stations: reductions, then raises; stations that fail are insisted on."""
        wanted = pursuit.wanted
        now = self._clock.now()
        steered = wanted.online - wanted.unsteered
        pending = self._pending(pursuit, steered, now)
        within = min(timedelta(seconds=SENDING_SECONDS / self._clock.wall_seconds(1.0)), wanted.slot)
        raises = [d for d in pending if raises_power(self._told.of(d.key), d, now, within=within)]
        reductions = [desired for desired in pending if desired not in raises]
        first = self._cautious(wanted, reductions)
        raises += [desired for desired, sent in zip(reductions, first, strict=True) if desired != sent]
        failed = await self._send_all(pursuit, first)
        if failed:
            # The plan made after this counts the failed ones at what they may draw; until then nothing may rise.
            _log.warning("site %s: raises wait, for these did not accept less: %s", wanted.site_id, sorted(failed))
        else:
            failed = await self._send_all(pursuit, raises)
        await self._read_back_all(pursuit, {desired.key for desired in pending if desired.key[0] not in failed})
        await self._announce(pursuit)
        failing = [station_id for station_id in steered if station_id in self._told.faults]
        await asyncio.gather(*(self._insist(pursuit, station_id, waited=False) for station_id in failing))

    def _cautious(self, wanted: WantedState, reductions: list[DesiredProfile]) -> list[DesiredProfile]:
        """Return what goes out first: whoever may hold less than is guessed rises only after the others have fallen."""
        fallbacks = {d.key: d.profile for d in wanted.profiles if d.profile.purpose is ProfilePurpose.TX_DEFAULT}
        anyone_told = any((desired.key, ProfilePurpose.TX) in self._told.sent for desired in reductions)
        if not anyone_told or len({desired.key[0] for desired in reductions}) < 2:
            return reductions
        first: list[DesiredProfile] = []
        for desired in reductions:
            key, profile, limits = desired.key, desired.profile, self._told.of(desired.key)
            if profile.purpose is ProfilePurpose.TX and key in fallbacks and is_unknown(limits):
                last = self._told.sent.get((key, ProfilePurpose.TX))
                known = (*limits.tx, last) if last is not None else limits.tx
                held = [one for one in known if one.ocpp_transaction_id == profile.ocpp_transaction_id]
                first.append(lowered(desired, held, fallbacks[key]))
            else:
                first.append(desired)
        return first

    async def _insist(self, pursuit: _Pursuit, station_id: str, *, waited: bool = True) -> None:
        """Tell one station again and again, until it follows or a newer state is wanted."""
        attempt = 0
        while not pursuit.superseded.is_set():
            if attempt or not waited:
                delay = self._retry_seconds[min(attempt, len(self._retry_seconds) - 1)]
                if await _set_within(pursuit.superseded, delay):
                    return
            attempt += 1
            wanted = [desired for desired in pursuit.wanted.profiles if desired.key[0] == station_id]
            failed = await self._send_all(pursuit, wanted)
            if not failed and not pursuit.superseded.is_set():
                await self._read_back_all(pursuit, {desired.key for desired in wanted})
            fault = self._told.faults.get(station_id)
            if fault is None:
                return

    def _pending(self, pursuit: _Pursuit, station_ids: frozenset[str], now: datetime) -> list[DesiredProfile]:
        return [
            desired
            for desired in pursuit.wanted.profiles
            if desired.key[0] in station_ids
            and needs_sending(self._told.of(desired.key), desired, now, slot=pursuit.wanted.slot)
        ]

    async def _send_all(self, pursuit: _Pursuit, profiles: Iterable[DesiredProfile]) -> set[str]:
        """Send to all stations at once, to each one after the other; return the stations that failed."""
        if pursuit.superseded.is_set() or not (profiles := list(profiles)):
            return set()
        by_station: dict[str, list[DesiredProfile]] = defaultdict(list)
        for desired in profiles:
            by_station[desired.key[0]].append(desired)
        done = await asyncio.gather(*(self._send_station(pursuit, wanted) for wanted in by_station.values()))
        return {station_id for station_id, accepted in zip(by_station, done, strict=True) if not accepted}

    async def _send_station(self, pursuit: _Pursuit, profiles: list[DesiredProfile]) -> bool:
        async with self._station_locks[profiles[0].key[0]]:
            for desired in profiles:
                if pursuit.superseded.is_set():
                    return False
                reply = await self._sender.set_profile(desired, plan_id=pursuit.wanted.plan_id)
                pursuit.told += 1
                if not self._take_answer(desired, reply):
                    return False
        return True

    def _take_answer(self, desired: DesiredProfile, reply: CommandReply) -> bool:
        key, profile = desired.key, desired.profile
        if reply.outcome == "accepted":
            self._told.accept(key, profile, reply.sent, self._clock.now())
            return True
        if reply.outcome in ("timeout", "offline"):
            self._told.doubt(key, profile)
        self._told.blame(key[0], f"SetChargingProfile: {_answer_text(reply)}", self._clock.now())
        return False

    async def _read_back_all(self, pursuit: _Pursuit, keys: Iterable[EvseKey]) -> None:
        by_station: dict[str, list[EvseKey]] = defaultdict(list)
        for key in sorted(keys):
            by_station[key[0]].append(key)
        await asyncio.gather(*(self._read_back_station(pursuit, station) for station in by_station.values()))

    async def _read_back_station(self, pursuit: _Pursuit, keys: list[EvseKey]) -> None:
        station_id = keys[0][0]
        async with self._station_locks[station_id]:
            for key in keys:
                if pursuit.superseded.is_set():
                    return
                fault = await self._read_back(pursuit, key)
                if fault is not None:
                    self._told.blame(station_id, fault, self._clock.now())
                    return
        self._told.clear(station_id)

    async def _read_back(self, pursuit: _Pursuit, key: EvseKey) -> str | None:
        """Return what is wrong with what the EVSE says that it will apply; None where all is well."""
        planned = self._told.sent.get((key, ProfilePurpose.TX))
        if planned is not None and planned.ocpp_transaction_id != pursuit.wanted.transactions.get(key):
            planned = None
        fallback = self._told.sent.get((key, ProfilePurpose.TX_DEFAULT))
        duration = self._read_back_duration(planned)
        reply = await self._sender.read_back(
            key, duration_seconds=int(duration.total_seconds()), plan_id=pursuit.wanted.plan_id
        )
        if reply.outcome == "not_supported":
            # What it accepted stands; whether it follows is left to its meter.
            return None
        if reply.outcome != "accepted" or reply.composite is None:
            return f"GetCompositeSchedule: {_answer_text(reply)}"
        fault = read_back_fault(reply.composite, planned, fallback, until=self._clock.now() + duration)
        if fault is not None:
            self._told.doubt(key, _reported_profile(reply.composite, planned or fallback))
        return fault

    def _read_back_duration(self, planned: ChargingProfile | None) -> timedelta:
        end = schedule_end(planned.schedule) if planned else None
        left = end - self._clock.now() if end else SHORTEST_READ_BACK
        return min(max(left, SHORTEST_READ_BACK), LONGEST_READ_BACK)

    async def _announce(self, pursuit: _Pursuit) -> None:
        if not pursuit.told:
            return
        failing = {d.key[0] for d in pursuit.wanted.profiles} & self._told.faults.keys()
        data = {
            "site_id": pursuit.wanted.site_id,
            "plan_id": pursuit.wanted.plan_id,
            "commands": pursuit.told,
            "not_following": {station_id: self._told.faults[station_id].reason for station_id in sorted(failing)},
        }
        await asyncio.to_thread(self._add_event, data)

    def _add_event(self, data: dict[str, object]) -> None:
        with self._unit_of_work() as work:
            work.events.add("plan.sent", data)
            work.commit()


def _with_kept_profiles(wanted: WantedState, previous: WantedState | None) -> WantedState:
    """Keep the TxProfile of a station that no plan decides on, as long as its transaction runs."""
    if previous is None:
        return wanted
    given = {(desired.key, desired.profile.purpose) for desired in wanted.profiles}
    kept = [
        desired
        for desired in previous.profiles
        if desired.profile.purpose is ProfilePurpose.TX
        and desired.key[0] in wanted.unsteered
        and (desired.key, desired.profile.purpose) not in given
        and wanted.transactions.get(desired.key) == desired.profile.ocpp_transaction_id
    ]
    return replace(wanted, profiles=(*wanted.profiles, *kept))


def _reported_profile(composite: CompositeSchedule, told: ChargingProfile) -> ChargingProfile:
    """What the station says that it applies, as a profile that may rule beside the one that it was told."""
    return ChargingProfile(
        id=told.id,
        purpose=told.purpose,
        stack_level=told.stack_level,
        evse_id=told.evse_id,
        ocpp_transaction_id=told.ocpp_transaction_id,
        schedule=ChargingSchedule(
            start=composite.start, periods=composite.periods, duration_seconds=composite.duration_seconds
        ),
    )


def _answer_text(reply: CommandReply) -> str:
    words = [reply.outcome.replace("_", " "), reply.status, reply.detail]
    return ", ".join(word for word in words if word)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("%s failed", task.get_name(), exc_info=error)
