"""A station's boot: accepted, pending, rejected, and what may be said before it is accepted, in both directions."""

from __future__ import annotations

import asyncio

import ocpp_messages
from ocpp_behaviours import behaviour

from twinev.domain.commands import ClearChargingProfile, RequestStartTransaction, RequestStopTransaction
from twinev.domain.operating_commands import GetBaseReport, TriggerMessage

PENDING, REJECTED = "Pending", "Rejected"
START = RequestStartTransaction(evse_id=1, id_token="AB12", remote_start_id=7)
STOP = RequestStopTransaction(ocpp_transaction_id="42")
CLEAR = ClearChargingProfile(profile_id=5)


async def boot_as(station, bench, protocol: str, verdict: str) -> list:
    """Boot with a desk that has this verdict; the answer to it."""
    bench.desk.boot_status = verdict
    return await station.ask(*ocpp_messages.boot(protocol))


@behaviour(
    "B01",
    "An accepted boot is told the time and the heartbeat's interval, and then asked what the station can do",
    source="1.6 ed. 2 §4.2; 2.x part 2 B01",
)
def test_accepted_boot_is_told_time_and_interval(bench, protocol: str) -> None:
    async def script(station):
        answer = await station.ask(*ocpp_messages.boot(protocol))
        return answer, await station.receive()

    answer, asked = bench.talk(protocol, script)

    assert answer[2] == {"status": "Accepted", "currentTime": "2026-11-22T18:00:05.000Z", "interval": 300}
    assert asked[2] == ("GetConfiguration" if protocol == "ocpp1.6" else "GetVariables")


@behaviour(
    "B02",
    "While the API is away a boot is answered Pending, with a short interval",
    source="1.6 ed. 2 §4.2; 2.x part 2 B02",
)
def test_boot_while_the_api_is_away_is_pending(bench, protocol: str) -> None:
    async def script(station):
        bench.desk.away = True
        return await station.ask(*ocpp_messages.boot(protocol))

    answer = bench.talk(protocol, script)

    assert answer[2]["status"] == PENDING
    assert 0 < answer[2]["interval"] <= 30


@behaviour(
    "B03",
    "Before its boot is accepted a station's CALLs are answered with SecurityError, and nothing of them is kept",
    source="2.x part 2 B01.FR.10, B02.FR.09, B03.FR.07; 1.6 ed. 2 §4.2",
)
def test_call_before_acceptance_is_a_security_error(bench, protocol: str) -> None:
    async def script(station):
        answers = []
        for verdict in (PENDING, REJECTED):
            await boot_as(station, bench, protocol, verdict)
            answers.append(await station.ask("Heartbeat"))
            answers.append(await station.ask(*ocpp_messages.started(protocol)))
            answers.append(await station.ask(*ocpp_messages.authorize(protocol)))
        return answers

    answers = bench.talk(protocol, script)

    assert [(answer[0], answer[2]) for answer in answers] == [(4, "SecurityError")] * 6
    assert {fact.fact.kind for fact in bench.facts.published} == {"ConnectionChanged"}


@behaviour(
    "B04",
    "A boot that is accepted later opens the way, on the same socket",
    source="1.6 ed. 2 §4.2; 2.x part 2 B02.FR.06",
)
def test_later_acceptance_opens_the_way(bench, protocol: str) -> None:
    async def script(station):
        for verdict in (PENDING, REJECTED):
            await boot_as(station, bench, protocol, verdict)
        bench.desk.boot_status = "Accepted"
        await station.boot(protocol)
        return await station.ask(*ocpp_messages.status(protocol))

    assert bench.talk(protocol, script)[0] == 3


@behaviour(
    "B05",
    "A pending station may be sent CALLs",
    source="1.6 ed. 2 §4.2; 2.x part 2 B02",
)
def test_pending_station_may_be_sent_calls(bench, protocol: str) -> None:
    async def script(station):
        await boot_as(station, bench, protocol, PENDING)
        sending = asyncio.create_task(bench.commands.send("CP1", CLEAR))
        await station.answer_call("ClearChargingProfile", {"status": "Accepted"})
        return await sending

    assert bench.talk(protocol, script).outcome == "accepted"


@behaviour(
    "B06",
    "A pending station is asked neither to start nor to stop a transaction",
    source="1.6 ed. 2 §4.2; 2.x part 2 B02.FR.05",
)
def test_pending_station_is_not_asked_for_transactions(bench, protocol: str) -> None:
    async def script(station):
        await boot_as(station, bench, protocol, PENDING)
        stopping = asyncio.create_task(bench.commands.send("CP1", STOP))
        starting = asyncio.create_task(bench.commands.send("CP1", START))
        # It may be asked what it can do, which a command with a profile needs; nothing else comes.
        answers = await asyncio.gather(stopping, _answering_abilities(station, protocol, starting))
        probe = await station.ask("Heartbeat")
        assert (probe[0], probe[2]) == (4, "SecurityError")
        return answers

    for reply in bench.talk(protocol, script):
        assert (reply.outcome, reply.status) == ("call_error", "SecurityError")
        assert reply.detail == "not sent: the boot of this station is not accepted"


@behaviour("B07", "A rejected station is sent nothing", source="2.x part 2 B03.FR.03; 1.6 ed. 2 §4.2")
def test_rejected_station_is_sent_nothing(bench, protocol: str) -> None:
    async def script(station):
        await boot_as(station, bench, protocol, REJECTED)
        replies = [await bench.commands.send("CP1", command) for command in (CLEAR, START, STOP)]
        # Had anything been sent it would come before this answer.
        probe = await station.ask("Heartbeat")
        assert (probe[0], probe[2]) == (4, "SecurityError")
        return replies

    assert [reply.outcome for reply in bench.talk(protocol, script)] == ["call_error"] * 3


