"""Stations of both versions against a CSMS of the `ocpp` library over real sockets."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import ocpp.v16.call as call16
import ocpp.v201.call as call201
import pytest

from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import read_ledger

VERSIONS = ["1.6", "2.0.1", "2.1"]
STAYS_LONG = {"at_seconds": 1, "energy_kwh": 30, "stay_minutes": 600}
LEAVES_SOON = {"at_seconds": 1, "energy_kwh": 30, "stay_minutes": 2}


def spec(ocpp: str, **options) -> StationSpec:
    return StationSpec(id="ST-1", ocpp=ocpp, **options)


def transaction_actions(csms) -> list[str]:
    kinds = ("StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent", "DataTransfer")
    return [c.action for c in csms.calls if c.action in (*kinds, "NotifyEVChargingNeeds")]


def event(payload: dict) -> str:
    return f"{payload['eventType']} {payload['triggerReason']}"


def power_w(payload: dict) -> float | None:
    for sample in payload["meterValue"][0]["sampledValue"] if "meterValue" in payload else ():
        if sample["measurand"] == "Power.Active.Import":
            return float(sample["value"])
    return None


def powers_w(csms) -> list[float]:
    payloads = [*csms.of("MeterValues"), *csms.of("TransactionEvent")]
    return [value for value in map(power_w, payloads) if value is not None]


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_boot_is_repeated_until_it_is_accepted_and_nothing_comes_before(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            csms.boot_statuses = ["Pending", "Rejected"]
            async with simulated(csms, [spec(ocpp)], {}):
                await csms.until(lambda: csms.of("StatusNotification"))
            return csms

    csms = asyncio.run(scenario())

    assert [c.action for c in csms.calls][:4] == ["BootNotification"] * 3 + ["StatusNotification"]


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_station_authenticates_with_its_id_and_key(open_csms, simulated, basic, ocpp):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp, key="a key")], {}):
                await csms.until(lambda: csms.of("BootNotification"))
            return csms.authorizations

    assert asyncio.run(scenario()) == [basic("ST-1", "a key")]


def test_transaction_in_ocpp_16_runs_from_card_to_departure(open_csms, simulated):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec("1.6")], {"ST-1": [LEAVES_SOON]}):
                await csms.until(
                    lambda: csms.of("StopTransaction") and csms.of("StatusNotification")[-1]["status"] == "Available"
                )
            return csms

    csms = asyncio.run(scenario())

    statuses = [payload["status"] for payload in csms.of("StatusNotification")]
    assert statuses[-3:] == ["Preparing", "Charging", "Available"]
    assert csms.of("Authorize") == [{"idTag": "CARD-1"}]
    assert transaction_actions(csms)[:2] == ["StartTransaction", "DataTransfer"]
    (stop,) = csms.of("StopTransaction")
    assert stop["transactionId"] == 1001
    assert stop["reason"] == "Local"
    assert {payload["transactionId"] for payload in csms.of("MeterValues")} == {1001}
    (wish,) = csms.of("DataTransfer")
    assert (wish["vendorId"], wish["messageId"]) == ("twinev", "ChargingNeeds")
    assert json.loads(wish["data"])["energy_kwh"] == 30
    # Two minutes at 11 kW, less the ramp.
    assert 300 < stop["meterStop"] - csms.of("StartTransaction")[0]["meterStart"] < 367


def test_transaction_in_ocpp_201_runs_from_card_to_departure(open_csms, simulated):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec("2.0.1")], {"ST-1": [LEAVES_SOON]}):
                await csms.until(
                    lambda: (
                        csms.of("TransactionEvent")
                        and csms.of("TransactionEvent")[-1]["eventType"] == "Ended"
                        and csms.of("StatusNotification")[-1]["connectorStatus"] == "Available"
                    )
                )
            return csms

    csms = asyncio.run(scenario())

    events = csms.of("TransactionEvent")
    assert [event(payload) for payload in events[:2]] == ["Started Authorized", "Updated ChargingStateChanged"]
    assert event(events[-1]) == "Ended StopAuthorized"
    assert events[-1]["transactionInfo"]["stoppedReason"] == "Local"
    assert [payload["seqNo"] for payload in events] == list(range(len(events)))
    assert len({payload["transactionInfo"]["transactionId"] for payload in events}) == 1
    needs = csms.of("NotifyEVChargingNeeds")[0]["chargingNeeds"]
    assert needs["acChargingParameters"]["energyAmount"] == 30_000
    assert needs["acChargingParameters"]["evMaxCurrent"] == 16
    assert needs["requestedEnergyTransfer"] == "AC_three_phase"


def set_profile_16(limit: float, unit: str, **options) -> call16.SetChargingProfile:
    return call16.SetChargingProfile(
        connector_id=options.get("connector_id", 1),
        cs_charging_profiles={
            "chargingProfileId": options.get("id", 7),
            "stackLevel": 0,
            "chargingProfilePurpose": options.get("purpose", "TxDefaultProfile"),
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "startSchedule": datetime(2020, 1, 1, tzinfo=UTC).isoformat(),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            },
        },
    )


def set_profile_201(limit: float, unit: str, **options) -> call201.SetChargingProfile:
    return call201.SetChargingProfile(
        evse_id=options.get("connector_id", 1),
        charging_profile={
            "id": options.get("id", 7),
            "stackLevel": 0,
            "chargingProfilePurpose": options.get("purpose", "TxDefaultProfile"),
            "chargingProfileKind": "Absolute",
            "transactionId": options.get("transaction_id"),
            "chargingSchedule": [
                {
                    "id": 1,
                    "startSchedule": datetime(2020, 1, 1, tzinfo=UTC).isoformat(),
                    "chargingRateUnit": unit,
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
                }
            ],
        },
    )


@pytest.mark.parametrize(
    ("ocpp", "limit", "unit", "limit_w"),
    [
        ("1.6", 5000.0, "W", 5000.0),
        ("1.6", 9.3, "A", 6417.0),
        ("2.0.1", 5000.0, "W", 5000.0),
        ("2.0.1", 9.3, "A", 6417.0),
    ],
)
def test_power_follows_the_profile_that_was_set(open_csms, simulated, *, ocpp, limit, unit, limit_w):
    set_profile = set_profile_16 if ocpp == "1.6" else set_profile_201

    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp, rate_unit=unit)], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: 11_000 in powers_w(csms))
                answer = await csms.stations["ST-1"].call(set_profile(limit, unit))
                await csms.until(lambda: powers_w(csms)[-1] == pytest.approx(limit_w))
            return answer

    assert asyncio.run(scenario()).status == "Accepted"


@pytest.mark.parametrize(("ocpp", "set_profile"), [("1.6", set_profile_16), ("2.0.1", set_profile_201)])
def test_profile_in_a_unit_that_the_station_does_not_take_is_rejected(open_csms, simulated, ocpp, set_profile):
    async def scenario():
        async with open_csms() as csms, simulated(csms, [spec(ocpp, rate_unit="A")], {}):
            await csms.until(lambda: csms.of("StatusNotification"))
            return await csms.stations["ST-1"].call(set_profile(5000.0, "W"))

    assert asyncio.run(scenario()).status == "Rejected"


@pytest.mark.parametrize(
    ("ocpp", "set_profile", "clear"),
    [
        ("1.6", set_profile_16, call16.ClearChargingProfile(id=7)),
        ("2.0.1", set_profile_201, call201.ClearChargingProfile(charging_profile_id=7)),
    ],
)
def test_power_returns_once_the_profile_is_cleared(open_csms, simulated, ocpp, set_profile, clear):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp)], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: 11_000 in powers_w(csms))
                await csms.stations["ST-1"].call(set_profile(5000.0, "W"))
                await csms.until(lambda: powers_w(csms)[-1] == 5000)
                answers = [await csms.stations["ST-1"].call(clear) for _ in range(2)]
                await csms.until(lambda: powers_w(csms)[-1] == 11_000)
            return answers

    assert [answer.status for answer in asyncio.run(scenario())] == ["Accepted", "Unknown"]


def test_composite_schedule_in_ocpp_16_is_the_least_of_what_applies(open_csms, simulated):
    async def scenario():
        async with open_csms() as csms, simulated(csms, [spec("1.6", rate_unit="A")], {}):
            await csms.until(lambda: csms.of("StatusNotification"))
            station = csms.stations["ST-1"]
            await station.call(set_profile_16(14.9, "A"))
            await station.call(set_profile_16(12.0, "A", id=8, purpose="ChargePointMaxProfile", connector_id=0))
            return await station.call(call16.GetCompositeSchedule(connector_id=1, duration=3600))

    answer = asyncio.run(scenario())

    assert answer.status == "Accepted"
    assert answer.charging_schedule["charging_rate_unit"] == "A"
    assert answer.charging_schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 12.0}]


def test_composite_schedule_in_ocpp_201_shows_each_change(open_csms, simulated):
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)

    async def scenario():
        async with open_csms() as csms, simulated(csms, [spec("2.0.1")], {}, speed=1):
            await csms.until(lambda: csms.of("StatusNotification"))
            station = csms.stations["ST-1"]
            profile = set_profile_201(4200.0, "W")
            profile.charging_profile["chargingSchedule"][0] |= {"startSchedule": start.isoformat(), "duration": 600}
            await station.call(profile)
            return await station.call(call201.GetCompositeSchedule(evse_id=1, duration=7200))

    schedule = asyncio.run(scenario()).schedule
    schedule_start = datetime.fromisoformat(schedule["schedule_start"])
    until_start = (start - schedule_start).total_seconds()

    assert schedule["charging_schedule_period"] == [
        {"start_period": 0, "limit": 11_000},
        {"start_period": until_start, "limit": 4200},
        {"start_period": until_start + 600, "limit": 11_000},
    ]


def test_transaction_profile_ends_with_its_transaction(open_csms, simulated):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec("2.0.1")], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: 11_000 in powers_w(csms))
                transaction_id = csms.of("TransactionEvent")[0]["transactionInfo"]["transactionId"]
                station = csms.stations["ST-1"]
                options = {"purpose": "TxProfile", "transaction_id": transaction_id}
                answers = [await station.call(set_profile_201(4200.0, "W", **options))]
                await station.call(call201.RequestStopTransaction(transaction_id=transaction_id))
                await csms.until(lambda: csms.of("TransactionEvent")[-1]["eventType"] == "Ended")
                answers.append(await station.call(set_profile_201(4200.0, "W", **options)))
                composite = await station.call(call201.GetCompositeSchedule(evse_id=1, duration=60))
            return csms, answers, composite

    csms, answers, composite = asyncio.run(scenario())

    assert [answer.status for answer in answers] == ["Accepted", "Rejected"]
    assert event(csms.of("TransactionEvent")[-1]) == "Ended RemoteStop"
    assert composite.schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 11_000}]


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_transaction_can_be_stopped_and_started_from_afar(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp)], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: powers_w(csms))
                station = csms.stations["ST-1"]
                if ocpp == "1.6":
                    stop, start = call16.RemoteStopTransaction(1001), call16.RemoteStartTransaction("CARD-9")
                else:
                    first = csms.of("TransactionEvent")[0]["transactionInfo"]["transactionId"]
                    stop = call201.RequestStopTransaction(first)
                    start = call201.RequestStartTransaction({"idToken": "CARD-9", "type": "Central"}, 5)
                answers = [await station.call(message) for message in (start, stop, start)]
                await csms.until(lambda: "CARD-9" in json.dumps([c.payload for c in csms.calls]))
            return csms, answers

    csms, answers = asyncio.run(scenario())

    assert [answer.status for answer in answers] == ["Rejected", "Accepted", "Accepted"]
    if ocpp != "1.6":
        started = [p for p in csms.of("TransactionEvent") if p["eventType"] == "Started"][1]
        assert event(started) == "Started RemoteStart"
        assert started["transactionInfo"]["remoteStartId"] == 5


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_driver_whose_card_is_refused_gets_no_energy_and_leaves(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            csms.token_status = "Blocked"
            async with simulated(csms, [spec(ocpp)], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: "Available" in json.dumps(csms.of("StatusNotification")[1:]))
            return csms

    csms = asyncio.run(scenario())

    assert len(csms.of("Authorize")) == 1
    assert transaction_actions(csms) == []


def test_configuration_of_ocpp_16_tells_what_smart_charging_needs(open_csms, simulated):
    async def scenario():
        async with open_csms() as csms, simulated(csms, [spec("1.6", rate_unit="A")], {}):
            await csms.until(lambda: csms.of("StatusNotification"))
            keys = ["ChargingScheduleAllowedChargingRateUnit", "ChargingScheduleMaxPeriods", "Nonsense"]
            return await csms.stations["ST-1"].call(call16.GetConfiguration(key=keys))

    answer = asyncio.run(scenario())

    assert {entry["key"]: entry["value"] for entry in answer.configuration_key} == {
        "ChargingScheduleAllowedChargingRateUnit": "Current",
        "ChargingScheduleMaxPeriods": "100",
    }
    assert answer.unknown_key == ["Nonsense"]


def test_variables_of_ocpp_201_tell_what_smart_charging_needs(open_csms, simulated):
    def asked(component: str, variable: str) -> dict:
        return {"component": {"name": component}, "variable": {"name": variable}}

    async def scenario():
        async with open_csms() as csms, simulated(csms, [spec("2.0.1", rate_unit="W")], {}):
            await csms.until(lambda: csms.of("StatusNotification"))
            wanted = [asked("SmartChargingCtrlr", "RateUnit"), asked("SmartChargingCtrlr", "Colour")]
            return await csms.stations["ST-1"].call(call201.GetVariables(wanted))

    first, second = asyncio.run(scenario()).get_variable_result

    assert (first["attribute_status"], first["attribute_value"]) == ("Accepted", "W")
    assert second["attribute_status"] == "UnknownVariable"


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_ledger_holds_exactly_what_was_sent(open_csms, simulated, tmp_path, ocpp):
    ledger = tmp_path / "ledger.jsonl"

    def told_to_the_end() -> bool:
        contents = read_ledger(ledger)
        return contents.all_delivered and any(found["ended"] for found in contents.transactions.values())

    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp)], {"ST-1": [LEAVES_SOON]}, ledger=ledger):
                await csms.until(told_to_the_end)
            return csms

    csms = asyncio.run(scenario())
    contents = read_ledger(ledger)

    sent = {}
    for payload in (*csms.of("MeterValues"), *csms.of("TransactionEvent"), *csms.of("StopTransaction")):
        for value in (*payload.get("meterValue", ()), *payload.get("transactionData", ())):
            for sample in value["sampledValue"]:
                key = (value["timestamp"], sample["measurand"], sample.get("phase"), sample["context"])
                sent[key] = float(sample["value"])
    recorded = {(s["timestamp"], s["measurand"], s["phase"], s["context"]): s["value"] for s in contents.samples}
    assert recorded == sent
    assert len(contents.samples) == len(sent)
    (transaction,) = contents.transactions.values()
    assert transaction["ended"]["reason"] == "Local"
    assert contents.all_delivered
    if ocpp == "1.6":
        assert {s["ocpp_transaction_id"] for s in contents.samples} == {"1001"}
