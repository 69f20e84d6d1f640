"""CALLs of stations through the gateway: facts become durable before the answer, decisions come back, order holds."""

from __future__ import annotations

import asyncio

import pytest

from twinev.domain.facts import Decision

AT = "2026-11-22T18:00:00Z"
START_16 = {"connectorId": 1, "idTag": "AB12", "timestamp": AT, "meterStart": 1000}
STATUS_16 = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": AT}
STARTED_201 = {
    "eventType": "Started",
    "timestamp": AT,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "tx-1"},
    "evse": {"id": 1, "connectorId": 1},
    "idToken": {"idToken": "AB12", "type": "ISO14443"},
}


def in_session(bench, protocol: str, script):
    """Run ``script(station)`` with a station that has booted."""

    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            return await script(station)

    return asyncio.run(scenario())


def test_start_of_16_carries_the_decision_back(bench) -> None:
    answer = in_session(bench, "ocpp1.6", lambda station: station.ask("StartTransaction", START_16))

    assert answer[0] == 3
    assert answer[2] == {"transactionId": 42, "idTagInfo": {"status": "Accepted"}}
    (fact,) = bench.facts.of("TransactionStarted")
    assert fact.key == '["StartTransaction","CP1",1,"AB12","2026-11-22T18:00:00Z",1000]'
    assert (fact.station_id, fact.protocol, fact.action) == ("CP1", "ocpp1.6", "StartTransaction")
    assert fact.payload == START_16


def test_started_of_201_carries_the_decision_back(bench) -> None:
    bench.facts.decision = Decision(status="ConcurrentTx")

    answer = in_session(bench, "ocpp2.0.1", lambda station: station.ask("TransactionEvent", STARTED_201))

    assert answer[0] == 3
    assert answer[2] == {"idTokenInfo": {"status": "ConcurrentTx"}}
    assert bench.facts.of("TransactionStarted")[0].key == '["TransactionEvent","CP1","tx-1",0,"2026-11-22T18:00:00Z"]'


@pytest.mark.parametrize(
    ("protocol", "action", "payload"),
    [("ocpp1.6", "StartTransaction", START_16), ("ocpp2.0.1", "TransactionEvent", STARTED_201)],
)
def test_undecided_transaction_is_an_internal_error(bench, protocol: str, action: str, payload: dict) -> None:
    bench.facts.decision = None

    answer = in_session(bench, protocol, lambda station: station.ask(action, payload))

    assert (answer[0], answer[2]) == (4, "InternalError")


def test_fact_that_is_not_durable_is_not_confirmed(bench) -> None:
    async def script(station):
        bench.facts.away = True
        refused = await station.ask("StatusNotification", STATUS_16)
        bench.facts.away = False
        return refused, await station.ask("StatusNotification", STATUS_16)

    refused, confirmed = in_session(bench, "ocpp1.6", script)

    assert (refused[0], refused[2]) == (4, "InternalError")
    assert (confirmed[0], confirmed[2]) == (3, {})


def test_answer_waits_until_the_fact_is_durable_and_later_calls_wait_their_turn(bench) -> None:
    async def script(station):
        bench.facts.release.clear()
        await station.send([2, "first", "StatusNotification", STATUS_16])
        await station.send([2, "second", "Heartbeat", {}])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(station.socket.recv(), 0.3)
        bench.facts.release.set()
        return [(await station.receive())[1] for _ in range(2)]

    assert in_session(bench, "ocpp1.6", script) == ["first", "second"]


def test_heartbeat_needs_no_api(bench) -> None:
    async def script(station):
        bench.desk.away = bench.facts.away = True
        answer = await station.ask("Heartbeat")
        bench.facts.away = False
        return answer

    assert in_session(bench, "ocpp1.6", script)[2] == {"currentTime": "2026-11-22T18:00:05.000Z"}


def test_authorize_without_the_api_is_an_internal_error(bench) -> None:
    async def script(station):
        bench.desk.away = True
        return await station.ask("Authorize", {"idTag": "AB12"})

    answer = in_session(bench, "ocpp1.6", script)

    assert (answer[0], answer[2]) == (4, "InternalError")


def test_boot_while_the_api_is_away_is_pending_and_nothing_else_is_taken(bench) -> None:
    async def scenario() -> list:
        async with bench.running():
            async with bench.station() as station:
                bench.desk.away = True
                boot = {"chargePointVendor": "V", "chargePointModel": "M"}
                answers = [await station.ask("BootNotification", boot), await station.ask("Heartbeat")]
                bench.desk.away = False
            async with bench.station() as station:
                answers.append(await station.ask("StatusNotification", STATUS_16))
                await station.boot("ocpp1.6")
                answers.append(await station.ask("Heartbeat"))
                return answers

    boot, heartbeat, after_reconnect, after_boot = asyncio.run(scenario())

    assert boot[2]["status"] == "Pending"
    assert boot[2]["interval"] <= 30
    assert (heartbeat[0], heartbeat[2]) == (4, "SecurityError")
    assert (after_reconnect[0], after_reconnect[2]) == (4, "SecurityError")
    assert after_boot[0] == 3


def test_reconnect_without_a_boot_is_taken_as_it_is(bench) -> None:
    async def scenario() -> list:
        async with bench.running(), bench.station() as station:
            return await station.ask("StatusNotification", STATUS_16)

    assert asyncio.run(scenario())[0] == 3


def test_rejected_boot_is_told(bench) -> None:
    async def scenario() -> list:
        bench.desk.boot_status = "Rejected"
        async with bench.running(), bench.station(protocols=("ocpp2.0.1",)) as station:
            about = {"vendorName": "V", "model": "M"}
            answers = [await station.ask("BootNotification", {"reason": "PowerUp", "chargingStation": about})]
            answers.append(await station.ask("Heartbeat"))
            return answers

    boot, heartbeat = asyncio.run(scenario())

    assert boot[2]["status"] == "Rejected"
    assert heartbeat[2] == "SecurityError"
