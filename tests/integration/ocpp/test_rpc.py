"""The RPC layer over a real socket: what is broken gets the answer that is specified, and nothing ends the socket."""

from __future__ import annotations

import asyncio
import json
import logging

import ocpp_messages
import pytest
from ocpp_behaviours import PROTOCOLS, behaviour
from ocpp_messages import BAD_FORMAT, MISSING, NO_FRAME, OCCURRENCE

from twinev.adapters.ocpp.frames import DEEPEST
from twinev.domain.commands import GetCompositeSchedule, RequestStopTransaction

STOP = RequestStopTransaction(ocpp_transaction_id="42")
STOP_ACTION = {"ocpp1.6": "RemoteStopTransaction"}
VERSIONS_OF_2 = ("ocpp2.0.1", "ocpp2.1")
ERRORS = "OCPP-J 1.6 §4.2.3; 2.x part 4 §4.3"
STREAM = {"id": 1, "pending": 0, "basetime": "2026-11-22T18:00:00Z", "data": [{"t": 0, "v": "230.4"}]}


UNREADABLE = [
    "no json",
    "",
    "[]",
    "{}",
    "null",
    "[" * 100_000,
    '[2, "a", "Heartbeat", ' + "9" * 5000 + "]",
    b"\x00\xff",
    [2],
    [2, 5, "Heartbeat", {}],
    [2, "", "Heartbeat", {}],
    [2, "i" * 1000, "Heartbeat", {}],
]
BROKEN_CALLS = [
    [2, "a"],
    [2, "a", "Heartbeat"],
    [2, "a", "Heartbeat", {}, {}],
    [2, "a", {}, {}],
    [2, "a", [], {}],
    ["2", "a", "Heartbeat", {}],
    [True, "a", "Heartbeat", {}],
    [2.5, "a", "Heartbeat", {}],
]
UNAWAITED = [[3, "a", {}], [4, "a", "GenericError", "", {}], [3], [4], [3, {}, {}], [3, "a"], [4, "a", 5]]
SENDS = [
    [6, "a", "NotifyPeriodicEventStream", STREAM],
    [6, "a", "NotifyPeriodicEventStream", {}],
    [6, "a", "NotifyPeriodicEventStream", []],
    [6, "a", "Fly", {}],
    [6, "a", "Heartbeat", {}],
    [6, "a", "NotifyPeriodicEventStream"],
    [6, "a"],
    [6],
    [6, 5, "Heartbeat", {}],
    [6, "i" * 37, "Heartbeat", {}],
    [6, "a", "NotifyPeriodicEventStream", STREAM | {"customData": {"vendorId": "\u0000"}}],
]


def answers_to(bench, protocol: str, frames) -> list[list]:
    """What comes for each of ``frames`` before a heartbeat behind it is answered: one frame, or ``[]`` for none."""

    async def script(station):
        answers = []
        for frame in frames:
            await station.send(frame)
            came = await station.answers_before_a_heartbeat()
            assert len(came) <= 1, (frame, came)
            answers.append(came[0] if came else [])
        return answers

    return bench.talk(protocol, script)


def answer_to(bench, protocol: str, frame) -> list:
    (answer,) = answers_to(bench, protocol, [frame])
    return answer


@behaviour(
    "R01",
    "A frame that cannot be read is answered with CALLERROR and id -1",
    source="2.x part 4 §4.2.3; in 1.6, which leaves it open, the same",
)
def test_unreadable_frame_gets_an_error_without_an_id(bench, protocol: str) -> None:
    for frame, answer in zip(UNREADABLE, answers_to(bench, protocol, UNREADABLE), strict=True):
        assert answer[:3] == [4, "-1", NO_FRAME[protocol]], frame


@behaviour(
    "R02",
    "A broken CALL whose id can be read is answered with CALLERROR and that id",
    source="OCPP-J 1.6 §4.2.3; 2.x part 4 §4.2.3",
)
def test_broken_call_gets_an_error_with_its_id(bench, protocol: str) -> None:
    for frame, answer in zip(BROKEN_CALLS, answers_to(bench, protocol, BROKEN_CALLS), strict=True):
        assert answer[:3] == [4, "a", NO_FRAME[protocol]], frame


