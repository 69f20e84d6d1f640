"""Tells single stations their profiles, takes their answers into memory, and reads back what they made of it.

One command at a time is outstanding per station. What a station refuses is remembered with its cause; a purpose that it
can do without (its maximum) is not asked for again until it reconnects.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose
from twinev.domain.commands import CommandReply, CompositeSchedule
from twinev.domain.composite_schedule import RunningTransaction
from twinev.domain.station_fault import FaultCause
from twinev.services.compare_composite import Difference, differences
from twinev.services.compare_profiles import schedule_end
from twinev.services.desired_profile import DesiredProfile
from twinev.services.evse_limits import EvseKey
from twinev.services.own_limits import ASK_AGAIN_AFTER, own_limits
from twinev.services.ports.clock import Clock
from twinev.services.send_profile import ProfileSender
from twinev.services.told_limits import REFUSALS, UNSURE, ToldLimits

LONGEST_READ_BACK = timedelta(hours=24)
SHORTEST_READ_BACK = timedelta(hours=2)
# OCPP 2.x reason codes (part 2, appendix 5) that tell what is in the way.
DUPLICATE_PROFILE = "DuplicateProfile"
TOO_MANY_PROFILES = "TooManyProfiles"
OWN_PURPOSES = (ProfilePurpose.TX_DEFAULT, ProfilePurpose.TX, ProfilePurpose.STATION_MAX)


class StationTeller:
    """The talk with each station about its profiles.

    Parameters
    ----------
    told : ToldLimits
        The memory of what was accepted; shared with planning and watching.
    """

    def __init__(self, *, sender: ProfileSender, told: ToldLimits, clock: Clock) -> None:
        self._sender = sender
        self._told = told
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def set_profiles(
        self, profiles: Iterable[DesiredProfile], *, plan_id: str | None, still_wanted: Callable[[], bool]
    ) -> tuple[set[str], int]:
        """Send to all stations at once, to each one profile after the other.

        Returns
        -------
        failed, told : set of str, int
            The stations that did not accept all of theirs, and how many commands went out.
        """
        by_station: dict[str, list[DesiredProfile]] = defaultdict(list)
        for desired in profiles:
            by_station[desired.key[0]].append(desired)
        done = await asyncio.gather(
            *(self._set_at_station(wanted, plan_id, still_wanted) for wanted in by_station.values())
        )
        failed = {station_id for station_id, (accepted, _) in zip(by_station, done, strict=True) if not accepted}
        return failed, sum(told for _, told in done)

    async def read_back(
        self,
        keys: Iterable[EvseKey],
        *,
        transactions: Mapping[EvseKey, str],
        plan_id: str | None,
        still_wanted: Callable[[], bool],
    ) -> None:
        """Ask each EVSE what it will really apply; a station whose EVSEs all apply what they accepted follows."""
        by_station: dict[str, list[EvseKey]] = defaultdict(list)
        for key in sorted(keys):
            by_station[key[0]].append(key)
        checks: list[Awaitable[None]] = [
            self._read_station(at_station, transactions, plan_id, still_wanted) for at_station in by_station.values()
        ]
        await asyncio.gather(*checks)

    async def clean(self, station_id: str, *, plan_id: str | None) -> None:
        """Remove every profile of the purposes that TwinEV sends, once: something else than ours rules there."""
        async with self._locks[station_id]:
            if station_id not in self._told.unclean:
                return
            for purpose in OWN_PURPOSES:
                reply = await self._sender.clear(station_id, purpose, plan_id=plan_id)
                if reply.outcome in UNSURE:
                    return
            self._told.withdraw(station_id)

    async def _set_at_station(
        self, profiles: list[DesiredProfile], plan_id: str | None, still_wanted: Callable[[], bool]
    ) -> tuple[bool, int]:
        told = 0
        async with self._locks[profiles[0].key[0]]:
            for desired in profiles:
                if not still_wanted():
                    return False, told
                reply = await self._sender.set_profile(desired, plan_id=plan_id)
                told += 1
                if not self._take_answer(desired, reply):
                    return False, told
        return True, told

    def _take_answer(self, desired: DesiredProfile, reply: CommandReply) -> bool:
        """Remember the answer; return whether the station may go on with its other profiles."""
        key, profile = desired.key, desired.profile
        station_id = key[0]
        if reply.outcome == "accepted":
            self._told.accept(key, profile, reply.sent, self._clock.now())
            return True
        if reply.outcome in UNSURE:
            self._told.doubt(key, profile)
        if profile.purpose is ProfilePurpose.STATION_MAX and reply.outcome in REFUSALS:
            # The profiles of its EVSEs hold without it: it is a second line, and some stations do not know it.
            self._told.refused.add((station_id, profile.purpose))
            return True
        if reason_code(reply) in (DUPLICATE_PROFILE, TOO_MANY_PROFILES):
            self._told.suspect(station_id)
        if reason_code(reply) == TOO_MANY_PROFILES:
            self._told.room[station_id] = max(len(self._told.installed(station_id)), 1)
        reason = f"SetChargingProfile: {answer_text(reply)}"
        self._told.blame(station_id, reason, self._clock.now(), cause=FaultCause(reply.outcome))
        return False

    async def _read_station(
        self,
        keys: list[EvseKey],
        transactions: Mapping[EvseKey, str],
        plan_id: str | None,
        still_wanted: Callable[[], bool],
    ) -> None:
        station_id = keys[0][0]
        async with self._locks[station_id]:
            for key in keys:
                if not still_wanted():
                    return
                fault = await self._read_evse(key, transactions.get(key), plan_id)
                if fault is not None:
                    cause, reason = fault
                    self._told.blame(station_id, reason, self._clock.now(), cause=cause)
                    if cause is FaultCause.READ_BACK:
                        self._told.suspect(station_id)
                    return
        self._told.clear(station_id)

    async def _read_evse(
        self, key: EvseKey, transaction_id: str | None, plan_id: str | None
    ) -> tuple[FaultCause, str] | None:
        """Return what is wrong with what the EVSE says that it will apply; None where all is well."""
        now = self._clock.now()
        profiles = self._told.believed(key, ocpp_transaction_id=transaction_id)
        duration = _read_back_duration(profiles, now)
        # Relative profiles are never sent, so that nothing depends on when the transaction began.
        transaction = RunningTransaction(ocpp_transaction_id=transaction_id, started_at=now) if transaction_id else None

        def compare(composite: CompositeSchedule) -> list[Difference]:
            until = self._clock.now() + duration
            return differences(composite, profiles, transaction=transaction, until=until)

        reply, found = await self._sender.read_back(
            key, duration_seconds=int(duration.total_seconds()), plan_id=plan_id, compare=compare
        )
        if reply.outcome == "not_supported":
            # What it accepted stands; whether it follows is left to its meter.
            return None
        if reply.outcome != "accepted" or reply.composite is None:
            cause = FaultCause.READ_BACK if reply.outcome == "accepted" else FaultCause(reply.outcome)
            return cause, f"GetCompositeSchedule: {answer_text(reply)}"
        # What it was told meanwhile may hide what it reported before: both are kept for a while.
        known = (limit for limit in self._told.reported_less.get(key, ()) if now - limit.at < ASK_AGAIN_AFTER)
        self._told.reported_less[key] = (*known, *own_limits(key, found, now))
        worse = next((difference for difference in found if difference.higher), None)
        if worse is None:
            return None
        self._told.doubt(key, _reported_profile(reply.composite, key, transaction_id))
        return FaultCause.READ_BACK, str(worse)


def reason_code(reply: CommandReply) -> str | None:
    """The reason code of OCPP 2.x's StatusInfoType, where the station gives one."""
    info = (reply.response or {}).get("statusInfo") or {}
    return info.get("reasonCode")


def answer_text(reply: CommandReply) -> str:
    """The answer in a few words: outcome, the station's own status and its reason."""
    words = [reply.outcome.replace("_", " "), reply.status, reason_code(reply), reply.detail]
    return ", ".join(dict.fromkeys(word for word in words if word))


def _read_back_duration(profiles: Iterable[ChargingProfile], now: datetime) -> timedelta:
    planned = next((profile for profile in profiles if profile.purpose is ProfilePurpose.TX), None)
    end = schedule_end(planned.schedule) if planned else None
    left = end - now if end else SHORTEST_READ_BACK
    return min(max(left, SHORTEST_READ_BACK), LONGEST_READ_BACK)


def _reported_profile(composite: CompositeSchedule, key: EvseKey, transaction_id: str | None) -> ChargingProfile:
    """What the station says that it applies, as a profile that may rule beside the one that it was told."""
    return ChargingProfile(
        id=0,
        purpose=ProfilePurpose.TX if transaction_id else ProfilePurpose.TX_DEFAULT,
        stack_level=0,
        evse_id=key[1],
        ocpp_transaction_id=transaction_id,
        schedule=ChargingSchedule(
            start=composite.start, periods=composite.periods, duration_seconds=composite.duration_seconds
        ),
    )
