"""A connection that stays: outages are waited for, what cannot heal ends the process, health tells of both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from free_ports import free_port

from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.connection import StayingClient, cancellable, confirm
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.gateway_board import read_gateways
from twinev.adapters.messaging.planner_client import PlannerClient
from twinev.adapters.messaging.planner_endpoint import PlannerEndpoint
from twinev.adapters.messaging.station_commands import StationCommandSender
from twinev.adapters.messaging.streams import ensure_streams
from twinev.adapters.messaging.watchdog import link_health, until_lost, while_linked
from twinev.domain.commands import CommandMessage, CommandReply, RequestStopTransaction
from twinev.domain.facts import StationFact, StatusChanged
from twinev.errors import Unavailable

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
STOP = RequestStopTransaction(ocpp_transaction_id="7")


def fact(number: int, *, padding: int = 0) -> StationFact:
    said = StatusChanged(evse_id=1, timestamp=NOW, status="Available", error_code=str(number) + "x" * padding)
    return StationFact(
        station_id="A",
        protocol="ocpp1.6",
        action="StatusNotification",
        key=str(number),
        received_at=NOW,
        fact=said,
    )


async def cut_off(client: StayingClient) -> None:
    async with asyncio.timeout(10):
        while client.is_connected:
            await asyncio.sleep(0.01)


def test_health_tells_of_an_outage_and_of_its_end(nats_server) -> None:
    async def scenario() -> list[tuple[bool, str]]:
        seen = []
        async with nats_server.client("api") as client:
            seen.append(link_health(client))
            nats_server.kill()
            await cut_off(client)
            seen.append(link_health(client))
            nats_server.start()
            await client.until_connected(20)
            seen.append(link_health(client))
        seen.append(link_health(client))
        return [(health.ok, health.detail) for health in seen]

    before, during, after, closed = asyncio.run(scenario())

    assert before == after == (True, "connected")
    assert not during[0]
    assert "not connected for" in during[1]
    assert not closed[0]


def test_health_tells_of_a_refused_subject(nats_server) -> None:
    async def scenario():
        async with nats_server.client("gateway") as client:
            await client.publish("twinev.plan.request", b"")
            await confirm(client)
            return link_health(client)

    health = asyncio.run(scenario())

    assert not health.ok
    assert "twinev.plan.request" in health.detail


def test_planner_tells_the_api_what_it_was_refused(nats_server) -> None:
    async def scenario() -> tuple[str, str]:
        async with nats_server.client("api") as api, nats_server.client("planner") as planner:
            endpoint = asyncio.create_task(PlannerEndpoint(client=planner, planner=None).run())
            await asyncio.sleep(0)
            await confirm(planner)
            asking = PlannerClient(client=api)
            well = await asking.check()
            await planner.publish("ocpp.cmd.00", b"")
            await confirm(planner)
            with pytest.raises(Unavailable) as caught:
                await asking.check()
            endpoint.cancel()
            await asyncio.gather(endpoint, return_exceptions=True)
            return well, str(caught.value)

    well, unwell = asyncio.run(scenario())

    assert well == "a planner answers"
    assert "ocpp.cmd.00" in unwell


def test_outage_of_the_server_is_waited_for_without_end(nats_server) -> None:
    async def scenario() -> bool:
        url = nats_server.embedded.urls["gateway"]
        async with nats_server.client("gateway") as client:
            watching = asyncio.create_task(until_lost(client, url, patience_seconds=0.2, check_seconds=0.05))
            nats_server.kill()
            await cut_off(client)
            await asyncio.wait({watching}, timeout=1)
            ended_early = watching.done()
            # Before it answers again there must be no doubt who is meant to be patient.
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            nats_server.start()
            await client.until_connected(20)
            return ended_early

    assert not asyncio.run(scenario())


def test_connection_that_the_library_closed_for_good_ends_the_work(nats_server) -> None:
    async def scenario() -> str:
        url = nats_server.embedded.urls["gateway"]
        async with nats_server.client("gateway") as client:
            work = asyncio.create_task(asyncio.Event().wait())
            # The server answers with an error of which the library makes the end of the connection.
            client._transport.write(b"NONSENSE\r\n")
            with pytest.raises(Unavailable) as caught:
                await asyncio.wait_for(while_linked(work, client, url, check_seconds=0.05), 20)
            assert work.cancelled()
            return str(caught.value)

    assert "closed for good" in asyncio.run(scenario())


def test_gateway_ends_when_the_server_throws_its_user_out_for_good(nats_server, tmp_path) -> None:
    """A changed password makes the library close the connection, whatever it was told about reconnecting."""

    async def scenario() -> tuple[int, str]:
        async with nats_server.client("api") as api:
            await ensure_streams(api)
            gateway = await start_gateway(nats_server.embedded.urls["gateway"], tmp_path)
            try:
                async with asyncio.timeout(60):
                    while not await read_gateways(api):
                        await asyncio.sleep(0.1)
            finally:
                nats_server.change_passwords()
            _, errors = await asyncio.wait_for(gateway.communicate(), 60)
            return gateway.returncode, errors.decode()

    returncode, errors = asyncio.run(scenario())

    assert returncode == 2
    assert "the connection is closed for good" in errors


async def start_gateway(url: str, directory: Path) -> asyncio.subprocess.Process:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    told = {"TWINEV_NATS_URL": url, "TWINEV_DATA_DIR": str(directory), "TWINEV_OCPP_PORT": str(free_port())}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "twinev", "gateway", env=kept | told, cwd=directory, stderr=subprocess.PIPE
    )


def test_connection_that_stays_away_from_a_server_that_answers_others_is_given_up(nats_server, another_server) -> None:
    async def scenario() -> str:
        async with nats_server.client("gateway") as client:
            nats_server.kill()
            await cut_off(client)
            answering = another_server.embedded.urls["gateway"]
            watching = until_lost(client, answering, patience_seconds=0.2, check_seconds=0.05)
            return await asyncio.wait_for(watching, 20)

    assert "answers others" in asyncio.run(scenario())


def test_work_that_ends_by_itself_ends_the_watching(nats_server) -> None:
    async def scenario() -> None:
        url = nats_server.embedded.urls["gateway"]
        async with nats_server.client("gateway") as client:
            await asyncio.wait_for(while_linked(asyncio.sleep(0), client, url), 30)

    asyncio.run(scenario())


def test_command_that_was_given_up_during_an_outage_is_not_sent_after_it(nats_server) -> None:
    heard: list[str] = []

    async def accept(message: CommandMessage) -> CommandReply:
        heard.append(message.command_id)
        return CommandReply(command_id=message.command_id, outcome="accepted")

    async def scenario() -> tuple[CommandReply, CommandReply]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            inbox = await CommandInbox(client=gateway).open("A", accept)
            nats_server.kill()
            await cut_off(api)
            sender = StationCommandSender(client=api)
            given_up = await sender.send("A", STOP, timeout_seconds=0.1)
            nats_server.start()
            await asyncio.gather(api.until_connected(20), gateway.until_connected(20))
            await confirm(gateway)
            later = await sender.send("A", STOP)
            await confirm(api)
            await inbox.close()
            return given_up, later

    given_up, later = asyncio.run(scenario())

    assert given_up.outcome == "timeout"
    assert later.outcome == "accepted"
    assert heard == [later.command_id]


def test_command_asked_in_a_short_outage_is_sent_when_the_server_is_back(nats_server) -> None:
    async def accept(message: CommandMessage) -> CommandReply:
        return CommandReply(command_id=message.command_id, outcome="accepted")

    async def scenario() -> CommandReply:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            inbox = await CommandInbox(client=gateway).open("A", accept)
            nats_server.kill()
            await asyncio.gather(cut_off(api), cut_off(gateway))
            nats_server.start()
            await gateway.until_connected(20)
            await confirm(gateway)
            reply = await StationCommandSender(client=api).send("A", STOP)
            await inbox.close()
            return reply

    assert asyncio.run(scenario()).outcome == "accepted"


def test_facts_beyond_what_the_client_can_hold_are_refused_and_taken_after_the_outage(nats_server) -> None:
    async def scenario() -> tuple[list[object], int]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            gateway._max_pending_size = 20_000
            nats_server.kill()
            await cut_off(gateway)
            hasty = FactPublisher(client=gateway, retry_seconds=0.3)
            outcomes = await asyncio.gather(
                *(hasty.publish(fact(number, padding=5_000)) for number in range(10)), return_exceptions=True
            )
            nats_server.start()
            await asyncio.gather(api.until_connected(20), gateway.until_connected(20))
            patient = FactPublisher(client=gateway, retry_seconds=30)
            for number in range(10):
                await patient.publish(fact(number, padding=5_000))
            return outcomes, (await api.jetstream().stream_info("OCPP_UP")).state.messages

    outcomes, stored = asyncio.run(scenario())

    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert any("outbound buffer" in str(outcome) for outcome in outcomes)
    assert stored == 10


def test_waiting_for_the_server_ends_when_it_is_cancelled_though_the_answer_is_there() -> None:
    async def answered() -> str:
        # What the library's calls do on Python 3.11 when both come in the same moment.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return "the answer"

    async def scenario() -> None:
        waiting = asyncio.create_task(cancellable(answered()))
        await asyncio.sleep(0)
        waiting.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