@behaviour(
    "R03",
    "A CALL whose id is longer than 36 characters is refused",
    source="OCPP-J 1.6 §4.1.4, §4.2.3; 2.x part 4 §4.1.4, §4.2.3",
)
def test_overlong_id_is_refused(bench, protocol: str) -> None:
    assert answer_to(bench, protocol, [2, "i" * 36, "Heartbeat", {}])[:2] == [3, "i" * 36]
    assert answer_to(bench, protocol, [2, "i" * 37, "Heartbeat", {}])[:3] == [4, "i" * 37, NO_FRAME[protocol]]


@behaviour(
    "R04",
    "A message of an unknown type is ignored",
    source="OCPP-J 1.6 §4.1.3; 2.1 part 4 §4.1.3, §4.4",
    protocols=("ocpp1.6", "ocpp2.1"),
)
def test_unknown_message_type_is_ignored(bench, protocol: str) -> None:
    unknown = [0, 1, 7, 99, -2] + ([5, 6] if protocol == "ocpp1.6" else [])

    assert answers_to(bench, protocol, [[kind, "a", "Heartbeat", {}] for kind in unknown]) == [[]] * len(unknown)


@behaviour(
    "R05",
    "A message of an unknown type is answered with MessageTypeNotSupported",
    source="2.0.1 part 4 §4.4",
    protocols=("ocpp2.0.1",),
)
def test_unknown_message_type_is_refused(bench, protocol: str) -> None:
    for answer in answers_to(bench, protocol, [[kind, "a", "Heartbeat", {}] for kind in (0, 1, 5, 6, 99, -2)]):
        assert answer[:3] == [4, "a", "MessageTypeNotSupported"]


@behaviour(
    "R06",
    "Results and errors that nobody waits for, whole or broken, are ignored",
    source="OCPP-J 1.6 §4.1.4; 2.x part 4 §4.1.4",
)
def test_answer_that_nobody_waits_for_is_ignored(bench, protocol: str) -> None:
    assert answers_to(bench, protocol, UNAWAITED) == [[]] * len(UNAWAITED)


@behaviour("R07", "An action that the version does not have is answered with NotImplemented", source=ERRORS)
def test_unknown_action_is_not_implemented(bench, protocol: str) -> None:
    of_another_version = "TransactionEvent" if protocol == "ocpp1.6" else "StartTransaction"
    unknown = [of_another_version, "Fly", "heartbeat", "HeartbeatRequest", "", "Heartbeat\n", "é" * 200]

    for answer in answers_to(bench, protocol, [[2, "a", action, {}] for action in unknown]):
        assert answer[:3] == [4, "a", "NotImplemented"]


@behaviour("R08", "An action that a station may be sent but may not send is answered with NotSupported", source=ERRORS)
def test_action_of_the_other_direction_is_not_supported(bench, protocol: str) -> None:
    # Its payload is not looked at: what is not supported is never valid.
    for action in ("Reset", "UnlockConnector", "SetChargingProfile"):
        assert answer_to(bench, protocol, [2, "a", action, {"nonsense": 1}])[:3] == [4, "a", "NotSupported"]


@behaviour(
    "R09", "A payload without a required field is refused: ProtocolError in 1.6, later an occurrence", source=ERRORS
)
def test_missing_field_is_refused(bench, protocol: str) -> None:
    action, payload = ocpp_messages.status(protocol)
    del payload["connectorId"]

    assert answer_to(bench, protocol, [2, "a", action, payload])[:3] == [4, "a", MISSING[protocol]]


@behaviour("R10", "A field of the wrong type is answered with TypeConstraintViolation", source=ERRORS)
def test_wrong_type_is_refused(bench, protocol: str) -> None:
    action, payload = ocpp_messages.status(protocol)
    wrong = ["1", 1.0, 1.5, 1e300, True, None, [1], {}]

    answers = answers_to(bench, protocol, [[2, "a", action, payload | {"connectorId": value}] for value in wrong])

    for value, answer in zip(wrong, answers, strict=True):
        assert answer[:3] == [4, "a", "TypeConstraintViolation"], value


