"""How a station's boot was answered holds at every gateway, and after a gateway's sudden end."""

from __future__ import annotations

import asyncio
import json

import pytest
from gateway_over_nats import running_gateway
from ocpp_messages import boot, status
from websockets.asyncio.client import connect

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.boot_record import BootRecord
from twinev.adapters.messaging.connection import confirm
from twinev.adapters.messaging.streams import ensure_streams
from twinev.clock import PlatformClock
from twinev.domain.facts import BootAnswer, ConnectAnswer
from twinev.wire.messages import encode

CLOCK = PlatformClock()


async def play_api(client, answers: list[str]) -> None:
    """Let every station in, and answer its boots with these, one after the other; with none left say nothing."""

    async def answer(message) -> None:
        if message.subject.endswith(".Connect"):
            await message.respond(encode(ConnectAnswer(verdict="accepted")))
        elif answers:
            said = BootAnswer(status=answers.pop(0), interval_seconds=300, current_time=CLOCK.now())
            await message.respond(encode(said))

    await ensure_streams(client)
    await client.subscribe(subjects.QUESTIONS, cb=answer)
    await confirm(client)


async def ask_at(gateway, *frames: tuple[str, dict]) -> list[list]:
    """Connect, send these CALLs one by one, and hang up: the frame that answers each."""
    answers = []
    address = f"ws://127.0.0.1:{gateway.port}/ocpp/CP1"
    async with asyncio.timeout(30), connect(address, subprotocols=["ocpp1.6"], ping_interval=None) as socket:
        for number, (action, payload) in enumerate(frames):
            await socket.send(json.dumps([2, f"m{number}", action, payload]))
            while (answer := json.loads(await socket.recv()))[1] != f"m{number}":
                pass
            answers.append(answer)
    return answers


@pytest.mark.parametrize(("verdict", "kind"), [("Accepted", 3), ("Pending", 4), ("Rejected", 4)])
def test_station_that_moves_to_another_gateway_without_a_boot_is_where_it_was(nats_server, verdict, kind) -> None:
    async def scenario() -> list[list]:
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as one,
            nats_server.client("gateway") as two,
        ):
            await play_api(api, [verdict])
            async with running_gateway(one, CLOCK) as first, running_gateway(two, CLOCK) as second:
                await ask_at(first, boot("ocpp1.6"))
                return await ask_at(second, status("ocpp1.6"))

    (answer,) = asyncio.run(scenario())

    assert answer[0] == kind


def test_station_that_is_accepted_elsewhere_is_accepted_everywhere(nats_server) -> None:
    async def scenario() -> list[list]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as client:
            await play_api(api, ["Rejected", "Accepted"])
            async with running_gateway(client, CLOCK) as first:
                await ask_at(first, boot("ocpp1.6"))
            async with running_gateway(client, CLOCK) as second:
                await ask_at(second, boot("ocpp1.6"))
            async with running_gateway(client, CLOCK) as third:
                return await ask_at(third, status("ocpp1.6"))

    (answer,) = asyncio.run(scenario())

    assert answer[0] == 3


def test_boot_record_survives_a_kill_of_the_nats_server(nats_server) -> None:
    async def scenario() -> tuple[str, str]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as client:
            await ensure_streams(api)
            await BootRecord(client=client).note("CP1", "Pending")
        nats_server.kill()
        nats_server.start()
        async with nats_server.client("gateway") as client:
            record = BootRecord(client=client)
            return await record.last_answer("CP1"), await record.last_answer("CP2")

    assert asyncio.run(scenario()) == ("Pending", "Accepted")
