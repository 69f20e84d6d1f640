"""Commands on their way down: offline is known at once, replies come back, each waits for its own time only."""

from __future__ import annotations

import asyncio

from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.connection import confirm
from twinev.adapters.messaging.station_commands import StationCommandSender
from twinev.domain.commands import CommandMessage, CommandReply, RequestStopTransaction

STATION = "> RDAM*1"
STOP = RequestStopTransaction(ocpp_transaction_id="7")


async def accept(message: CommandMessage) -> CommandReply:
    return CommandReply(command_id=message.command_id, outcome="accepted", detail=message.station_id)


def test_command_to_a_station_that_nobody_holds_is_offline_at_once(nats_server) -> None:
    async def scenario() -> tuple[CommandReply, float]:
        async with nats_server.client("api") as api:
            began = asyncio.get_running_loop().time()
            reply = await StationCommandSender(client=api).send(STATION, STOP, timeout_seconds=30)
            return reply, asyncio.get_running_loop().time() - began

    reply, seconds = asyncio.run(scenario())

    assert reply.outcome == "offline"
    assert reply.undelivered
    # Far less than the time that an answer may take.
    assert seconds < 10


def test_command_reaches_its_station_and_the_reply_comes_back(nats_server) -> None:
    async def scenario() -> CommandReply:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            inbox = await CommandInbox(client=gateway).open(STATION, accept)
            reply = await StationCommandSender(client=api).send(STATION, STOP)
            await inbox.close()
            return reply

    reply = asyncio.run(scenario())

    assert (reply.outcome, reply.detail) == ("accepted", STATION)


def test_command_after_the_inbox_closed_is_offline(nats_server) -> None:
    async def scenario() -> CommandReply:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            inbox = await CommandInbox(client=gateway).open(STATION, accept)
            await inbox.close()
            await confirm(gateway)
            return await StationCommandSender(client=api).send(STATION, STOP)

    assert asyncio.run(scenario()).outcome == "offline"


def test_command_of_a_silent_gateway_times_out_while_others_are_answered(nats_server) -> None:
    async def scenario() -> tuple[CommandReply, CommandReply]:
        first_is_here = asyncio.Event()

        async def silent_first(message: CommandMessage) -> CommandReply:
            if not first_is_here.is_set():
                first_is_here.set()
                await asyncio.Event().wait()
            return await accept(message)

        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            inbox = await CommandInbox(client=gateway).open(STATION, silent_first)
            sender = StationCommandSender(client=api)
            first = asyncio.create_task(sender.send(STATION, STOP, timeout_seconds=0.1))
            await first_is_here.wait()
            second = await sender.send(STATION, STOP)
            replies = await first, second
            await inbox.close()
            return replies

    first, second = asyncio.run(scenario())

    assert first.outcome == "timeout"
    assert second.outcome == "accepted"
