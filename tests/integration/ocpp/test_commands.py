"""Commands through the gateway to a station: rounded to its unit, read back in kW, one CALL at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import (
    ClearChargingProfile,
    GetCompositeSchedule,
    RequestStartTransaction,
    RequestStopTransaction,
    SetChargingProfile,
)

AMPERES = {"ChargingScheduleAllowedChargingRateUnit": "Current", "ChargingScheduleMaxPeriods": "2"}
STOP = RequestStopTransaction(ocpp_transaction_id="42")
SET = SetChargingProfile(
    profile=ChargingProfile(
        id=5,
        purpose=ProfilePurpose.TX,
        stack_level=0,
        evse_id=1,
        ocpp_transaction_id="42",
        schedule=ChargingSchedule(
            start=datetime(2026, 11, 22, 18, tzinfo=UTC),
            periods=tuple(SchedulePeriod(start_seconds=900 * i, limit_kw=kw) for i, kw in enumerate((11.0, 10.0, 3.0))),
            duration_seconds=2700,
        ),
    )
)


def in_session(bench, protocol: str, script, configuration: dict[str, str] | None = None):
    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol, configuration)
            return await script(station)

    return asyncio.run(scenario())


def test_set_profile_obeys_the_station_s_unit_and_periods_and_tells_what_was_sent(bench) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", SET))
        payload = await station.answer_call("SetChargingProfile", {"status": "Accepted"})
        return payload["csChargingProfiles"]["chargingSchedule"], await sending

    schedule, reply = in_session(bench, "ocpp1.6", script, AMPERES)

    assert schedule["chargingRateUnit"] == "A"
    assert [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]] == [(0, 14.4), (1800, 4.3)]
    assert reply.outcome == "accepted"
    assert [(p.start_seconds, p.limit_kw) for p in reply.sent.schedule.periods] == [(0, 9.936), (1800, 2.967)]
    assert reply.round_trip_ms > 0


def test_round_trip_is_told_finer_than_the_loops_clock(bench, monkeypatch) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Some loops' clocks stand still for a millisecond, which is long for a station nearby.
        with monkeypatch.context() as standing:
            standing.setattr(loop, "time", lambda: now)
            await station.answer_call("RemoteStopTransaction", {"status": "Accepted"})
            return await sending

    assert in_session(bench, "ocpp1.6", script).round_trip_ms > 0


def test_station_that_reconnected_without_a_boot_is_asked_for_its_abilities_first(bench) -> None:
    async def scenario():
        async with bench.running(), bench.station() as station:
            await bench.facts.wait_for("ConnectionChanged")
            sending = asyncio.create_task(bench.commands.send("CP1", SET))
            await station.answer_call("GetConfiguration", {"unknownKey": []})
            payload = await station.answer_call("SetChargingProfile", {"status": "Rejected"})
            return payload, await sending

    payload, reply = asyncio.run(scenario())

    assert payload["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] == "W"
    assert (reply.outcome, reply.status) == ("rejected", "Rejected")


def test_composite_schedule_of_201_is_read_back_in_kw(bench) -> None:
    async def script(station):
        sending = asyncio.create_task(
            bench.commands.send("CP1", GetCompositeSchedule(evse_id=1, duration_seconds=2700))
        )
        schedule = {
            "evseId": 1,
            "duration": 2700,
            "scheduleStart": "2026-11-22T18:00:00Z",
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000.0}],
        }
        await station.answer_call("GetCompositeSchedule", {"status": "Accepted", "schedule": schedule})
        return await sending

    reply = in_session(bench, "ocpp2.0.1", script)

    assert reply.composite.periods == (SchedulePeriod(start_seconds=0, limit_kw=11.0),)


@pytest.mark.parametrize(
    ("protocol", "command", "action", "payload"),
    [
        ("ocpp1.6", STOP, "RemoteStopTransaction", {"transactionId": 42}),
        ("ocpp2.0.1", STOP, "RequestStopTransaction", {"transactionId": "42"}),
        (
            "ocpp1.6",
            RequestStartTransaction(evse_id=1, id_token="AB", remote_start_id=7),
            "RemoteStartTransaction",
            {"connectorId": 1, "idTag": "AB"},
        ),
        (
            "ocpp2.0.1",
            RequestStartTransaction(evse_id=1, id_token="AB", remote_start_id=7),
            "RequestStartTransaction",
            {"evseId": 1, "remoteStartId": 7, "idToken": {"idToken": "AB", "type": "Central"}},
        ),
        ("ocpp1.6", ClearChargingProfile(profile_id=5), "ClearChargingProfile", {"id": 5}),
        ("ocpp2.0.1", ClearChargingProfile(profile_id=5), "ClearChargingProfile", {"chargingProfileId": 5}),
        ("ocpp2.1", STOP, "RequestStopTransaction", {"transactionId": "42"}),
        ("ocpp2.1", ClearChargingProfile(profile_id=5), "ClearChargingProfile", {"chargingProfileId": 5}),
    ],
)
def test_command_is_said_in_the_station_s_version(bench, protocol: str, command, action: str, payload: dict) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", command))
        said = await station.answer_call(action, {"status": "Accepted"})
        return said, await sending

    said, reply = in_session(bench, protocol, script)

    assert said == payload
    assert reply.outcome == "accepted"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("NotImplemented", "not_supported"), ("NotSupported", "not_supported"), ("InternalError", "call_error")],
)
def test_call_error_of_a_station_is_told(bench, code: str, outcome: str) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        message_id, _ = await station.expect_call("RemoteStopTransaction")
        await station.send([4, message_id, code, "because", {}])
        return await sending

    reply = in_session(bench, "ocpp1.6", script)

    assert (reply.outcome, reply.status, reply.detail) == (outcome, code, "because")


def test_nonsense_as_a_result_is_a_call_error(bench) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        await station.answer_call("RemoteStopTransaction", {"status": "Perhaps"})
        return await sending

    assert in_session(bench, "ocpp1.6", script).outcome == "call_error"


def test_command_that_the_version_cannot_say_is_a_call_error_and_never_sent(bench) -> None:
    async def script(station):
        long_token = RequestStartTransaction(evse_id=1, id_token="x" * 21, remote_start_id=7)
        no_number = RequestStopTransaction(ocpp_transaction_id="tx-1")
        replies = [await bench.commands.send("CP1", long_token), await bench.commands.send("CP1", no_number)]
        assert (await station.ask("Heartbeat"))[0] == 3
        return replies

    assert [reply.outcome for reply in in_session(bench, "ocpp1.6", script)] == ["call_error", "call_error"]


def test_silent_station_times_out_and_its_late_result_is_ignored(bench) -> None:
    async def script(station):
        first = await bench.commands.send("CP1", STOP, timeout_seconds=0.1)
        late_id, _ = await station.expect_call("RemoteStopTransaction")
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        message_id, _ = await station.expect_call("RemoteStopTransaction")
        await station.send([3, late_id, {"status": "Rejected"}])
        await station.send([3, message_id, {"status": "Accepted"}])
        return first, await sending

    first, second = in_session(bench, "ocpp1.6", script)

    assert first.outcome == "timeout"
    assert second.outcome == "accepted"


def test_only_one_call_is_under_way_at_a_time(bench) -> None:
    async def script(station):
        sending = [asyncio.create_task(bench.commands.send("CP1", STOP)) for _ in range(3)]
        for _ in sending:
            message_id, _ = await station.expect_call("RemoteStopTransaction")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(station.socket.recv(), 0.1)
            await station.send([3, message_id, {"status": "Accepted"}])
        return await asyncio.gather(*sending)

    assert [reply.outcome for reply in in_session(bench, "ocpp1.6", script)] == ["accepted"] * 3


def test_crossing_calls_are_both_answered(bench) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        message_id, _ = await station.expect_call("RemoteStopTransaction")
        heartbeat = await station.ask("Heartbeat")
        await station.send([3, message_id, {"status": "Accepted"}])
        return heartbeat, await sending

    heartbeat, reply = in_session(bench, "ocpp1.6", script)

    assert heartbeat[0] == 3
    assert reply.outcome == "accepted"


def test_command_under_way_when_the_station_disconnects_is_offline(bench) -> None:
    async def script(station):
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        await station.expect_call("RemoteStopTransaction")
        await station.socket.close()
        return await sending

    assert in_session(bench, "ocpp1.6", script).outcome == "offline"
