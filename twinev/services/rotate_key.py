"""Gives a station a new key, so that neither a refusal nor silence shuts it out."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace

from twinev.domain.operating_commands import SetBasicAuthPassword
from twinev.domain.plan import SentCommand
from twinev.errors import Conflict
from twinev.services.answer_stations import WITHOUT_KEY
from twinev.services.ports.clock import Clock
from twinev.services.ports.station_link import StationCommands
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.station_keys import key_hmac, make_key

#: Keys that a station was told and never came with. More than that, and something else is wrong with it.
MOST_PENDING = 8
#: Outcomes by which the station itself says that it goes on with the key that it has.
_REFUSED = ("rejected", "not_supported")


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """How a station took its new key.

    ``outcome``, ``status`` and ``detail`` are those of the command. ``told``: the new key may have reached the station;
    without that it is not valid, and the key that the station has is as it was.
    """

    outcome: str
    status: str | None
    detail: str | None
    told: bool


class RotateKey:
    """Tells a station a new key.

    The new key lets the station in from before it is sent: a station may take it and come back at once. The old one
    does until the station has come with the new one (`twinev.services.answer_stations`). Only a plain refusal ends
    the new one, or that nobody could tell it: after silence nobody knows whether the station has taken it.

    Parameters
    ----------
    commands : StationCommands
        The way to the stations.
    secret_key : str
        Keys the HMACs of the stations' keys; the keys themselves are kept nowhere.
    """

    def __init__(
        self,
        *,
        commands: StationCommands,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        secret_key: str,
        timeout_seconds: float = 20.0,
    ) -> None:
        self._commands = commands
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._secret_key = secret_key
        self._timeout_seconds = timeout_seconds

    async def rotate(self, station_id: str, *, issued_by: str) -> Rotation:
        """Send a new key, and return how the station took it; neither that nor the command's record has the key.

        Raises
        ------
        NotFound, Conflict
            No such station, one that has no key, or one that never comes with the keys that it is told.
        """
        command = SetBasicAuthPassword(password=make_key())
        record = SentCommand(
            id=uuid.uuid4().hex,
            station_id=station_id,
            action=command.action,
            payload={},
            issued_by=issued_by,
            sent_at=self._clock.now(),
        )
        number = await asyncio.to_thread(self._prepare, record, command.password)
        reply = await self._commands.send(station_id, command, timeout_seconds=self._timeout_seconds)
        answered = replace(
            record,
            answered_at=self._clock.now(),
            outcome=reply.outcome,
            status=reply.status,
            # A refusal may quote what it refuses.
            detail=reply.detail and reply.detail.replace(command.password, "(the key)"),
            round_trip_ms=reply.round_trip_ms,
        )
        ended = reply.undelivered or reply.outcome in _REFUSED
        await asyncio.to_thread(self._conclude, answered, number, ended=ended)
        return Rotation(outcome=reply.outcome, status=reply.status, detail=answered.detail, told=not reply.undelivered)

    def _prepare(self, record: SentCommand, key: str) -> int:
        station_id = record.station_id
        with self._unit_of_work() as work:
            station = work.stations.get(station_id)
            if station.security_profile in WITHOUT_KEY:
                raise Conflict(f"station {station_id} has no key: its security profile is {station.security_profile}")
            if len(work.stations.pending_keys(station_id)) >= MOST_PENDING:
                raise Conflict(
                    f"station {station_id} was told {MOST_PENDING} keys and came with none of them; let it reconnect "
                    "(a reset does that) before it is told another"
                )
            hashed = key_hmac(self._secret_key, station_id, key)
            number = work.stations.add_pending_key(station_id, hashed, record.sent_at)
            work.commands.save(record)
            work.commit()
        return number

    def _conclude(self, answered: SentCommand, number: int, *, ended: bool) -> None:
        with self._unit_of_work() as work:
            if ended:
                work.stations.forget_pending_key(answered.station_id, number)
            work.commands.save(answered)
            work.commit()
