"""OCPP-J frames: what each kind of input becomes, good or broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.adapters.ocpp.frames import (
    DEEPEST,
    TYPES_OF_21,
    Broken,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Fault,
    Malformed,
    Send,
    read_frame,
    write_call,
    write_error,
    write_result,
    write_result_error,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def nested(levels: int) -> str:
    """A CALL that is nested as deep as said: the frame itself is the first level, its payload the second."""
    return '[2, "a", "DataTransfer", ' + '{"a": ' * (levels - 1) + "1" + "}" * (levels - 1) + "]"


@pytest.mark.parametrize(
    ("text", "message_id", "fault"),
    [
        ("no json", "-1", Fault.FRAME),
        ("", "-1", Fault.FRAME),
        ("[]", "-1", Fault.FRAME),
        ("{}", "-1", Fault.FRAME),
        ("5", "-1", Fault.FRAME),
        ("[true, 'x']", "-1", Fault.FRAME),
        ('[true, "a", "Heartbeat", {}]', "a", Fault.FRAME),
        ('["2", "a", "Heartbeat", {}]', "a", Fault.FRAME),
        ('[2.0, "a", "Heartbeat", {}]', "a", Fault.FRAME),
        ('[2, 5, "Heartbeat", {}]', "-1", Fault.FRAME),
        ('[2, "", "Heartbeat", {}]', "-1", Fault.FRAME),
        ("[2]", "-1", Fault.FRAME),
        ('[2, "a"]', "a", Fault.FRAME),
        ('[2, "a", "Heartbeat"]', "a", Fault.FRAME),
        ('[2, "a", "Heartbeat", {}, {}]', "a", Fault.FRAME),
        ('[2, "a", {}, {}]', "a", Fault.FRAME),
        ('[2, "a", [], {}]', "a", Fault.FRAME),
        (f'[2, "{"i" * 37}", "Heartbeat", {{}}]', "i" * 37, Fault.FRAME),
        (f'[2, "{"i" * 256}", "Heartbeat", {{}}]', "-1", Fault.FRAME),
        ('[9, "a", "Heartbeat", {}]', "a", Fault.MESSAGE_TYPE),
        ('[5, "a"]', "a", Fault.MESSAGE_TYPE),
        ("[6]", "-1", Fault.MESSAGE_TYPE),
        ("[" * 100_000, "-1", Fault.FRAME),
        ('[2, "a", "Heartbeat", ' + "9" * 5000 + "]", "-1", Fault.FRAME),
        ('[2, "a", "Heartbeat", NaN]', "-1", Fault.FRAME),
        ('[2, "a", "DataTransfer", {"vendorId": "\\ud800"}]', "-1", Fault.FRAME),
        (nested(DEEPEST + 1), "a", Fault.DEPTH),
        (nested(1000), "a", Fault.DEPTH),
        ('[2, "a", "DataTransfer", {"vendorId": "\\u0000"}]', "a", Fault.TEXT),
        ('[2, "a", "DataTransfer", {"\\u0000": 1}]', "a", Fault.TEXT),
        ('[2, "a", "DataTransfer", {"vendorId": "\\\\\\u0000"}]', "a", Fault.TEXT),
    ],
)
def test_read_frame_names_what_is_malformed(text: str, message_id: str, fault: Fault) -> None:
    frame = read_frame(text)

    assert isinstance(frame, Malformed)
    assert (frame.message_id, frame.fault) == (message_id, fault)
    assert read_frame(text.encode()) == frame


@pytest.mark.parametrize(
    "text",
    [
        nested(DEEPEST),
        '[2, "a", "DataTransfer", {"data": "' + "[" * 1000 + '"}]',
        '[2, "a", "DataTransfer", {"data": "\\\\u0000"}]',
        f'[2, "{"i" * 36}", "Heartbeat", {{}}]',
    ],
)
def test_read_frame_takes_what_only_looks_unusable(text: str) -> None:
    assert isinstance(read_frame(text), Call)


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        ("[3]", None),
        ('[3, "a"]', "a"),
        ("[3, 5, {}]", None),
        ('[3, "a", {}, 1]', "a"),
        ('[3, "a", {"data": "\\u0000"}]', "a"),
        ('[4, "a"]', "a"),
        ('[4, "a", 5, "", {}]', "a"),
        ('[5, "a", 5, "", {}]', "a"),
        ("[5]", None),
        ('[6, "a", "NotifyPeriodicEventStream"]', "a"),
        ('[6, "a", 5, {}]', "a"),
        ("[6, 5, {}]", None),
    ],
)
def test_read_frame_knows_a_broken_frame_that_nobody_answers(text: str, message_id: str | None) -> None:
    frame = read_frame(text, TYPES_OF_21)

    assert isinstance(frame, Broken)
    assert (frame.message_id, frame.message_type) == (message_id, json.loads(text)[0])


def test_read_frame_reads_what_write_wrote() -> None:
    assert read_frame(write_call("a", "Reset", {"b": 1})) == Call(message_id="a", action="Reset", payload={"b": 1})
    assert read_frame(write_result("a", {"b": 1})) == CallResult(message_id="a", payload={"b": 1})
    assert read_frame(write_error("a", "GenericError", "why")) == CallError(
        message_id="a", code="GenericError", description="why"
    )
    assert read_frame(write_result_error("a", "GenericError", "why"), TYPES_OF_21) == CallResultError(
        message_id="a", code="GenericError", description="why"
    )


def test_read_frame_reads_a_send_where_the_version_has_it() -> None:
    assert read_frame('[6, "a", "NotifyPeriodicEventStream", {"id": 1}]', TYPES_OF_21) == Send(
        message_id="a", action="NotifyPeriodicEventStream", payload={"id": 1}
    )


def test_read_frame_takes_null_for_an_empty_payload() -> None:
    assert read_frame('[2, "a", "Heartbeat", null]') == Call(message_id="a", action="Heartbeat", payload={})


def test_write_error_keeps_the_description_within_its_255_characters() -> None:
    assert len(json.loads(write_error("a", "GenericError", "x" * 1000))[3]) == 255


@given(st.binary(max_size=60) | st.text(max_size=60) | st.lists(JSON_VALUES, max_size=6).map(json.dumps))
def test_read_frame_never_raises(text: bytes | str) -> None:
    kinds = Call | Send | CallResult | CallError | CallResultError | Malformed | Broken

    assert isinstance(read_frame(text, TYPES_OF_21), kinds)
