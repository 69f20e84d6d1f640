"""Tells a station something on behalf of a person, and keeps on record what was said and what came of it."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from dataclasses import replace
from typing import Any

from twinev.domain.commands import (
    AnyCommand,
    CommandReply,
    GetCompositeSchedule,
    RequestStartTransaction,
    RequestStopTransaction,
)
from twinev.domain.plan import SentCommand
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.hide_secrets import (
    detail_without_secrets,
    payload_without_secrets,
    response_without_secrets,
)
from twinev.services.ports.clock import Clock
from twinev.services.ports.station_link import StationCommands
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.profile_records import composite_to_record
from twinev.services.retry_command import require_retryable


def new_request_id() -> int:
    """A number that tells several requests to a station apart; 31 bits are what every station can hold."""
    return secrets.randbelow(2**31 - 1) + 1


class CommandStation:
    """Sends single commands.

    Parameters
    ----------
    commands : StationCommands
        The way to the stations.
    unit_of_work : UnitOfWorkFactory
        The record is written before the sending, and again after the answer.
    """

    def __init__(
        self,
        *,
        commands: StationCommands,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        timeout_seconds: float = 20.0,
    ) -> None:
        self._commands = commands
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def start_session(
        self, station_id: str, *, evse_id: int, id_token: str, issued_by: str, app: str | None = None
    ) -> SentCommand:
        """Ask a station to start charging; the session itself begins when the station says so.

        Raises
        ------
        NotFound, BadInput, Conflict
            No such station or EVSE, or an EV is charging there.
        """
        await asyncio.to_thread(self._require_free, station_id, evse_id)
        command = RequestStartTransaction(evse_id=evse_id, id_token=id_token, remote_start_id=new_request_id())
        return await self.send(station_id, command, issued_by=issued_by, app=app)

    async def stop_session(self, session_id: str, *, issued_by: str, app: str | None = None) -> SentCommand:
        """Ask the session's station to stop charging.

        Raises
        ------
        NotFound, Conflict
            No such session, or it has ended.
        """
        station_id, transaction = await asyncio.to_thread(self._running_transaction, session_id)
        command = RequestStopTransaction(ocpp_transaction_id=transaction)
        return await self.send(station_id, command, issued_by=issued_by, app=app)

    async def ask_composite(
        self, station_id: str, *, evse_id: int, duration_seconds: int, issued_by: str, app: str | None = None
    ) -> SentCommand:
        """Ask what an EVSE will really apply; the answer is in the record's payload as ``composite``.

        Raises
        ------
        NotFound, BadInput
            No such station or EVSE.
        """
        await asyncio.to_thread(self._require_evse, station_id, evse_id)
        command = GetCompositeSchedule(evse_id=evse_id, duration_seconds=duration_seconds)
        return await self.send(station_id, command, issued_by=issued_by, app=app)

    async def retry(
        self, sent: SentCommand, command: AnyCommand, *, issued_by: str, app: str | None = None
    ) -> SentCommand:
        """Send ``command``, which says what ``sent`` did, as a command of its own that names the first one.

        Raises
        ------
        NotFound, Conflict
            No such station, or it is no command to be sent again.
        """
        require_retryable(sent)
        if isinstance(command, RequestStartTransaction):
            await asyncio.to_thread(self._require_free, sent.station_id, command.evse_id)
        return await self.send(sent.station_id, command, issued_by=issued_by, app=app, retry_of=sent.id)

    async def send(
        self,
        station_id: str,
        command: AnyCommand,
        *,
        issued_by: str,
        app: str | None = None,
        retry_of: str | None = None,
    ) -> SentCommand:
        """Send, wait for the answer, and return the record of both.

        Raises
        ------
        NotFound
            No such station.
        """
        record = SentCommand(
            id=uuid.uuid4().hex,
            station_id=station_id,
            action=command.action,
            payload=payload_without_secrets(command),
            issued_by=issued_by,
            app=app,
            sent_at=self._clock.now(),
            retry_of=retry_of,
        )
        await asyncio.to_thread(self._begin, record)
        reply = await self._commands.send(station_id, command, timeout_seconds=self._timeout_seconds)
        answered = replace(
            record,
            answered_at=self._clock.now(),
            outcome=reply.outcome,
            status=reply.status,
            detail=detail_without_secrets(command, reply.detail),
            round_trip_ms=reply.round_trip_ms,
            response=response_without_secrets(reply.response),
            payload={**record.payload, **_composite(reply)},
        )
        await asyncio.to_thread(self._keep, answered)
        return answered

    def _begin(self, record: SentCommand) -> None:
        with self._unit_of_work() as work:
            if work.stations.get(record.station_id).removed_at is not None:
                raise NotFound("charging station", record.station_id)
            work.commands.save(record)
            work.commit()

    def _keep(self, record: SentCommand) -> None:
        with self._unit_of_work() as work:
            work.commands.save(record)
            work.commit()

    def _require_evse(self, station_id: str, evse_id: int) -> None:
        with self._unit_of_work() as work:
            evses = {evse.id for evse in work.stations.get(station_id).evses}
        if evse_id not in evses:
            raise BadInput("evse_id", evse_id, f"an EVSE of station {station_id}: {sorted(evses)}")

    def _require_free(self, station_id: str, evse_id: int) -> None:
        self._require_evse(station_id, evse_id)
        with self._unit_of_work() as work:
            session = work.sessions.active_at(station_id, evse_id)
        if session is not None:
            raise Conflict(f"an EV is charging at EVSE {evse_id} of station {station_id}: session {session.id}")

    def _running_transaction(self, session_id: str) -> tuple[str, str]:
        with self._unit_of_work() as work:
            session = work.sessions.get(session_id)
        if not session.active:
            raise Conflict(f"session {session_id} ended at {session.ended_at.isoformat()}")
        return session.station_id, session.ocpp_transaction_id


def _composite(reply: CommandReply) -> dict[str, Any]:
    """What a station reported, as the record of planning's own read-backs has it."""
    return {} if reply.composite is None else {"composite": composite_to_record(reply.composite)}