@behaviour(
    "R11",
    "A value outside its bounds (enumeration, length, instant, 32 bits) is answered with PropertyConstraintViolation",
    source=ERRORS,
)
def test_value_outside_its_bounds_is_refused(bench, protocol: str) -> None:
    action, payload = ocpp_messages.status(protocol)
    of_16 = protocol == "ocpp1.6"
    strange = {
        "enumeration": {"status" if of_16 else "connectorStatus": "Asleep"},
        "no instant": {"timestamp": "yesterday"},
        "no time zone": {"timestamp": "2026-11-22T18:00:00"},
        "outside the calendar": {"timestamp": "0001-01-01T00:00:00+14:00"},
        "more than 32 bits": {"connectorId": 2**31},
        "less than 32 bits": {"connectorId": -(2**31) - 1},
        "too long": {"vendorId": "x" * 256} if of_16 else {"customData": {"vendorId": "x" * 256}},
        "U+0000": {"vendorId": "\u0000"} if of_16 else {"customData": {"vendorId": "\u0000"}},
    }

    answers = answers_to(bench, protocol, [[2, "a", action, payload | more] for more in strange.values()])

    for what, answer in zip(strange, answers, strict=True):
        assert answer[:3] == [4, "a", "PropertyConstraintViolation"], what


@behaviour("R12", "A payload with a field that the version does not have is refused as not well formed", source=ERRORS)
def test_unknown_field_is_refused(bench, protocol: str) -> None:
    action, payload = ocpp_messages.status(protocol)

    answer = answer_to(bench, protocol, [2, "a", action, payload | {"colour": "red"}])

    assert answer[:3] == [4, "a", BAD_FORMAT[protocol]]
    assert "colour" in answer[3]


@behaviour("R13", "A list with fewer elements than it must have is refused as an occurrence", source=ERRORS)
def test_empty_list_is_refused(bench, protocol: str) -> None:
    action, payload = ocpp_messages.meter_values(protocol)

    answer = answer_to(bench, protocol, [2, "a", action, payload | {"meterValue": []}])

    assert answer[:3] == [4, "a", OCCURRENCE[protocol]]


@behaviour("R14", "A payload that is no JSON object is refused as not well formed", source=ERRORS)
def test_payload_that_is_no_object_is_refused(bench, protocol: str) -> None:
    for answer in answers_to(bench, protocol, [[2, "a", "Heartbeat", said] for said in ([], "", 5, False, [{}])]):
        assert answer[:3] == [4, "a", BAD_FORMAT[protocol]]


@behaviour("R15", "A null payload counts as an empty one", source="OCPP-J 1.6 §4.2.1; 2.x part 4 §4.1.5")
def test_null_payload_is_an_empty_one(bench, protocol: str) -> None:
    assert answer_to(bench, protocol, [2, "a", "Heartbeat", None])[:2] == [3, "a"]


@behaviour("R16", f"A message that is nested deeper than {DEEPEST} levels is refused as not well formed", source=ERRORS)
def test_deep_nesting_is_refused(bench, protocol: str) -> None:
    for levels in (DEEPEST, 300, 1000):
        nested = '{"a": ' * levels + "1" + "}" * levels
        answer = answer_to(bench, protocol, f'[2, "a", "DataTransfer", {{"vendorId": "x", "data": {nested}}}]')
        assert answer[:3] == [4, "a", BAD_FORMAT[protocol]]


@behaviour(
    "R17",
    "CALLERROR has five elements: a description of at most 255 characters, and details that are an empty object",
    source="OCPP-J 1.6 §4.2.3; 2.x part 4 §4.2.3",
)
def test_error_has_five_elements(bench, protocol: str) -> None:
    action, payload = ocpp_messages.status(protocol)

    answer = answer_to(bench, protocol, [2, "a", action, payload | {"x" * 1000: 1}])

    assert (len(answer), answer[4]) == (5, {})
    assert 0 < len(answer[3]) <= 255


