"""What all stations were told, and which of them do not follow: the memory that planning, sending and watching share.

It is rebuilt from the commands on record when the process starts, so that a restart tells no station twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from twinev.domain.charge_points import ChargingStation
from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.plan import SentCommand
from twinev.domain.station_fault import FaultCause, StationFault
from twinev.services.evse_limits import EvseKey, EvseLimits, limits_at
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.profile_records import profile_from_record

SET, CLEAR = "SetChargingProfile", "ClearChargingProfile"
# Enough to find the newest profiles of a station; what is not found is told again, which does no harm.
COMMANDS_READ = 60
UNSURE = frozenset({None, "timeout", "offline"})
REFUSALS = frozenset({"rejected", "not_supported", "call_error"})


@dataclass(kw_only=True)
class ToldLimits:
    """Limits and faults by EVSE and station; ``accepted_at`` is when an EVSE last accepted a profile.

    ``refused`` are purposes that a station does not take at all and can do without (its maximum); ``room`` is how many
    profiles it turned out to keep; ``unclean`` are stations where profiles of others, or too many of ours, are in the
    way, ``cleaned`` those that were rid of them; ``reported_less`` is where an EVSE's
    composite schedule was below what it accepted. ``on_change(station_id, trigger)`` is called when a station begins or
    ceases to follow, ``on_fault(station_id, fault)`` whenever it was seen to fail, and with None when it was seen to
    follow.
    """

    limits: dict[EvseKey, EvseLimits] = field(default_factory=dict)
    sent: dict[tuple[EvseKey, ProfilePurpose], ChargingProfile] = field(default_factory=dict)
    accepted_at: dict[EvseKey, datetime] = field(default_factory=dict)
    faults: dict[str, StationFault] = field(default_factory=dict)
    refused: set[tuple[str, ProfilePurpose]] = field(default_factory=set)
    room: dict[str, int] = field(default_factory=dict)
    unclean: set[str] = field(default_factory=set)
    cleaned: set[str] = field(default_factory=set)
    reported_less: dict[EvseKey, tuple[ExternalLimit, ...]] = field(default_factory=dict)
    on_change: Callable[[str, str], None] = lambda station_id, trigger: None
    on_fault: Callable[[str, StationFault | None], None] = lambda station_id, fault: None

    def of(self, key: EvseKey) -> EvseLimits:
        """What is known of an EVSE, with what its station as a whole was told."""
        return limits_at(self.limits, key)

    def accept(self, key: EvseKey, profile: ChargingProfile, sent: ChargingProfile | None, at: datetime) -> None:
        """The station accepted ``profile``; ``sent`` is how it was rounded to the station's unit."""
        self.limits[key] = self._own(key).accepted(profile)
        self.sent[key, profile.purpose] = sent or profile
        self.accepted_at[key] = at

    def doubt(self, key: EvseKey, profile: ChargingProfile) -> None:
        """The station may have taken ``profile``, or something like it."""
        self.limits[key] = self._own(key).uncertain(profile)

    def withdraw(self, station_id: str) -> None:
        """The station was cleaned: it has none of our profiles any longer, nor anybody else's."""
        self.unclean.discard(station_id)
        self.cleaned.add(station_id)
        for memory in (self.limits, self.accepted_at):
            for key in [key for key in memory if key[0] == station_id]:
                del memory[key]

    def suspect(self, station_id: str) -> None:
        """Something else than ours may rule there: clean it, once, since each time leaves it without limits briefly."""
        if station_id not in self.cleaned:
            self.unclean.add(station_id)

    def believed(self, key: EvseKey, *, ocpp_transaction_id: str | None) -> list[ChargingProfile]:
        """The profiles that rule at an EVSE by what was accepted, as they were rounded for the station."""
        limits = self.of(key)
        rounded = [self.sent.get((place, purpose)) for place in (key, (key[0], 0)) for purpose in ProfilePurpose]
        return [
            profile
            for profile in rounded
            if profile is not None
            and limits.of(profile.purpose)
            and profile.ocpp_transaction_id in (None, ocpp_transaction_id)
        ]

    def installed(self, station_id: str) -> set[tuple[EvseKey, ProfilePurpose]]:
        """Which profiles the station surely keeps: one for each EVSE and purpose."""
        return {
            (key, purpose)
            for key, limits in self.limits.items()
            for purpose in ProfilePurpose
            if key[0] == station_id and purpose is not ProfilePurpose.EXTERNAL and limits.settled(purpose) is not None
        }

    def forget(self, station_id: str) -> None:
        """The station came back and may have lost everything: tell it again, and see anew whether it follows."""
        for memory in (self.limits, self.accepted_at, self.reported_less):
            for key in [key for key in memory if key[0] == station_id]:
                del memory[key]
        self.refused = {known for known in self.refused if known[0] != station_id}
        self.room.pop(station_id, None)
        self.unclean.discard(station_id)
        self.cleaned.discard(station_id)
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

    def blame(
        self,
        station_id: str,
        reason: str,
        at: datetime,
        *,
        cause: FaultCause = FaultCause.REJECTED,
        by_meter: bool = False,
        expected: bool = False,
    ) -> None:
        """Count the station as not following; ``expected`` where the plan counts it so already."""
        known = self.faults.get(station_id)
        self.faults[station_id] = fault = StationFault(
            station_id=station_id,
            cause=FaultCause.METER if by_meter else cause,
            reason=reason,
            since=known.since if known else at,
            by_meter=by_meter or (known is not None and known.by_meter),
        )
        if fault != known:
            self.on_fault(station_id, fault)
        if known is None and not expected:
            self.on_change(station_id, "station.unresponsive")

    def clear(self, station_id: str, *, by_meter: bool = False) -> None:
        """Count the station as following again; what its meter showed only its meter can take back."""
        known = self.faults.get(station_id)
        if known is not None and known.by_meter and not by_meter:
            return
        if by_meter and (known is None or known.cause is not FaultCause.METER):
            # A meter within its limit says nothing of a station that has not been told lately, or cannot be told.
            if known is not None and known.by_meter:
                self.faults[station_id] = fault = replace(known, by_meter=False)
                self.on_fault(station_id, fault)
            return
        self.faults.pop(station_id, None)
        self.on_fault(station_id, None)
        if known is not None:
            self.on_change(station_id, "station.follows")

    def reset(self) -> None:
        """Forget everything, as before `restore`."""
        of_evses = (self.limits, self.sent, self.accepted_at, self.reported_less)
        of_stations = (self.faults, self.refused, self.room, self.unclean, self.cleaned)
        for memory in (*of_evses, *of_stations):
            memory.clear()

    def _own(self, key: EvseKey) -> EvseLimits:
        return self.limits.get(key, EvseLimits())

    def restore(self, work: UnitOfWork, station_ids: Iterable[str], *, depth: int = COMMANDS_READ) -> None:
        """Rebuild the memory from each station's last ``depth`` commands on record."""
        for station_id in station_ids:
            commands = work.commands.list(limit=depth, station_id=station_id, actions=(SET, CLEAR))
            self._restore_station(commands)

    def _restore_station(self, commands: Iterable[SentCommand]) -> None:
        """Commands come newest first: the first accepted one rules, and what is newer without an answer may."""
        known: set[tuple[EvseKey, ProfilePurpose]] = set()
        cleared: set[str] = set()
        unsure: list[tuple[EvseKey, ChargingProfile]] = []
        for command in commands:
            if command.action == CLEAR:
                if command.outcome not in UNSURE and command.payload.get("purpose"):
                    # What is older is gone, or was not there.
                    cleared.add(command.payload["purpose"])
                continue
            if "profile" not in command.payload:
                continue
            profile = profile_from_record(command.payload["profile"])
            place = (command.station_id, profile.evse_id), profile.purpose
            if place in known or profile.purpose in cleared:
                continue
            if command.outcome == "accepted":
                known.add(place)
                sent = profile_from_record(command.payload["sent"]) if "sent" in command.payload else None
                self.accept(place[0], profile, sent, command.answered_at or command.sent_at)
            elif command.outcome in UNSURE:
                unsure.append((place[0], profile))
            elif profile.purpose is ProfilePurpose.STATION_MAX:
                known.add(place)
                self.refused.add((command.station_id, profile.purpose))
        for key, profile in reversed(unsure):
            self.doubt(key, profile)
