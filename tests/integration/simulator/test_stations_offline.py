"""What stations do when the socket, the CSMS or they themselves go down: nothing is lost, and nothing changes."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from twinev.clock import PlatformClock
from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import read_ledger

VERSIONS = ["1.6", "2.0.1", "2.1"]
QUEUED = (
    "StartTransaction",
    "StopTransaction",
    "MeterValues",
    "DataTransfer",
    "TransactionEvent",
    "NotifyEVChargingNeeds",
)
STAYS_LONG = {"at_seconds": 1, "energy_kwh": 30, "stay_minutes": 600}
LEAVES_SOON = {"at_seconds": 1, "energy_kwh": 30, "stay_minutes": 3}


def spec(ocpp: str) -> StationSpec:
    return StationSpec(id="ST-1", ocpp=ocpp)


def queued_calls(csms) -> list:
    return [call for call in csms.calls if call.action in QUEUED]


def is_meter_reading(call) -> bool:
    return call.action == "MeterValues" or call.payload.get("triggerReason") == "MeterValuePeriodic"


def told(csms) -> list[str]:
    """The different contents that the CSMS was told, in the order of their first telling."""
    return list(dict.fromkeys(f"{call.action} {json.dumps(call.payload)}" for call in queued_calls(csms)))


@pytest.mark.parametrize("ocpp", VERSIONS)
@pytest.mark.parametrize("fate", ["cut", "cut after handling"])
def test_message_without_confirmation_is_sent_again_with_equal_content_and_a_new_id(
    open_csms, simulated, tmp_path, ocpp, fate
):
    ledger = tmp_path / "ledger.jsonl"

    async def scenario():
        async with open_csms() as csms:
            cut_at: list[int] = []

            def cut_twice(call) -> str:
                count = len(queued_calls(csms))
                if call.action in QUEUED and count in (1, 6) and count not in cut_at:
                    cut_at.append(count)
                    return fate
                return "answer"

            csms.fate = cut_twice
            async with simulated(csms, [spec(ocpp)], {"ST-1": [LEAVES_SOON]}, ledger=ledger):
                await csms.until(lambda: any(found["ended"] for found in read_ledger(ledger).transactions.values()))
                await csms.until(lambda: read_ledger(ledger).all_delivered)
            return csms

    csms = asyncio.run(scenario())
    calls = queued_calls(csms)

    contents = [f"{call.action} {json.dumps(call.payload)}" for call in calls]
    repeated = [position for position in range(1, len(calls)) if contents[position] == contents[position - 1]]
    assert len(repeated) == 2
    assert all(calls[at].connection == calls[at - 1].connection + 1 for at in repeated)
    assert len({call.message_id for call in calls}) == len(calls)
    # In order: without the repetitions, every content comes once, and time goes on.
    assert len(set(contents)) == len(contents) - 2
    if ocpp != "1.6":
        numbers = [json.loads(text.split(" ", 1)[1]).get("seqNo") for text in told(csms) if "seqNo" in text]
        assert numbers == list(range(len(numbers)))
    # It booted once: a lost socket is not a restart.
    assert len(csms.of("BootNotification")) == 1


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_ev_goes_on_charging_while_the_csms_is_away_and_everything_is_told_later(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp)], {"ST-1": [STAYS_LONG]}) as simulation:
                (station,) = simulation.stations
                await csms.until(lambda: any(map(is_meter_reading, csms.calls)))
                csms.fate = lambda _call: "cut"
                csms.sockets["ST-1"].transport.abort()
                before_wh = station.evses[0].imported_wh
                await csms.until(lambda: len(station.reports.queue) > 5)
                gained_wh = station.evses[0].imported_wh - before_wh
                csms.fate = lambda _call: "answer"
                await csms.until(lambda: len(station.reports.queue) == 0)
            return csms, gained_wh

    csms, gained_wh = asyncio.run(scenario())

    assert gained_wh > 100
    stamps = [
        call.payload["meterValue"][0]["timestamp"]
        for call in {json.dumps(call.payload): call for call in csms.calls if is_meter_reading(call)}.values()
    ]
    assert stamps == sorted(set(stamps))
    assert len(stamps) > 5
    if ocpp != "1.6":
        assert any(payload.get("offline") for payload in csms.of("TransactionEvent"))


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_ev_that_comes_while_the_csms_is_away_charges_and_is_told_later(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            csms.fate = lambda _call: "cut"
            async with simulated(csms, [spec(ocpp)], {"ST-1": [LEAVES_SOON]}) as simulation:
                (station,) = simulation.stations
                await csms.until(lambda: station.evses[0].transaction is None and len(station.reports.queue) > 5)
                csms.fate = lambda _call: "answer"
                await csms.until(lambda: len(station.reports.queue) == 0)
            return csms

    csms = asyncio.run(scenario())

    assert csms.of("Authorize") == []
    if ocpp == "1.6":
        (stop,) = csms.of("StopTransaction")
        # The number that the CSMS allotted hours later is in everything that follows the start.
        assert stop["transactionId"] == 1001
        assert {payload["transactionId"] for payload in csms.of("MeterValues")} == {1001}
    else:
        assert all(payload["offline"] for payload in csms.of("TransactionEvent"))


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_call_error_is_no_confirmation(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            refusals = [1, 2]

            def refuse_twice(call) -> str:
                if call.action in ("StartTransaction", "TransactionEvent") and refusals:
                    refusals.pop()
                    return "refuse"
                return "answer"

            csms.fate = refuse_twice
            async with simulated(csms, [spec(ocpp)], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: any(map(is_meter_reading, csms.calls)))
            return csms

    calls = queued_calls(asyncio.run(scenario()))

    assert calls[0].payload == calls[1].payload == calls[2].payload
    assert len({call.message_id for call in calls[:3]}) == 3
    assert calls[3].payload != calls[0].payload


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_restarted_station_ends_its_transaction_with_power_loss_and_starts_anew(open_csms, simulated, tmp_path, ocpp):
    options = {"ledger": tmp_path / "ledger.jsonl", "state_dir": tmp_path / "state"}

    async def scenario():
        async with open_csms() as csms:
            now = time.time()
            clock = PlatformClock(speed=60, wall_origin=now, platform_origin=now)
            options.update(clock=clock, origin=clock.now())
            script = {"ST-1": [STAYS_LONG]}
            async with simulated(csms, [spec(ocpp)], script, **options) as simulation:
                await csms.until(lambda: any(map(is_meter_reading, csms.calls)))
                # From now on nothing is confirmed: the queue must outlive the process.
                csms.fate = lambda call: "cut" if call.action in QUEUED else "answer"
                await csms.until(lambda: len(simulation.stations[0].reports.queue) > 2)
            first_register_wh = simulation.stations[0].evses[0].imported_wh
            csms.fate = lambda _call: "answer"
            async with simulated(csms, [spec(ocpp)], script, **options) as simulation:
                restarted_register_wh = simulation.stations[0].evses[0].imported_wh
                await csms.until(lambda: len(read_ledger(options["ledger"]).transactions) == 2)
                await csms.until(lambda: read_ledger(options["ledger"]).all_delivered)
            return csms, first_register_wh, restarted_register_wh

    csms, first_register_wh, restarted_register_wh = asyncio.run(scenario())

    assert restarted_register_wh >= first_register_wh > 0
    assert len(csms.of("BootNotification")) == 2
    first, second = read_ledger(options["ledger"]).transactions.values()
    assert first["ended"]["reason"] == "PowerLoss"
    assert second["started"]["meter_wh"] == pytest.approx(first["ended"]["meter_wh"], abs=1)
    if ocpp == "1.6":
        (stop,) = {json.dumps(payload): payload for payload in csms.of("StopTransaction")}.values()
        assert (stop["transactionId"], stop["reason"]) == (1001, "PowerLoss")
        assert second["ocpp_transaction_id"] == "1002"
    else:
        reasons = [payload["transactionInfo"].get("stoppedReason") for payload in csms.of("TransactionEvent")]
        assert "PowerLoss" in reasons
