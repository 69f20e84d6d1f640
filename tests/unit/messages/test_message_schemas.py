"""Messages at the border: their schemas are current, models and schemas agree, faults are named."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from twinev.errors import BadInput
from twinev.wire.inbound import INBOUND
from twinev.wire.message_schemas import example_of, message_names, require_fits, schema_of
from twinev.wire.outbound import EVENTS

ROOT = Path(__file__).resolve().parents[3]

PRICE = example_of("in.price")


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_folder_holds_what_the_models_say() -> None:
    command = [sys.executable, "-m", "twinev.wire.message_docs", "--check", "docs/messages"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", message_names())
def test_schema_is_valid_and_its_example_fits(name: str) -> None:
    jsonschema_rs.meta.validate(schema_of(name))
    require_fits(name, body(example_of(name)))


@pytest.mark.parametrize("name", message_names())
def test_every_key_of_a_schema_that_carries_a_quantity_says_its_unit(name: str) -> None:
    schema = schema_of(name)
    parts = [schema, *schema.get("$defs", {}).values()]
    quantities = [
        (key, part)
        for properties in (part["properties"] for part in parts)
        for key, part in properties.items()
        if key == "values" or key.endswith(("_kw", "_kwh", "_minutes"))
    ]

    assert [key for key, part in quantities if not part.get("description", "").rstrip().endswith("]")] == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"values": [58, "61.2"]}, "values[1]"),
        ({"values": [True]}, "values[0]"),
        ({"values": [None]}, "values[0]"),
        ({"values": []}, "values"),
        ({"values": 3}, "values"),
        ({"values": [10_000]}, "values[0]"),
        ({"values": [0] * 10_001}, "values"),
        ({"unit": "EUR/kWh"}, "unit"),
        ({"start": "2026-11-26T00:00:00"}, "start"),
        ({"start": "tomorrow"}, "start"),
        ({"start": 1_800_000_000}, "start"),
        ({"created_at": None}, "created_at"),
        ({"step_minutes": 0}, "step_minutes"),
        ({"step_minutes": 7.5}, "step_minutes"),
        ({"message_id": ""}, "message_id"),
        ({"message_id": "a\0b"}, "message_id"),
        ({"source": "x" * 65}, "source"),
        ({"price": 3}, "price"),
    ],
)
def test_fault_in_a_message_is_named(change: dict[str, Any], key: str) -> None:
    with pytest.raises(BadInput) as caught:
        require_fits("in.price", body(PRICE | change))

    assert caught.value.key == key


@pytest.mark.parametrize("missing", PRICE)
def test_missing_key_is_named(missing: str) -> None:
    with pytest.raises(BadInput) as caught:
        require_fits("in.price", body({key: value for key, value in PRICE.items() if key != missing}))

    assert caught.value.key == missing


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"values":[NaN]}', b'{"values":[1e999]}']
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        require_fits("in.price", raw)


def test_event_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadInput, match=r"session\.dreamt"):
        require_fits("evt.session.dreamt", b"{}")


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**7), 10**7),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=70),
    st.sampled_from(["kW", "EUR/MWh", "2026-11-26T00:00:00Z", "2026-11-26T00:00:00+01:00", "2026-11-26"]),
)
values = st.one_of(scalars, st.lists(scalars, max_size=4))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_fits_the_schema_is_read_by_the_model(data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(sorted(INBOUND)))
    example = example_of(f"in.{topic}")
    changes = data.draw(st.dictionaries(st.sampled_from([*example, "stranger"]), values, max_size=2))
    raw = body(example | changes)
    try:
        require_fits(f"in.{topic}", raw)
    except BadInput:
        fits = False
    else:
        fits = True

    try:
        INBOUND[topic].model_validate_json(raw)
    except ValidationError:
        assert not fits
    else:
        # pydantic reads a date without its time, or without its seconds; RFC 3339, and so the schema, does not.
        assert fits or {"start", "created_at"} & changes.keys()


def test_every_event_in_the_code_has_a_schema() -> None:
    """An event without one would be refused where it leaves."""
    found = {
        kind: path.name
        for folder in ("services", "api", "adapters/database")
        for path in (ROOT / "twinev" / folder).rglob("*.py")
        for kind in event_kinds(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert {kind: where for kind, where in found.items() if kind not in EVENTS} == {}
    assert found.keys() == EVENTS.keys()


def event_kinds(tree: ast.Module) -> set[str]:
    """The first arguments of ``….events.add``, ``add_event`` and ``add_session_event``, through one variable."""
    assigned: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, set()).update(texts_in(node.value))
    kinds: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args and is_adding(node.func):
            first = node.args[0]
            kinds |= assigned.get(first.id, set()) if isinstance(first, ast.Name) else texts_in(first)
    return kinds


def is_adding(called: ast.Attribute) -> bool:
    of_events = isinstance(called.value, ast.Attribute) and called.value.attr == "events"
    return called.attr in ("add_event", "add_session_event") or (called.attr == "add" and of_events)


def texts_in(node: ast.AST) -> set[str]:
    chosen = (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,)
    return {part.value for part in chosen if isinstance(part, ast.Constant) and isinstance(part.value, str)}
