"""Sends a profile to one station, clears some, or reads an EVSE's schedule back; keeps a record of each command."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twinev.domain.charging_profile import ProfilePurpose
from twinev.domain.commands import (
    ClearChargingProfile,
    CommandReply,
    CompositeSchedule,
    GetCompositeSchedule,
    SetChargingProfile,
)
from twinev.domain.plan import PLANNING, SentCommand
from twinev.services.compare_composite import Difference
from twinev.services.desired_profile import DesiredProfile
from twinev.services.evse_limits import EvseKey
from twinev.services.ports.clock import Clock
from twinev.services.ports.station_link import StationCommands
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.profile_records import composite_to_record, profile_to_record
from twinev.services.record_commands import CommandRecord

ISSUED_BY = PLANNING


class ProfileSender:
    """Every command is on record before it leaves and again with its answer."""

    def __init__(
        self, *, commands: StationCommands, unit_of_work: UnitOfWorkFactory, clock: Clock, timeout_seconds: float
    ) -> None:
        self._commands = commands
        self._record = CommandRecord(unit_of_work=unit_of_work)
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def set_profile(self, desired: DesiredProfile, *, plan_id: str | None) -> CommandReply:
        """Send SetChargingProfile and record how it went."""
        sent = SentCommand(
            id=uuid.uuid4().hex,
            station_id=desired.key[0],
            action="SetChargingProfile",
            payload={"profile": profile_to_record(desired.profile)},
            issued_by=ISSUED_BY,
            sent_at=self._clock.now(),
            plan_id=plan_id,
            restriction_id=desired.restriction_id,
        )
        await self._record.save(sent)
        command = SetChargingProfile(profile=desired.profile)
        reply = await self._commands.send(sent.station_id, command, timeout_seconds=self._timeout_seconds)
        extra = {"sent": profile_to_record(reply.sent)} if reply.sent else {}
        await self._record.save(self._answered(sent, reply, extra))
        return reply

    async def clear(self, station_id: str, purpose: ProfilePurpose, *, plan_id: str | None) -> CommandReply:
        """Have the station remove all its profiles of one purpose, ours and others'; record how it went."""
        sent = SentCommand(
            id=uuid.uuid4().hex,
            station_id=station_id,
            action="ClearChargingProfile",
            payload={"purpose": str(purpose)},
            issued_by=ISSUED_BY,
            sent_at=self._clock.now(),
            plan_id=plan_id,
        )
        await self._record.save(sent)
        command = ClearChargingProfile(purpose=str(purpose))
        reply = await self._commands.send(station_id, command, timeout_seconds=self._timeout_seconds)
        await self._record.save(self._answered(sent, reply, {}))
        return reply

    async def read_back(
        self,
        key: EvseKey,
        *,
        duration_seconds: int,
        plan_id: str | None,
        compare: Callable[[CompositeSchedule], list[Difference]],
    ) -> tuple[CommandReply, list[Difference]]:
        """Ask what the EVSE will really apply; record the answer with how it differs from what it accepted."""
        station_id, evse_id = key
        sent = SentCommand(
            id=uuid.uuid4().hex,
            station_id=station_id,
            action="GetCompositeSchedule",
            payload={"evse_id": evse_id, "duration_seconds": duration_seconds},
            issued_by=ISSUED_BY,
            sent_at=self._clock.now(),
            plan_id=plan_id,
        )
        command = GetCompositeSchedule(evse_id=evse_id, duration_seconds=duration_seconds)
        reply = await self._commands.send(station_id, command, timeout_seconds=self._timeout_seconds)
        found = compare(reply.composite) if reply.composite else []
        extra: dict[str, Any] = {}
        if reply.composite:
            extra["composite"] = composite_to_record(reply.composite)
            extra["differences"] = [difference.to_record() for difference in found]
        await self._record.save(self._answered(sent, reply, extra))
        return reply, found

    def _answered(self, sent: SentCommand, reply: CommandReply, extra: dict[str, Any]) -> SentCommand:
        return replace(
            sent,
            answered_at=self._clock.now(),
            outcome=reply.outcome,
            status=reply.status,
            detail=reply.detail,
            round_trip_ms=reply.round_trip_ms,
            payload={**sent.payload, **extra},
        )
