"""Stations as they are met in the field: several EVSEs, V2G, refusals, failures, clocks and counters of their own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import ocpp.v16.call as call16
import ocpp.v21.call as call21
import ocpp.v201.call as call201
import pytest
from ocpp.exceptions import InternalError, NotSupportedError

from twinev.simulator.fleet import ClockSetting, ProfileManner, StationSpec
from twinev.simulator.ledger import read_ledger

VERSIONS = ["1.6", "2.0.1", "2.1"]
STAYS_LONG = {"at_seconds": 1, "energy_kwh": 30, "stay_minutes": 600}


def spec(ocpp: str, **options) -> StationSpec:
    return StationSpec(id="ST-1", ocpp=ocpp, **options)


def set_profile(ocpp: str, period: dict, *, connector_id: int = 1):
    schedule = {
        "startSchedule": datetime(2020, 1, 1, tzinfo=UTC).isoformat(),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, **period}],
    }
    common = {"stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute"}
    if ocpp == "1.6":
        profile = {"chargingProfileId": 7, "chargingSchedule": schedule, **common}
        return call16.SetChargingProfile(connector_id=connector_id, cs_charging_profiles=profile)
    profile = {"id": 7, "chargingSchedule": [{"id": 1, **schedule}], **common}
    return (call21 if ocpp == "2.1" else call201).SetChargingProfile(evse_id=connector_id, charging_profile=profile)


def composite(ocpp: str):
    if ocpp == "1.6":
        return call16.GetCompositeSchedule(connector_id=1, duration=60, charging_rate_unit="W")
    return (call21 if ocpp == "2.1" else call201).GetCompositeSchedule(evse_id=1, duration=60, charging_rate_unit="W")


def samples_of(csms, measurand: str) -> list[float]:
    payloads = [*csms.of("MeterValues"), *csms.of("TransactionEvent")]
    return [
        float(sample["value"])
        for payload in payloads
        for value in payload.get("meterValue", ())
        for sample in value["sampledValue"]
        if sample["measurand"] == measurand
    ]


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_connectors_of_a_station_are_reported_apart(open_csms, simulated, tmp_path, ocpp):
    ledger = tmp_path / "ledger.jsonl"

    async def scenario():
        async with open_csms() as csms:
            visit = STAYS_LONG | {"stay_minutes": 3}
            async with simulated(csms, [spec(ocpp, evses=2)], {"ST-1": [visit]}, ledger=ledger):
                await csms.until(lambda: len(read_ledger(ledger).transactions) == 2)
                await csms.until(lambda: all(found["ended"] for found in read_ledger(ledger).transactions.values()))
                await csms.until(lambda: read_ledger(ledger).all_delivered)
            return csms

    csms = asyncio.run(scenario())

    told = read_ledger(ledger).transactions.values()
    assert sorted(found["started"]["evse_id"] for found in told) == [1, 2]
    if ocpp == "1.6":
        starts = {payload["connectorId"] for payload in csms.of("StartTransaction")}
        of_meter = {(payload["connectorId"], payload["transactionId"]) for payload in csms.of("MeterValues")}
        assert starts == {1, 2}
        assert of_meter == {(f["started"]["evse_id"], int(f["ocpp_transaction_id"])) for f in told}
        assert {payload["connectorId"] for payload in csms.of("StatusNotification")} == {1, 2}
    else:
        begun = {
            (payload["evse"]["id"], payload["transactionInfo"]["transactionId"])
            for payload in csms.of("TransactionEvent")
            if payload["eventType"] == "Started"
        }
        assert begun == {(f["started"]["evse_id"], f["ocpp_transaction_id"]) for f in told}
        assert {payload["evseId"] for payload in csms.of("StatusNotification")} == {1, 2}


def test_v2g_station_declares_itself_and_obeys_a_setpoint_below_zero(open_csms, simulated):
    async def scenario():
        async with open_csms() as csms:
            visit = STAYS_LONG | {"soc": 0.8, "energy_kwh": 5, "max_discharge_kw": 11}
            async with simulated(csms, [spec("2.1", discharge_kw=11)], {"ST-1": [visit]}):
                await csms.until(lambda: 11_000 in samples_of(csms, "Power.Active.Import"))
                station = csms.stations["ST-1"]
                asked = [{"component": {"name": "V2XChargingCtrlr"}, "variable": {"name": "Enabled"}}]
                variables = await station.call(call21.GetVariables(get_variable_data=asked))
                answer = await station.call(
                    set_profile("2.1", {"setpoint": -6000.0, "operationMode": "CentralSetpoint"})
                )
                await csms.until(lambda: samples_of(csms, "Power.Active.Export")[-1] == pytest.approx(6000))
                schedule = await station.call(composite("2.1"))
            return csms, variables, answer, schedule

    csms, variables, answer, schedule = asyncio.run(scenario())

    assert variables.get_variable_result[0]["attribute_value"] == "true"
    assert answer.status == "Accepted"
    (period,) = schedule.schedule["charging_schedule_period"]
    assert (period["setpoint"], period["operation_mode"]) == (-6000, "CentralSetpoint")
    needs = csms.of("NotifyEVChargingNeeds")[0]["chargingNeeds"]
    assert needs["v2xChargingParameters"]["maxDischargePower"] == 11_000
    exported_wh = samples_of(csms, "Energy.Active.Export.Register")
    assert exported_wh == sorted(exported_wh)
    assert exported_wh[-1] > exported_wh[0] == 0


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_station_without_v2g_refuses_to_discharge(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms, simulated(csms, [spec(ocpp)], {}):
            await csms.until(lambda: csms.of("StatusNotification"))
            return await csms.stations["ST-1"].call(set_profile(ocpp, {"limit": -6000.0}))

    assert asyncio.run(scenario()).status == "Rejected"


@pytest.mark.parametrize("ocpp", ["1.6", "2.0.1"])
@pytest.mark.parametrize("manner", list(ProfileManner))
def test_station_does_with_profiles_what_its_manner_is(open_csms, simulated, ocpp, manner):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp, profiles=manner)], {"ST-1": [STAYS_LONG]}):
                await csms.until(lambda: 11_000 in samples_of(csms, "Power.Active.Import"))
                station = csms.stations["ST-1"]
                station._response_timeout = 1
                try:
                    outcome = (await station.call(set_profile(ocpp, {"limit": 5000.0}), suppress=False)).status
                except (TimeoutError, InternalError, NotSupportedError) as failure:
                    outcome = type(failure).__name__
                count = len(samples_of(csms, "Power.Active.Import"))
                await csms.until(lambda: len(samples_of(csms, "Power.Active.Import")) > count + 3)
                schedule = await station.call(composite(ocpp))
            return outcome, samples_of(csms, "Power.Active.Import")[-1], schedule

    outcome, power_w, answer = asyncio.run(scenario())

    schedule = answer.charging_schedule if ocpp == "1.6" else answer.schedule
    limit_w = schedule["charging_schedule_period"][0]["limit"]
    not_supported = "NotSupported" if ocpp == "1.6" else "NotSupportedError"
    assert (outcome, power_w, limit_w) == {
        ProfileManner.OBEYED: ("Accepted", 5000, 5000),
        ProfileManner.IGNORED: ("Accepted", 11_000, 5000),
        ProfileManner.REJECTED: ("Rejected", 11_000, 11_000),
        ProfileManner.NOT_SUPPORTED: (not_supported, 11_000, 11_000),
        ProfileManner.CALL_ERROR: ("InternalError", 11_000, 11_000),
        ProfileManner.SILENT: ("TimeoutError", 11_000, 11_000),
    }[manner]


@pytest.mark.parametrize("ocpp", ["2.0.1", "2.1"])
def test_limit_that_somebody_else_sets_is_notified_and_cleared(open_csms, simulated, ocpp):
    fault = {"at_seconds": 60, "kind": "charging_limit", "seconds": 120, "limit_kw": 5}

    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp)], {"ST-1": [STAYS_LONG]}, faults={"ST-1": [fault]}):
                await csms.until(lambda: csms.of("NotifyChargingLimit"))
                await csms.until(lambda: 5000 in samples_of(csms, "Power.Active.Import"))
                await csms.until(lambda: csms.of("ClearedChargingLimit"))
                await csms.until(lambda: samples_of(csms, "Power.Active.Import")[-1] == 11_000)
            return csms

    (told,) = asyncio.run(scenario()).of("NotifyChargingLimit")

    assert told["chargingLimit"]["chargingLimitSource"] == "EMS"
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 5000
    assert told["chargingSchedule"][0]["duration"] == 120


@pytest.mark.parametrize("ocpp", VERSIONS)
@pytest.mark.parametrize("kind", ["offline", "reboot"])
def test_station_that_fails_comes_back_with_everything_in_order(open_csms, simulated, tmp_path, ocpp, kind):
    ledger = tmp_path / "ledger.jsonl"
    fault = {"at_seconds": 60, "kind": kind, "seconds": 90}
    resets = {"message_ids_reset": True}

    async def scenario():
        async with open_csms() as csms:
            visit = STAYS_LONG | {"stay_minutes": 6}
            options = {"ledger": ledger, "faults": {"ST-1": [fault]}}
            async with simulated(csms, [spec(ocpp, **resets)], {"ST-1": [visit]}, speed=120, **options):
                await csms.until(lambda: csms.close_codes)
                await csms.until(lambda: csms.calls[-1].connection == 2)
                await csms.until(lambda: read_ledger(ledger).all_delivered and not _running(ledger))
            return csms

    csms = asyncio.run(scenario())

    told = list(read_ledger(ledger).transactions.values())
    ids = [call.message_id for call in csms.calls]
    stamps = [call.payload["timestamp"] for call in csms.calls if call.action == "TransactionEvent"]
    assert stamps == sorted(stamps)
    if kind == "offline":
        assert len(csms.of("BootNotification")) == 1
        assert len(told) == 1
        # A lost connection takes a number along, and begins none anew.
        assert list(map(int, ids)) == sorted(set(map(int, ids)))
    else:
        assert len(csms.of("BootNotification")) == 2
        assert [found["ended"]["reason"] for found in told] == ["Reboot", "Local"]
        assert ids.count("1") == 2


def _running(ledger) -> list:
    return [found for found in read_ledger(ledger).transactions.values() if found["ended"] is None]


@pytest.mark.parametrize("ocpp", VERSIONS)
def test_reset_that_the_csms_asks_for_reboots_the_station(open_csms, simulated, ocpp):
    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [spec(ocpp)], {}):
                await csms.until(lambda: csms.of("StatusNotification"))
                reset = call16.Reset(type="Soft") if ocpp == "1.6" else call201.Reset(type="Immediate")
                answer = await csms.stations["ST-1"].call(reset)
                await csms.until(lambda: len(csms.of("BootNotification")) == 2)
            return answer

    assert asyncio.run(scenario()).status == "Accepted"


@pytest.mark.parametrize("set_by", list(ClockSetting))
def test_clock_that_drifts_is_set_by_a_heartbeat_where_the_station_listens_to_it(open_csms, simulated, set_by):
    drifting = spec("2.0.1", clock_drift_seconds_per_hour=20, clock_set_by=set_by)

    async def scenario():
        async with open_csms() as csms:
            async with simulated(csms, [drifting], {"ST-1": [STAYS_LONG]}) as simulation:
                (station,) = simulation.stations
                await csms.until(lambda: samples_of(csms, "Power.Active.Import"))
                csms.ahead = timedelta(days=1)
                station.reports.heartbeat_wanted = True
                station.on_news()
                count = len(csms.of("Heartbeat"))
                await csms.until(lambda: len(csms.of("Heartbeat")) > count)
                count = len(csms.of("TransactionEvent"))
                await csms.until(lambda: len(csms.of("TransactionEvent")) > count + 1)
            return csms.of("TransactionEvent")[-1]["timestamp"]

    told = datetime.fromisoformat(asyncio.run(scenario()))

    assert (told - datetime.now(UTC) > timedelta(hours=12)) is (set_by is ClockSetting.HEARTBEAT)