@behaviour(
    "B08",
    "A station that connects again without a boot goes on as it was",
    source="OCPP-J 1.6 §5.4; 2.0.1 part 4 §5.3; 2.1 part 4 §5.4",
)
def test_reconnect_without_a_boot_is_normal(bench, protocol: str) -> None:
    async def scenario() -> list[list]:
        answers = []
        async with bench.running():
            async with bench.station(protocols=(protocol,)) as station:
                await station.boot(protocol)
            async with bench.station(protocols=(protocol,)) as station:
                answers.append(await station.ask(*ocpp_messages.status(protocol)))
                answers.append(await station.ask(*ocpp_messages.started(protocol)))
        return answers

    assert [answer[0] for answer in asyncio.run(scenario())] == [3, 3]


@behaviour(
    "B09",
    "A station whose boot was not accepted cannot escape that by connecting again",
    source="2.x part 2 B02.FR.09, B03.FR.07",
)
def test_reconnect_does_not_replace_a_boot(bench, protocol: str) -> None:
    async def scenario() -> list:
        async with bench.running():
            async with bench.station(protocols=(protocol,)) as station:
                await boot_as(station, bench, protocol, REJECTED)
            async with bench.station(protocols=(protocol,)) as station:
                refused = await station.ask(*ocpp_messages.status(protocol))
                nothing_sent = await bench.commands.send("CP1", CLEAR)
                bench.desk.boot_status = "Accepted"
                await station.boot(protocol)
                return [refused, nothing_sent, await station.ask(*ocpp_messages.status(protocol))]

    refused, nothing_sent, confirmed = asyncio.run(scenario())

    assert (refused[0], refused[2]) == (4, "SecurityError")
    assert nothing_sent.outcome == "call_error"
    assert confirmed[0] == 3


@behaviour(
    "B10",
    "A rejected boot is told when to come again, and its socket stays open",
    source="1.6 ed. 2 §4.2; 2.x part 2 B03",
)
def test_rejected_boot_is_told_when_to_come_again(bench, protocol: str) -> None:
    async def script(station):
        return [await boot_as(station, bench, protocol, REJECTED) for _ in range(3)]

    for answer in bench.talk(protocol, script):
        assert (answer[0], answer[2]["status"], answer[2]["interval"]) == (3, REJECTED, 300)


@behaviour(
    "B11",
    "What a station is, and which version it speaks, is noted at its boot",
    source="1.6 ed. 2 §4.2; 2.x part 2 B01",
)
def test_boot_is_noted(platform, on_platform, protocol: str) -> None:
    on_platform(protocol, lambda station: station.boot(protocol))

    with platform.database.reading() as work:
        station = work.stations.get("CP1")
    assert (station.protocol, station.vendor, station.model) == (protocol, "V", "M")


@behaviour(
    "B12",
    "A heartbeat is answered with the time, also while the API and NATS are away",
    source="1.6 ed. 2 §4.6; 2.x part 2 G02",
)
def test_heartbeat_needs_nobody(bench, protocol: str) -> None:
    async def script(station):
        await station.boot(protocol)
        bench.desk.away = bench.facts.away = True
        answer = await station.ask("Heartbeat")
        bench.facts.away = False
        return answer

    assert bench.talk(protocol, script)[2] == {"currentTime": "2026-11-22T18:00:05.000Z"}


@behaviour(
    "B13",
    "A pending station may send what TriggerMessage, or in 2.x a request for a report, asks it for, and nothing else",
    source="1.6 ed. 2 §4.2; 2.x part 2 B02.FR.02, B02.FR.09",
)
def test_pending_station_may_send_what_it_was_asked_for(bench, protocol: str) -> None:
    asked_for = [(TriggerMessage(requested_message="StatusNotification"), ocpp_messages.status(protocol))]
    if protocol != "ocpp1.6":
        report = {"requestId": 5, "generatedAt": ocpp_messages.AT, "seqNo": 0}
        asked_for.append((GetBaseReport(request_id=5), ("NotifyReport", report)))

    async def script(station):
        await boot_as(station, bench, protocol, PENDING)
        answers = []
        for command, message in asked_for:
            answers.append(await station.ask(*message))
            sending = asyncio.create_task(bench.commands.send("CP1", command))
            await station.answer_call(command.action, {"status": "Accepted"})
            await sending
            answers.append(await station.ask(*message))
        return answers, await station.ask("Heartbeat")

    answers, heartbeat = bench.talk(protocol, script)

    assert [answer[0] for answer in answers] == [4, 3] * len(asked_for)
    assert (heartbeat[0], heartbeat[2]) == (4, "SecurityError")


async def _answering_abilities(station, protocol: str, command):
    """Answer the question for the station's abilities, should it come before ``command`` is done."""
    receiving = asyncio.create_task(station.receive())
    await asyncio.wait((receiving, command), return_when=asyncio.FIRST_COMPLETED)
    if receiving.done():
        kind, message_id, action, _ = receiving.result()
        assert (kind, action) == (2, "GetConfiguration" if protocol == "ocpp1.6" else "GetVariables")
        await station.send([4, message_id, "NotSupported", "", {}])
    else:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
    return await command
