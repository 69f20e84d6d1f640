"""Brings the stations of a site to what its plan wants: reductions first, raises when those are accepted.

Each site has one wanted state; a newer one replaces it, and the sending of the older ends with what is under way. One
command at a time is outstanding per station. A station that fails is tried again after 1, 2, 4 … 30 s, apart from the
others, which never wait for it: the next plan counts it at what it may draw.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ProfilePurpose
from twinev.domain.station_fault import FaultCause
from twinev.services.compare_profiles import needs_sending
from twinev.services.desired_profile import DesiredProfile
from twinev.services.evse_limits import EvseKey
from twinev.services.fit_room import fit_room
from twinev.services.order_sending import order_sending
from twinev.services.ports.clock import Clock
from twinev.services.ports.station_link import StationCommands
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.send_profile import ProfileSender
from twinev.services.tell_station import StationTeller
from twinev.services.told_limits import ToldLimits

# Within this all stations have answered or failed. [s of the wall clock]
SENDING_SECONDS = 30.0
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)

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

    def is_wanted(self) -> bool:
        return not self.superseded.is_set()


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
        sender = ProfileSender(
            commands=commands, unit_of_work=unit_of_work, clock=clock, timeout_seconds=command_timeout_seconds
        )
        self._teller = StationTeller(sender=sender, told=told, clock=clock)
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._told = told
        self._retry_seconds = retry_seconds
        self._pursuits: dict[str, _Pursuit] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def want(self, wanted: WantedState) -> None:
        """Pursue ``wanted`` from now on, and nothing older of this site."""
        previous = self._pursuits.get(wanted.site_id)
        kept = _with_kept_profiles(wanted, previous.wanted if previous else None)
        # What is kept has to find room beside what is new.
        pursuit = _Pursuit(wanted=replace(kept, profiles=tuple(fit_room(kept.profiles, self._told.room))))
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
        self._blame_unreachable(wanted, now)
        await self._tidy(self._outgrown(wanted) & steered, wanted)
        pending = self._pending(pursuit, steered, now)
        within = min(timedelta(seconds=SENDING_SECONDS / self._clock.wall_seconds(1.0)), wanted.slot)
        first, raises = order_sending(pending, wanted.profiles, self._told, now, within=within)
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

    async def _insist(self, pursuit: _Pursuit, station_id: str, *, waited: bool = True) -> None:
        """Tell one station again and again, until it follows or a newer state is wanted."""
        attempt = 0
        while not pursuit.superseded.is_set():
            if attempt or not waited:
                delay = self._retry_seconds[min(attempt, len(self._retry_seconds) - 1)]
                if await _set_within(pursuit.superseded, delay):
                    return
            attempt += 1
            await self._tidy({station_id}, pursuit.wanted)
            wanted = [desired for desired in self._takable(pursuit) if desired.key[0] == station_id]
            failed = await self._send_all(pursuit, wanted)
            if not failed and not pursuit.superseded.is_set():
                await self._read_back_all(pursuit, {desired.key for desired in wanted})
            if station_id not in self._told.faults:
                return

    async def _tidy(self, station_ids: Iterable[str], wanted: WantedState) -> None:
        """Rid stations of what is in the way of the profiles that they shall have."""
        self._told.unclean |= self._outgrown(wanted).intersection(station_ids)
        for station_id in sorted(self._told.unclean.intersection(station_ids)):
            await self._teller.clean(station_id, plan_id=wanted.plan_id)

    def _blame_unreachable(self, wanted: WantedState, now: datetime) -> None:
        """An EV at a station without a socket follows what was told last, not this plan."""
        for station_id in sorted({key[0] for key in wanted.transactions} - wanted.online):
            reason = "offline: plans do not reach it; what it was told last may still rule"
            self._told.blame(station_id, reason, now, cause=FaultCause.OFFLINE, expected=True)

    def _outgrown(self, wanted: WantedState) -> set[str]:
        """Stations that keep a TxDefaultProfile at another place than is wanted: their room turned out different."""
        default = ProfilePurpose.TX_DEFAULT
        places = {desired.key for desired in wanted.profiles if desired.profile.purpose is default}
        stations = {key[0] for key in places}
        return {
            key[0]
            for key, limits in self._told.limits.items()
            if key[0] in stations and key not in places and limits.of(default)
        }

    def _takable(self, pursuit: _Pursuit) -> list[DesiredProfile]:
        """What is wanted, without what a station has said that it does not take."""
        return [
            desired
            for desired in pursuit.wanted.profiles
            if (desired.key[0], desired.profile.purpose) not in self._told.refused
        ]

    def _pending(self, pursuit: _Pursuit, station_ids: frozenset[str], now: datetime) -> list[DesiredProfile]:
        return [
            desired
            for desired in self._takable(pursuit)
            if desired.key[0] in station_ids
            and needs_sending(self._told.of(desired.key), desired, now, slot=pursuit.wanted.slot)
        ]

    async def _send_all(self, pursuit: _Pursuit, profiles: Iterable[DesiredProfile]) -> set[str]:
        """Send to all stations at once; return the stations that failed."""
        if pursuit.superseded.is_set() or not (profiles := list(profiles)):
            return set()
        failed, told = await self._teller.set_profiles(
            profiles, plan_id=pursuit.wanted.plan_id, still_wanted=pursuit.is_wanted
        )
        pursuit.told += told
        return failed

    async def _read_back_all(self, pursuit: _Pursuit, keys: Iterable[EvseKey]) -> None:
        known = {desired.key for desired in pursuit.wanted.profiles} | pursuit.wanted.transactions.keys()
        asked = set(keys)
        for station_id in {key[0] for key in asked if key[1] == 0}:
            # A station as a whole draws what its EVSEs draw: these are asked, and there is always a first one.
            asked |= {key for key in known if key[0] == station_id} | {(station_id, 1)}
        await self._teller.read_back(
            (key for key in asked if key[1] != 0),
            transactions=pursuit.wanted.transactions,
            plan_id=pursuit.wanted.plan_id,
            still_wanted=pursuit.is_wanted,
        )

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
