"""The RPC layer over a real socket: broken frames get the answer of the specification, and nothing ends the socket."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

BROKEN = [
    "no json",
    "",
    "[]",
    "{}",
    "null",
    "[" * 100_000,
    '[2, "a", "Heartbeat", ' + "9" * 5000 + "]",
    b"\x00\xff",
    [2],
    [2, "a"],
    [2, "a", "Heartbeat"],
    [2, "a", "Heartbeat", {}, {}],
    [2, 5, "Heartbeat", {}],
    [2, "a", {}, {}],
    [2, "a", [], {}],
    ["2", "a", "Heartbeat", {}],
    [True, "a", "Heartbeat", {}],
]
SILENT = [[3, "a", {}], [4, "a", "GenericError", "", {}], [3], [4], [3, {}, {}]]
MALFORMED_CODE = {"ocpp1.6": "FormationViolation", "ocpp2.0.1": "RpcFrameworkError"}


def with_station(bench, protocol: str, script):
    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            return await script(station)

    return asyncio.run(scenario())


@pytest.mark.parametrize("protocol", MALFORMED_CODE)
def test_broken_frames_are_answered_and_the_socket_stays(bench, protocol: str) -> None:
    async def script(station) -> None:
        for frame in BROKEN:
            await station.send(frame)
            kind, message_id, code, _, details = await station.receive()
            assert (kind, code, details) == (4, MALFORMED_CODE[protocol], {}), frame
            assert message_id in ("a", "-1")
        assert (await station.ask("Heartbeat"))[0] == 3

    with_station(bench, protocol, script)


@pytest.mark.parametrize("protocol", MALFORMED_CODE)
def test_answers_that_nobody_waits_for_are_ignored(bench, protocol: str) -> None:
    async def script(station) -> None:
        for frame in SILENT:
            await station.send(frame)
        assert (await station.ask("Heartbeat"))[0] == 3

    with_station(bench, protocol, script)


def test_unknown_message_type_is_ignored_in_16_and_refused_in_201(bench) -> None:
    async def script_16(station) -> None:
        await station.send([9, "a", {}])
        assert (await station.ask("Heartbeat"))[0] == 3

    async def script_201(station) -> None:
        await station.send([9, "a", {}])
        assert (await station.receive())[:3] == [4, "a", "MessageTypeNotSupported"]
        assert (await station.ask("Heartbeat"))[0] == 3

    with_station(bench, "ocpp1.6", script_16)
    with_station(bench, "ocpp2.0.1", script_201)


STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
STATUS_201 = {"timestamp": "2026-11-22T18:00:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}


@pytest.mark.parametrize(
    ("protocol", "action", "payload", "code"),
    [
        ("ocpp1.6", "Fly", {}, "NotImplemented"),
        ("ocpp1.6", "heartbeat", {}, "NotImplemented"),
        ("ocpp1.6", "Reset", {"type": "Hard"}, "NotSupported"),
        ("ocpp1.6", "ClearCache", {}, "NotSupported"),
        ("ocpp1.6", "TransactionEvent", {}, "NotImplemented"),
        ("ocpp1.6", "StatusNotification", {"connectorId": 1}, "ProtocolError"),
        ("ocpp1.6", "StatusNotification", STATUS | {"connectorId": "1"}, "TypeConstraintViolation"),
        ("ocpp1.6", "StatusNotification", STATUS | {"status": "Asleep"}, "PropertyConstraintViolation"),
        ("ocpp1.6", "StatusNotification", STATUS | {"timestamp": "yesterday"}, "PropertyConstraintViolation"),
        ("ocpp1.6", "StatusNotification", STATUS | {"timestamp": "2026-11-22T18:00:00"}, "PropertyConstraintViolation"),
        ("ocpp1.6", "StatusNotification", STATUS | {"info": "x" * 51}, "PropertyConstraintViolation"),
        ("ocpp1.6", "StatusNotification", STATUS | {"colour": "red"}, "FormationViolation"),
        ("ocpp1.6", "StatusNotification", STATUS | {"connectorId": -1}, "PropertyConstraintViolation"),
        ("ocpp1.6", "Authorize", [], "TypeConstraintViolation"),
        ("ocpp2.0.1", "Fly", {}, "NotImplemented"),
        ("ocpp2.0.1", "ClearCache", {}, "NotSupported"),
        ("ocpp2.0.1", "StartTransaction", {}, "NotImplemented"),
        ("ocpp2.0.1", "StatusNotification", {"evseId": 1}, "OccurrenceConstraintViolation"),
        ("ocpp2.0.1", "StatusNotification", STATUS_201 | {"evseId": "1"}, "TypeConstraintViolation"),
        ("ocpp2.0.1", "StatusNotification", STATUS_201 | {"colour": "red"}, "FormatViolation"),
        ("ocpp2.0.1", "MeterValues", {"evseId": 1, "meterValue": []}, "OccurrenceConstraintViolation"),
    ],
)
def test_unusable_calls_get_the_right_code(bench, protocol: str, action: str, payload, code: str) -> None:
    async def script(station) -> None:
        await station.send([2, "a", action, payload])
        answer = await station.receive()
        assert answer[:3] == [4, "a", code], answer
        assert (await station.ask("Heartbeat"))[0] == 3

    with_station(bench, protocol, script)


def test_null_payload_is_an_empty_one(bench) -> None:
    async def script(station) -> None:
        await station.send([2, "a", "Heartbeat", None])
        assert (await station.receive())[:2] == [3, "a"]

    with_station(bench, "ocpp1.6", script)


def test_failure_inside_the_gateway_is_an_internal_error(bench) -> None:
    async def broken(question):
        raise RuntimeError("a mistake of ours")

    async def script(station) -> None:
        bench.desk.authorize = broken
        assert (await station.ask("Authorize", {"idTag": "AB"}))[2] == "InternalError"
        assert (await station.ask("Heartbeat"))[0] == 3

    with_station(bench, "ocpp1.6", script)


def test_more_calls_at_once_than_are_kept_are_refused_and_none_is_left_without_an_answer(bench) -> None:
    async def script(station) -> list[int]:
        bench.facts.release.clear()
        for number in range(100):
            await station.send([2, str(number), "StatusNotification", STATUS])
        refused = [await station.receive()]
        bench.facts.release.set()
        answers = refused + [await station.receive() for _ in range(99)]
        assert sorted(int(answer[1]) for answer in answers) == list(range(100))
        return [answer[0] for answer in answers]

    kinds = with_station(bench, "ocpp1.6", script)

    assert kinds.count(3) >= 64
    assert kinds.count(4) >= 1


def mutated(chance: random.Random) -> str | bytes:
    """A frame that was good once: parts exchanged, dropped, doubled, replaced, or the text itself damaged."""
    good = [2, "fuzz", chance.choice(["Heartbeat", "Authorize", "MeterValues", "BootNotification"]), {"idTag": "A"}]
    strange = [None, True, -1, 0, 2, 3, 4, 5, 1e300, 2**70, "", "fuzz", [], {}, [[]], {"a": None}, "\u0000", "é" * 300]
    match chance.randrange(6):
        case 0:
            good[chance.randrange(4)] = chance.choice(strange)
        case 1:
            del good[chance.randrange(4)]
        case 2:
            good.insert(chance.randrange(5), chance.choice(strange))
        case 3:
            good[3] = {chance.choice(["idTag", "x", "connectorId"]): chance.choice(strange)}
        case 4:
            return bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
        case 5:
            text = json.dumps(good)
            at = chance.randrange(len(text))
            return text[:at] + chance.choice('[]{}",:\\x0') + text[at + 1 :]
    return json.dumps(good)


def wants_an_answer(frame: str | bytes, protocol: str) -> bool:
    """Whether the specification wants one: for everything but answers, and but unknown message types in 1.6."""
    try:
        parts = json.loads(frame)
    except (ValueError, UnicodeDecodeError):
        return True
    if not isinstance(parts, list) or not parts or isinstance(parts[0], bool) or not isinstance(parts[0], int):
        return True
    if parts[0] in (3, 4):
        return False
    return parts[0] == 2 or protocol != "ocpp1.6" or abs(parts[0]) >= 2**63


@pytest.mark.parametrize("protocol", MALFORMED_CODE)
def test_fuzzed_frames_are_answered_and_the_socket_stays(bench, protocol: str) -> None:
    chance = random.Random(20261122)

    async def script(station) -> None:
        for number in range(250):
            frame = mutated(chance)
            await station.send(frame)
            # The heartbeat behind it is answered in any case: what comes before its answer belongs to the frame.
            await station.send([2, f"probe-{number}", "Heartbeat", {}])
            answers = []
            while (answer := await station.receive())[1] != f"probe-{number}":
                answers.append(answer)
            assert len(answers) == wants_an_answer(frame, protocol), (frame, answers)
            assert all(answer[0] in (3, 4) for answer in answers)

    with_station(bench, protocol, script)
