"""OCPP-J frames: what each kind of input becomes, good or broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.adapters.ocpp.frames import (
    Call,
    CallError,
    CallResult,
    Ignored,
    Malformed,
    read_frame,
    write_call,
    write_error,
    write_result,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "message_id", "unknown_type"),
    [
        ("no json", "-1", False),
        ("", "-1", False),
        ("[]", "-1", False),
        ("{}", "-1", False),
        ("5", "-1", False),
        ("[true, 'x']", "-1", False),
        ('[true, "a", "Heartbeat", {}]', "a", False),
        ('["2", "a", "Heartbeat", {}]', "a", False),
        ('[2, 5, "Heartbeat", {}]', "-1", False),
        ('[2, "", "Heartbeat", {}]', "-1", False),
        ("[2]", "-1", False),
        ('[2, "a"]', "a", False),
        ('[2, "a", "Heartbeat"]', "a", False),
        ('[2, "a", "Heartbeat", {}, {}]', "a", False),
        ('[2, "a", {}, {}]', "a", False),
        ('[2, "a", [], {}]', "a", False),
        ('[9, "a", "Heartbeat", {}]', "a", True),
        ('[5, "a"]', "a", True),
        ("[" * 100_000, "-1", False),
        ('[2, "a", "Heartbeat", ' + "9" * 5000 + "]", "-1", False),
        ('[2, "a", "Heartbeat", NaN]', "-1", False),
    ],
)
def test_read_frame_names_what_is_malformed(text: str, message_id: str, unknown_type: bool) -> None:
    frame = read_frame(text)

    assert isinstance(frame, Malformed)
    assert (frame.message_id, frame.unknown_type) == (message_id, unknown_type)


@pytest.mark.parametrize(
    "text", ["[3]", '[3, "a"]', "[3, 5, {}]", '[4, "a"]', '[4, "a", 5, "", {}]', '[3, "a", {}, 1]']
)
def test_read_frame_ignores_a_broken_answer(text: str) -> None:
    assert isinstance(read_frame(text), Ignored)


def test_read_frame_reads_what_write_wrote() -> None:
    assert read_frame(write_call("a", "Reset", {"b": 1})) == Call(message_id="a", action="Reset", payload={"b": 1})
    assert read_frame(write_result("a", {"b": 1})) == CallResult(message_id="a", payload={"b": 1})
    assert read_frame(write_error("a", "GenericError", "why")) == CallError(
        message_id="a", code="GenericError", description="why"
    )


def test_read_frame_takes_null_for_an_empty_payload() -> None:
    assert read_frame('[2, "a", "Heartbeat", null]') == Call(message_id="a", action="Heartbeat", payload={})


def test_write_error_keeps_the_description_within_its_255_characters() -> None:
    assert len(json.loads(write_error("a", "GenericError", "x" * 1000))[3]) == 255


@given(st.binary(max_size=60) | st.text(max_size=60) | st.lists(JSON_VALUES, max_size=6).map(json.dumps))
def test_read_frame_never_raises(text: bytes | str) -> None:
    assert isinstance(read_frame(text), Call | CallResult | CallError | Malformed | Ignored)