@behaviour(
    "R18",
    "One CALL at a time is under way to a station; the next waits for its answer",
    source="OCPP-J 1.6 §4.1.1; 2.x part 4 §4.1.1",
)
def test_one_call_at_a_time(bench, protocol: str) -> None:
    async def script(station):
        await bench.facts.wait_for("ConnectionChanged")
        sending = [asyncio.create_task(bench.commands.send("CP1", STOP)) for _ in range(3)]
        for _ in sending:
            message_id, _ = await station.expect_call(STOP_ACTION.get(protocol, "RequestStopTransaction"))
            # Behind this heartbeat's answer a second CALL would have come.
            assert await station.answers_before_a_heartbeat() == []
            await station.send([3, message_id, {"status": "Accepted"}])
        return await asyncio.gather(*sending)

    assert [reply.outcome for reply in bench.talk(protocol, script)] == ["accepted"] * 3


@behaviour(
    "R19",
    "CALLs that cross are both answered",
    source="OCPP-J 1.6 §4.1.1, note; 2.x part 4 §4.1.1, note",
)
def test_crossing_calls_are_both_answered(bench, protocol: str) -> None:
    async def script(station):
        await bench.facts.wait_for("ConnectionChanged")
        bench.facts.release.clear()
        await station.send([2, "mine", *ocpp_messages.status(protocol)])
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        # While ours is being handled the other side's comes, and is answered first.
        await station.answer_call(STOP_ACTION.get(protocol, "RequestStopTransaction"), {"status": "Accepted"})
        reply = await sending
        bench.facts.release.set()
        return reply, await station.receive()

    reply, answer = bench.talk(protocol, script)

    assert reply.outcome == "accepted"
    assert answer == [3, "mine", {}]


@behaviour(
    "R20",
    "A result that comes after its time is ignored, and the next CALL gets its own",
    source="OCPP-J 1.6 §4.1.1; 2.x part 4 §4.1.1",
)
def test_late_result_is_ignored(bench, protocol: str) -> None:
    action = STOP_ACTION.get(protocol, "RequestStopTransaction")

    async def script(station):
        await bench.facts.wait_for("ConnectionChanged")
        first = await bench.commands.send("CP1", STOP, timeout_seconds=0.05)
        late_id, _ = await station.expect_call(action)
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        message_id, _ = await station.expect_call(action)
        assert len({late_id, message_id}) == 2
        await station.send([3, late_id, {"status": "Rejected"}])
        await station.send([3, message_id, {"status": "Accepted"}])
        await station.send([3, message_id, {"status": "Rejected"}])
        assert await station.answers_before_a_heartbeat() == []
        return first, await sending

    first, second = bench.talk(protocol, script)

    assert (first.outcome, second.outcome) == ("timeout", "accepted")


@behaviour(
    "R21",
    "A result that its schema refuses fails the command at once",
    source="OCPP-J 1.6 §4.2.2; 2.x part 4 §4.1.2, §4.1.7",
)
@pytest.mark.parametrize("result", [{"status": "Perhaps"}, {}, {"status": "Accepted", "colour": "red"}, [], 5])
def test_unusable_result_fails_the_command(bench, protocol: str, result) -> None:
    async def script(station):
        await bench.facts.wait_for("ConnectionChanged")
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        await station.answer_call(STOP_ACTION.get(protocol, "RequestStopTransaction"), result)
        return await sending

    reply = bench.talk(protocol, script)

    assert reply.outcome == "call_error"
    assert reply.detail.startswith("unusable result")


@behaviour(
    "R22",
    "A frame that is broken as a result, or an error, fails the command that waits for it at once",
    source="OCPP-J 1.6 §4.2.2, §4.2.3; 2.x part 4 §4.2.2, §4.2.3",
)
@pytest.mark.parametrize("rest", [[3], [3, {}, {}], [4], [4, 5, "", {}]])
def test_broken_result_fails_the_command(bench, protocol: str, rest: list) -> None:
    async def script(station):
        await bench.facts.wait_for("ConnectionChanged")
        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
        message_id, _ = await station.expect_call(STOP_ACTION.get(protocol, "RequestStopTransaction"))
        await station.send([rest[0], message_id, *rest[1:]])
        return await sending

    reply = bench.talk(protocol, script)

    assert (reply.outcome, reply.status) == ("call_error", NO_FRAME[protocol])


