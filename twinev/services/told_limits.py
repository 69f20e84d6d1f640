"""What all stations were told, and which of them do not follow: the memory that planning, sending and watching share.

It is rebuilt from the commands on record when the process starts, so that a restart tells no station twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from twinev.domain.charge_points import ChargingStation
from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
from twinev.domain.plan import SentCommand
from twinev.services.evse_limits import EvseKey, EvseLimits
from twinev.services.ports import UnitOfWork
from twinev.services.profile_records import profile_from_record

# Enough to find the newest profile of each purpose and EVSE of a station among its read-backs.
COMMANDS_READ = 60
UNSURE = frozenset({None, "timeout", "offline"})


@dataclass(kw_only=True)
class Fault:
    """Why a station counts as not following; ``by_meter`` when only its meter can clear it."""

    reason: str
    since: datetime
    by_meter: bool = False


@dataclass(kw_only=True)
class ToldLimits:
    """Limits and faults by EVSE and station; ``accepted_at`` is when an EVSE last accepted a profile.

    ``on_change(station_id, trigger)`` is called when a station begins or ceases to follow.
    """

    limits: dict[EvseKey, EvseLimits] = field(default_factory=dict)
    sent: dict[tuple[EvseKey, ProfilePurpose], ChargingProfile] = field(default_factory=dict)
    accepted_at: dict[EvseKey, datetime] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    on_change: Callable[[str, str], None] = lambda station_id, trigger: None

    def of(self, key: EvseKey) -> EvseLimits:
        return self.limits.get(key, EvseLimits())

    def accept(self, key: EvseKey, profile: ChargingProfile, sent: ChargingProfile | None, at: datetime) -> None:
        """The station accepted ``profile``; ``sent`` is how it was rounded to the station's unit."""
        self.limits[key] = self.of(key).accepted(profile)
        self.sent[key, profile.purpose] = sent or profile
        self.accepted_at[key] = at

    def doubt(self, key: EvseKey, profile: ChargingProfile) -> None:
        """The station may have taken ``profile``, or something like it."""
        self.limits[key] = self.of(key).uncertain(profile)

    def forget(self, station_id: str) -> None:
        """The station came back and may have lost everything: tell it again, and see anew whether it follows."""
        for memory in (self.limits, self.accepted_at):
            for key in [key for key in memory if key[0] == station_id]:
                del memory[key]
        self.faults.pop(station_id, None)

    def forget_reconnected(self, stations: Iterable[ChargingStation]) -> bool:
        """Forget the stations that accepted nothing since they are online; tell whether there were any.

        The event of a reconnection can be lost together with the process that was to hear it; this cannot.
        """
        back = [
            station.id
            for station in stations
            if station.online_since is not None
            and any(key[0] == station.id and at < station.online_since for key, at in self.accepted_at.items())
        ]
        for station_id in back:
            self.forget(station_id)
        return bool(back)

    def blame(self, station_id: str, reason: str, at: datetime, *, by_meter: bool = False) -> None:
        """Count the station as not following."""
        known = self.faults.get(station_id)
        since = known.since if known else at
        self.faults[station_id] = Fault(
            reason=reason, since=since, by_meter=by_meter or (known is not None and known.by_meter)
        )
        if known is None:
            self.on_change(station_id, "station.unresponsive")

    def clear(self, station_id: str, *, by_meter: bool = False) -> None:
        """Count the station as following again; what its meter showed only its meter can take back."""
        known = self.faults.get(station_id)
        if known is not None and (by_meter or not known.by_meter):
            del self.faults[station_id]
            self.on_change(station_id, "station.follows")

    def reset(self) -> None:
        """Forget everything, as before `restore`."""
        for memory in (self.limits, self.sent, self.accepted_at, self.faults):
            memory.clear()

    def restore(self, work: UnitOfWork, station_ids: Iterable[str]) -> None:
        """Rebuild the memory from the commands on record."""
        for station_id in station_ids:
            known: set[tuple[EvseKey, ProfilePurpose]] = set()
            unsure: list[tuple[EvseKey, ChargingProfile]] = []
            for command in work.commands.list(limit=COMMANDS_READ, station_id=station_id):
                if command.action == "SetChargingProfile" and "profile" in command.payload:
                    self._restore_command(command, known, unsure)
            for key, profile in reversed(unsure):
                self.doubt(key, profile)

    def _restore_command(
        self,
        command: SentCommand,
        known: set[tuple[EvseKey, ProfilePurpose]],
        unsure: list[tuple[EvseKey, ChargingProfile]],
    ) -> None:
        """Commands come newest first: the first accepted one rules, and what is newer without an answer may."""
        profile = profile_from_record(command.payload["profile"])
        key = (command.station_id, profile.evse_id)
        if (key, profile.purpose) in known:
            return
        if command.outcome == "accepted":
            known.add((key, profile.purpose))
            sent = profile_from_record(command.payload["sent"]) if "sent" in command.payload else None
            self.accept(key, profile, sent, command.answered_at or command.sent_at)
        elif command.outcome in UNSURE:
            unsure.append((key, profile))
