"""Sends commands to stations over NATS: the request reaches whichever gateway holds the station's socket."""

from __future__ import annotations

import uuid

import nats.errors
from nats.aio.client import Client

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import request
from twinev.domain.commands import AnyCommand, CloseConnection, CommandMessage, CommandReply
from twinev.errors import BadInput
from twinev.wire.messages import decode, encode

# The gateway gives up at the command's own timeout and says so; this much longer the reply may take to arrive.
GRACE_SECONDS = 2.0


class StationCommandSender:
    """`twinev.services.ports.station_link.StationCommands` over NATS.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client

    async def send(
        self, station_id: str, command: AnyCommand | CloseConnection, *, timeout_seconds: float = 30.0
    ) -> CommandReply:
        """Send and wait for the station's answer; a station that no gateway holds is ``offline`` at once."""
        message = CommandMessage(
            command_id=uuid.uuid4().hex, station_id=station_id, command=command, timeout_seconds=timeout_seconds
        )
        try:
            answer = await request(
                self._client,
                subjects.command(station_id),
                encode(message),
                timeout_seconds=timeout_seconds + GRACE_SECONDS,
            )
            return decode(CommandReply, answer.data)
        except nats.errors.NoRespondersError:
            return CommandReply(
                command_id=message.command_id,
                outcome="offline",
                detail="no gateway holds the station's socket",
                undelivered=True,
            )
        except (nats.errors.Error, TimeoutError, BadInput) as error:
            return CommandReply(command_id=message.command_id, outcome="timeout", detail=f"no usable reply: {error}")
