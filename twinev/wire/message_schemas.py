"""The JSON schemas of all messages at the border, made from the wire models, and the check against them.

What is published in ``docs/messages/`` is what messages are checked by: an inbound one when it comes, an event before
it leaves.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import jsonschema_rs
import pydantic_core
from pydantic import create_model

from twinev.errors import BadInput
from twinev.wire.base import WireModel
from twinev.wire.inbound import INBOUND, DeadLetter
from twinev.wire.message_faults import LONGEST_SHOWN, fault_of
from twinev.wire.outbound import EVENTS, EventMessage

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def message_names() -> list[str]:
    """Every message that has a schema: ``in.<topic>``, ``evt.<kind>``, ``dead``."""
    return [*(f"in.{topic}" for topic in INBOUND), *(f"evt.{kind}" for kind in EVENTS), "dead"]


def subject_of(name: str) -> str:
    """Where the message travels; what stands in angle brackets is filled in."""
    direction, _, what = name.partition(".")
    if direction == "in":
        return f"twinev.v1.in.{what}.<{INBOUND[what].subject_key}>"
    return f"twinev.v1.evt.{what}" if direction == "evt" else "twinev.v1.dead.<the rest of its subject>"


@cache
def schema_of(name: str) -> Schema:
    """The schema of one of `message_names`, with an example."""
    direction, _, what = name.partition(".")
    models: dict[str, Any] = {"in": INBOUND, "evt": EVENTS, "dead": {"": DeadLetter}}
    model = models[direction][what]
    schema = (_event_model(what) if direction == "evt" else model).model_json_schema()
    if direction == "evt":
        schema["description"] = model.__doc__
        schema["examples"] = [example_of(name)]
        # Only the example of the whole message is shown.
        for part in schema["$defs"].values():
            part.pop("examples", None)
    head = {"$schema": DIALECT, "title": name, "x-subject": subject_of(name)}
    return head | {key: _without_titles(value) for key, value in schema.items() if key != "title"}


def example_of(name: str) -> dict[str, Any]:
    """The example in the message's schema."""
    direction, _, what = name.partition(".")
    if direction != "evt":
        return schema_of(name)["examples"][0]
    data = EVENTS[what].model_config["json_schema_extra"]["examples"][0]
    event_id = "7d3f1c52a9e84b0f8f4e6a1d2c3b4a59"
    return {"id": event_id, "kind": what, "at": "2026-11-25T17:00:00.250000Z", "data": data}


def require_fits(name: str, body: bytes) -> None:
    """Return when the body fits the schema of ``name``.

    Raises
    ------
    BadInput
        There is no such message, or the body is not JSON or breaks the schema; the first fault is named.
    """
    if name not in message_names():
        raise BadInput("message", name, f"one of {', '.join(message_names())}")
    try:
        value = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadInput("body", body[:LONGEST_SHOWN].decode(errors="replace"), f"JSON ({error})") from error
    error = next(_validator(name).iter_errors(value), None)
    if error is not None:
        raise fault_of(error, schema_of(name))


@cache
def _validator(name: str) -> Any:
    return jsonschema_rs.Draft202012Validator(schema_of(name), validate_formats=True)


def _event_model(kind: str) -> type[WireModel]:
    return create_model(kind, __base__=EventMessage, kind=(Literal[kind], ...), data=(EVENTS[kind], ...))


def _without_titles(value: Any) -> Any:
    """Leave out the titles that pydantic makes from names: they say nothing new."""
    if isinstance(value, list):
        return [_without_titles(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {key: _without_titles(part) for key, part in value.items() if not (key == "title" and isinstance(part, str))}
