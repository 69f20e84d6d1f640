"""Says what is wrong with a message that breaks its JSON schema: where, the value, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

from twinev.errors import BadInput

LONGEST_SHOWN = 200

_COUNTS = {"minItems": 0, "maxItems": "any number of"}
_KINDS = {
    "array": "a list of {minItems} to {maxItems} entries",
    "object": "an object",
    "boolean": "true or false",
    "null": "null",
}


def fault_of(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> BadInput:
    """The error in the words of the project.

    Parameters
    ----------
    schema : mapping
        The whole schema that the message was checked by.
    """
    place, keyword = _place(error.instance_path), error.schema_path[-1]
    part = _part(schema, error.schema_path[:-1])
    if keyword == "required":
        missing = next(key for key in part["required"] if key not in error.instance)
        return BadInput(_place([*error.instance_path, missing]), None, allowed_words(part["properties"][missing]))
    if keyword == "additionalProperties":
        stranger = next(key for key in error.instance if key not in part["properties"])
        value = _shown(error.instance[stranger])
        return BadInput(_place([*error.instance_path, stranger]), value, f"only {', '.join(part['properties'])}")
    return BadInput(place, _shown(error.instance), allowed_words(part))


def allowed_words(schema: Mapping[str, Any]) -> str:
    """Say what a part of a schema allows: “a number from 0 to 1”, “'kW'”."""
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(map(repr, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(allowed_words(part) for part in schema["anyOf"])
    kind = schema.get("type", "")
    if kind in ("number", "integer"):
        return ("a whole number" if kind == "integer" else "a number") + _range(schema)
    return _text(schema) if kind == "string" else _KINDS.get(kind, "what its schema says").format(**_COUNTS | schema)


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "a date and time with a UTC offset, such as 2026-11-26T00:00:00+01:00"
    longest, plain = schema.get("maxLength"), ", none of them a control character" if "pattern" in schema else ""
    return f"text of {schema.get('minLength', 0)} to {longest} characters{plain}" if longest else "text"


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low:.10g} to {high:.10g}"
    if low is not None:
        return f" of at least {low:.10g}"
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']:.10g}"
    return "" if high is None else f" of at most {high:.10g}"


def _part(schema: Mapping[str, Any], path: Sequence[str | int]) -> Mapping[str, Any]:
    part: Any = schema
    for step in path:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]] if step == "$ref" else part[step]
    return part


def _place(path: Sequence[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "body"


def _shown(value: object) -> object:
    return value[:LONGEST_SHOWN] if isinstance(value, str) else value
