"""Frames for fuzzing: messages that the schemas of a version allow, changed at any depth, and bytes at random."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

_VERSIONS = {"ocpp1.6": "v16", "ocpp2.0.1": "v201", "ocpp2.1": "v21"}
_SEND = "NotifyPeriodicEventStream"
_LARGE_INTEGERS = st.sampled_from([0, 1, -1, 2, 3, 2**31 - 1, -(2**31)])
_NUMBERS = st.sampled_from([0, 1, -1, 0.5, 230.4, 1e9, -1e300, 1e300, 5e-324]) | st.floats(-1e6, 1e6)
_INSTANTS = st.sampled_from(
    [
        "2026-11-22T18:00:00Z",
        "2026-11-22t18:00:00.123456789z",
        "2026-11-22T18:00:00+14:00",
        "2024-02-29T23:59:60Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "0000-01-01T00:00:00Z",
        "1970-01-01T00:00:00-00:00",
    ]
)
# What can be sent as UTF-8: no surrogates.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_STRANGE_NUMBERS = [-1, 0, 2, 3, 4, 5, 6, 1.0, 1e300, 2**31, 2**63, 2**70, -(2**63) - 1, float("nan"), float("inf")]
_STRANGE_TEXTS = ["", "-1", "fuzz", "NaN", "\u0000", "\ud800", "é" * 300, "x" * 2000]
_STRANGE: SearchStrategy[Any] = st.sampled_from(_STRANGE_NUMBERS + _STRANGE_TEXTS) | st.sampled_from(
    ["null", "true", "[]", "{}", "[[]]", '{"a": null}', "[0, 0, 0, 0]"]
).map(json.loads)


def frames(protocol: str, supported: Sequence[str]) -> SearchStrategy[str | bytes]:
    """Anything that may come over a socket of this version; most often one of the ``supported`` actions."""
    right = _calls(protocol, supported)
    whole, any_action = right.map(as_text), _calls(protocol, _actions(protocol)).map(as_text)
    payload_changed = _payload_changed(right).map(as_text)
    frame_changed = _changed(right | _answers()).map(as_text)
    often = [whole] * 3 + [payload_changed] * 5 + [frame_changed] * 2
    seldom = [any_action, _damaged(whole), st.binary(max_size=60), _TEXTS]
    if protocol == "ocpp2.1":
        sends = _sends(protocol)
        seldom += [sends.map(as_text), _payload_changed(sends).map(as_text)]
    kinds = often + seldom
    return st.integers(0, len(kinds) - 1).flatmap(kinds.__getitem__)


def _calls(protocol: str, actions: Sequence[str]) -> SearchStrategy[list[Any]]:
    """CALLs with a payload that the schema allows."""
    ids = st.sampled_from(["fuzz"] * 8 + ["f" * 36, "f" * 37])
    return st.sampled_from(sorted(actions)).flatmap(
        lambda action: st.tuples(st.just(2), ids, st.just(action), requests(protocol, action)).map(list)
    )


def _sends(protocol: str) -> SearchStrategy[list[Any]]:
    payload = _of_file(protocol, f"{_SEND}.json")
    return st.tuples(st.just(6), st.just("fuzz"), st.just(_SEND), payload).map(list)


def _payload_changed(messages: SearchStrategy[list[Any]]) -> SearchStrategy[list[Any]]:
    return messages.flatmap(lambda message: _changed(st.just(message[3])).map(lambda payload: [*message[:3], payload]))


def requests(protocol: str, action: str) -> SearchStrategy[Any]:
    suffix = ".json" if protocol == "ocpp1.6" else "Request.json"
    return _of_file(protocol, action + suffix)


def results(protocol: str, action: str) -> SearchStrategy[Any]:
    """The payload of a CALLRESULT to ``action``: as its schema allows, or changed."""
    whole = _of_file(protocol, f"{action}Response.json")
    return whole | _changed(whole)


def wants_an_answer(frame: str | bytes, protocol: str) -> bool:
    """Whether the specification wants one, judged without the code that is tested."""
    try:
        text = frame.decode() if isinstance(frame, bytes) else frame
        parts = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        json.dumps(parts, ensure_ascii=False).encode()  # Half a surrogate pair is no text.
    except (ValueError, RecursionError):
        return True
    if not isinstance(parts, list) or not parts or isinstance(parts[0], bool) or not isinstance(parts[0], int):
        return True
    if not -(2**63) <= parts[0] < 2**64 or _has_huge_integer(parts[0]):
        return True
    if parts[0] in (3, 4) or (parts[0] in (5, 6) and protocol == "ocpp2.1"):
        return False
    return parts[0] == 2 or protocol == "ocpp2.0.1"


def _has_huge_integer(number: int) -> bool:
    return len(str(abs(number))) > 20


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large")
    return number


def _answers() -> SearchStrategy[list[Any]]:
    return st.sampled_from(
        [
            [3, "fuzz", {}],
            [4, "fuzz", "GenericError", "", {}],
            [5, "fuzz", "GenericError", "", {}],
            [9, "fuzz", "X", {}],
        ]
    ).map(lambda frame: json.loads(json.dumps(frame)))


def as_text(frame: Any) -> str:
    """JSON, or nearly: NaN and half surrogate pairs are written as they are."""
    return json.dumps(frame)


@st.composite
def _damaged(draw: DrawFn, texts: SearchStrategy[str]) -> str:
    """A text in which one character is another one."""
    text = draw(texts)
    at = draw(st.integers(0, len(text) - 1))
    return text[:at] + draw(st.sampled_from('[]{}",:\\x0- \n')) + text[at + 1 :]


@st.composite
def _changed(draw: DrawFn, values: SearchStrategy[Any]) -> Any:
    """A value in which one to three places, at any depth, are dropped, doubled, wrapped or strange."""
    holder = [copy.deepcopy(draw(values))]
    for _ in range(draw(st.integers(1, 3))):
        parent, key = draw(st.sampled_from(_places(holder)))
        match draw(st.integers(0, 4)):
            case 0 | 1:
                parent[key] = draw(_STRANGE)
            case 2 if parent is not holder:
                del parent[key]
            case 3 if isinstance(parent, list):
                parent.insert(key, draw(_STRANGE))
            case 3:
                parent[draw(_TEXTS)] = draw(_STRANGE)
            case _:
                parent[key] = [parent[key]]
        if not holder:
            return []
    return holder[0]


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


@cache
def _actions(protocol: str) -> list[str]:
    folder = files("ocpp").joinpath(_VERSIONS[protocol], "schemas")
    return sorted(file.name.removesuffix("Response.json") for file in folder.iterdir() if "Response." in file.name)


@cache
def _of_file(protocol: str, name: str) -> SearchStrategy[Any]:
    text = files("ocpp").joinpath(_VERSIONS[protocol], "schemas", name).read_text(encoding="utf-8-sig")
    schema = json.loads(text)
    return _valid(schema, schema.get("definitions", {}))


def _valid(schema: dict[str, Any], definitions: dict[str, Any]) -> SearchStrategy[Any]:
    """What a schema allows, as far as the schemas of OCPP go."""
    if "$ref" in schema:
        return _valid(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds: dict[str, Callable[[], SearchStrategy[Any]]] = {
        "object": lambda: _objects(schema, definitions),
        "array": lambda: _arrays(schema, definitions),
        "string": lambda: _strings(schema),
        "integer": lambda: _integers(schema),
        "number": lambda: _NUMBERS,
        "boolean": st.booleans,
    }
    return kinds[schema["type"]]() if "type" in schema else _STRANGE


def _arrays(schema: dict[str, Any], definitions: dict[str, Any]) -> SearchStrategy[list[Any]]:
    least = schema.get("minItems", 0)
    most = max(least, min(2, schema.get("maxItems", 2)))
    return st.lists(_lazy(schema["items"], definitions), min_size=least, max_size=most)


def _strings(schema: dict[str, Any]) -> SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return _INSTANTS
    return _TEXTS.map(lambda text: text[: schema.get("maxLength", 12)])


def _integers(schema: dict[str, Any]) -> SearchStrategy[int]:
    least, most = schema.get("minimum", -(2**31)), schema.get("maximum", 2**31 - 1)
    return _LARGE_INTEGERS.filter(lambda number: least <= number <= most)


def _objects(schema: dict[str, Any], definitions: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    required = schema.get("required", [])
    fields = {name: _lazy(part, definitions) for name, part in schema.get("properties", {}).items()}
    must = {name: field for name, field in fields.items() if name in required}
    may = {name: field for name, field in fields.items() if name not in required}
    return st.fixed_dictionaries(must, optional=may)


def _lazy(schema: dict[str, Any], definitions: dict[str, Any]) -> SearchStrategy[Any]:
    return st.deferred(lambda: _valid(schema, definitions))
