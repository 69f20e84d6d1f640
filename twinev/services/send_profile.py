"""Sends one profile to one station, or reads one EVSE's schedule back; keeps a record of each command."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import Any

from twinev.domain.commands import CommandReply, GetCompositeSchedule, SetChargingProfile
from twinev.domain.plan import SentCommand
from twinev.services.evse_limits import EvseKey
from twinev.services.ports import Clock, StationCommands, UnitOfWorkFactory
from twinev.services.profile_records import composite_to_record, profile_to_record
from twinev.services.translate_plan import DesiredProfile

ISSUED_BY = "planning"


class ProfileSender:
    """Every command is on record before it leaves and again with its answer."""

    def __init__(
        self, *, commands: StationCommands, unit_of_work: UnitOfWorkFactory, clock: Clock, timeout_seconds: float
    ) -> None:
        self._commands = commands
        self._unit_of_work = unit_of_work
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
        await asyncio.to_thread(self._save, sent)
        command = SetChargingProfile(profile=desired.profile)
        reply = await self._commands.send(sent.station_id, command, timeout_seconds=self._timeout_seconds)
        extra = {"sent": profile_to_record(reply.sent)} if reply.sent else {}
        await asyncio.to_thread(self._save, self._answered(sent, reply, extra))
        return reply

    async def read_back(self, key: EvseKey, *, duration_seconds: int, plan_id: str | None) -> CommandReply:
        """Ask what the EVSE will really apply and record the answer."""
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
        extra = {"composite": composite_to_record(reply.composite)} if reply.composite else {}
        await asyncio.to_thread(self._save, self._answered(sent, reply, extra))
        return reply

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

    def _save(self, command: SentCommand) -> None:
        with self._unit_of_work() as work:
            work.commands.save(command)
            work.commit()