@behaviour(
    "R23",
    "A result that cannot be used is answered with CALLRESULTERROR",
    source="2.1 part 4 §4.2.3",
    protocols=("ocpp2.1",),
)
@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"status": "Perhaps"}, "PropertyConstraintViolation"),
        ({}, "OccurrenceConstraintViolation"),
        # Valid by its schema, and yet no instant.
        (
            {
                "status": "Accepted",
                "schedule": {
                    "evseId": 1,
                    "duration": 60,
                    "scheduleStart": "0000-01-01T00:00:00Z",
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1.0}],
                },
            },
            "PropertyConstraintViolation",
        ),
        # Valid by its schema, and yet before the schedule begins.
        (
            {
                "status": "Accepted",
                "schedule": {
                    "evseId": 1,
                    "duration": 60,
                    "scheduleStart": "2026-11-22T18:00:00Z",
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{"startPeriod": -1, "limit": 1.0}],
                },
            },
            "PropertyConstraintViolation",
        ),
    ],
)
def test_unusable_result_is_complained_of(bench, protocol: str, result: dict, code: str) -> None:
    async def script(station):
        await station.boot(protocol)
        asking = asyncio.create_task(bench.commands.send("CP1", GetCompositeSchedule(evse_id=1, duration_seconds=60)))
        message_id, _ = await station.expect_call("GetCompositeSchedule")
        await station.send([3, message_id, result])
        complaint = await station.receive()
        assert complaint[1] == message_id
        return complaint, await asking

    complaint, reply = bench.talk(protocol, script)

    assert (complaint[0], complaint[2], complaint[4]) == (5, code, {})
    assert (reply.outcome, reply.status) == ("call_error", code)


@behaviour(
    "R24",
    "CALLRESULTERROR is taken note of and not answered",
    source="2.1 part 4 §4.2.3",
    protocols=("ocpp2.1",),
)
def test_complaint_of_a_station_is_taken_note_of(bench, protocol: str, caplog) -> None:
    with caplog.at_level(logging.WARNING, logger="twinev"):
        assert answer_to(bench, protocol, [5, "m1", "FormatViolation", "no such field", {}]) == []

    assert "CP1 cannot use our answer to m1: FormatViolation no such field" in caplog.text


@behaviour(
    "R25", "SEND is never answered, whatever is wrong with it", source="2.1 part 4 §4.2.4", protocols=("ocpp2.1",)
)
def test_send_is_never_answered(bench, protocol: str) -> None:
    assert answers_to(bench, protocol, SENDS) == [[]] * len(SENDS)


@behaviour(
    "R26",
    "A station that does not wait for answers gets them in order; what exceeds the queue is refused with GenericError",
    source="OCPP-J 1.6 §4.1.1; 2.x part 4 §4.1.1",
)
def test_more_calls_at_once_than_are_kept_are_refused(bench, protocol: str) -> None:
    async def script(station) -> list[list]:
        bench.facts.release.clear()
        for number in range(100):
            await station.send([2, str(number), *ocpp_messages.status(protocol)])
        refused = [await station.receive()]
        bench.facts.release.set()
        return refused + [await station.receive() for _ in range(99)]

    answers = bench.talk(protocol, script)

    taken = [int(answer[1]) for answer in answers if answer[0] == 3]
    refused = [answer for answer in answers if answer[0] == 4]
    assert taken == sorted(taken)
    assert len(taken) >= 64
    assert {answer[2] for answer in refused} == {"GenericError"}
    assert sorted(taken + [int(answer[1]) for answer in refused]) == list(range(100))


@behaviour(
    "R27",
    "A CALL with the id of one that is being handled is refused",
    source="OCPP-J 1.6 §4.2.3; 2.x part 4 §4.2.3",
)
def test_id_of_a_call_that_is_being_handled_is_refused(bench, protocol: str) -> None:
    async def script(station) -> list[list]:
        bench.facts.release.clear()
        await station.send([2, "a", *ocpp_messages.status(protocol)])
        await station.send([2, "a", "Heartbeat", {}])
        refused = await station.receive()
        bench.facts.release.set()
        return [refused, await station.receive()]

    refused, confirmed = bench.talk(protocol, script)

    assert refused[:3] == [4, "a", NO_FRAME[protocol]]
    assert confirmed == [3, "a", {}]


@behaviour(
    "R28",
    "A CALL that is sent again with the id of one already answered is answered again",
    source="2.1 part 4 §4.1.4; earlier versions forbid the id, and it does no harm",
)
def test_id_of_an_answered_call_is_answered_again(bench, protocol: str) -> None:
    async def script(station) -> list[list]:
        answers = []
        for _ in range(2):
            await station.send([2, "a", *ocpp_messages.status(protocol)])
            answers.append(await station.receive())
        return answers

    assert bench.talk(protocol, script) == [[3, "a", {}]] * 2
    first, second = bench.facts.of("StatusChanged")
    assert first.key == second.key


@behaviour("R29", "A mistake of the central system is answered with InternalError, and the socket stays", source=ERRORS)
def test_failure_inside_the_gateway_is_an_internal_error(bench, protocol: str) -> None:
    async def broken(question):
        raise RuntimeError("a mistake of ours")

    async def script(station) -> list:
        bench.desk.authorize = broken
        refused = await station.ask(*ocpp_messages.authorize(protocol))
        return [refused, await station.ask("Heartbeat")]

    refused, heartbeat = bench.talk(protocol, script)

    assert (refused[0], refused[2]) == (4, "InternalError")
    assert heartbeat[0] == 3


@behaviour(
    "R30",
    "The ids of CALLs to a station have at most 36 characters, and none comes twice, over all its connections",
    source="OCPP-J 1.6 §4.1.4; 2.x part 4 §4.1.4",
)
def test_ids_to_a_station_never_come_twice(bench, protocol: str) -> None:
    async def scenario() -> list[str]:
        ids = []
        async with bench.running():
            for connection in range(1, 4):
                async with bench.station(protocols=(protocol,)) as station:
                    await bench.facts.wait_for("ConnectionChanged", 2 * connection - 1)
                    for _ in range(5):
                        sending = asyncio.create_task(bench.commands.send("CP1", STOP))
                        kind, message_id, *_ = await station.receive()
                        assert kind == 2
                        await station.send([3, message_id, {"status": "Accepted"}])
                        await sending
                        ids.append(message_id)
                await bench.facts.wait_for("ConnectionChanged", 2 * connection)
        return ids

    ids = asyncio.run(scenario())

    assert len(set(ids)) == len(ids) == 15
    assert max(map(len, ids)) <= 36


@behaviour(
    "R31",
    "What one station sends touches no other station's socket",
    source="OCPP-J 1.6 §3; 2.x part 4 §3",
)
def test_broken_frames_of_one_station_do_not_touch_another(bench, protocol: str) -> None:
    async def scenario() -> list:
        async with (
            bench.running(),
            bench.station("/ocpp/CP1", protocols=(protocol,)) as loud,
            bench.station("/ocpp/CP2", protocols=(protocol,)) as quiet,
        ):
            await bench.facts.wait_for("ConnectionChanged", 2)
            bench.facts.release.clear()
            for number in range(100):
                await loud.send([2, str(number), *ocpp_messages.status(protocol)])
                await loud.send("[" * 10_000)
            heartbeat = await quiet.ask("Heartbeat")
            bench.facts.release.set()
            answers = [await loud.receive() for _ in range(200)]
            assert sorted(answer[1] for answer in answers) == sorted(["-1"] * 100 + [str(n) for n in range(100)])
            return heartbeat

    assert asyncio.run(scenario())[0] == 3


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_frames_may_come_as_binary(bench, protocol: str) -> None:
    assert answer_to(bench, protocol, json.dumps([2, "a", "Heartbeat", {}]).encode())[:2] == [3, "a"]


def test_queue_of_sends_is_bounded_and_said_so(bench, caplog) -> None:
    async def script(station) -> list:
        bench.facts.release.clear()
        await station.send([2, "held", *ocpp_messages.status("ocpp2.1")])
        for number in range(100):
            await station.send([6, str(number), "NotifyPeriodicEventStream", STREAM])
        # A CALL that finds the queue full is refused: by then every SEND has been read.
        await station.send([2, "last", "Heartbeat", {}])
        refused = await station.receive()
        bench.facts.release.set()
        return [refused, await station.receive()]

    refused, confirmed = bench.talk("ocpp2.1", script)

    assert refused[:3] == [4, "last", "GenericError"]
    assert confirmed == [3, "held", {}]
    assert "a SEND of NotifyPeriodicEventStream is lost" in caplog.text
