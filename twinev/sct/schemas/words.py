"""Says in words what a part of a JSON schema allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
LARGEST_WHOLE = 2**53


def allowed_words(schema: Schema) -> str:
    """Say what is allowed: “a number from 0 to 1”, “a list, or null”."""
    if "const" in schema:
        return _plain(schema["const"])
    if "enum" in schema:
        return ", ".join(_plain(value) for value in schema["enum"])
    kinds = schema.get("type", ())
    return ", or ".join(_KINDS[kind](schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def range_words(at_least: float, at_most: float) -> str:
    """Say which numbers are allowed; an infinite bound is none."""
    if math.isfinite(at_least) and math.isfinite(at_most):
        return f"a number from {at_least:g} to {at_most:g}"
    if math.isfinite(at_least):
        return f"a number of at least {at_least:g}"
    if math.isfinite(at_most):
        return f"a number of at most {at_most:g}"
    return "a finite number"


def whole_words(at_least: int, at_most: int) -> str:
    """Say which whole numbers are allowed."""
    return f"a whole number, {at_least}" + (f" to {at_most}" if at_most < LARGEST_WHOLE else " or more")


def text_words(longest: int) -> str:
    """Say how long a text may be."""
    return f"text of 1 to {longest} characters"


def _number(schema: Schema) -> str:
    return range_words(schema.get("minimum", -math.inf), schema.get("maximum", math.inf))


def _whole(schema: Schema) -> str:
    return whole_words(schema.get("minimum", 0), schema.get("maximum", LARGEST_WHOLE))


def _text(schema: Schema) -> str:
    if schema.get("format") == "date-time":
        return f"a date and time with a UTC offset, such as {schema['examples'][0]}"
    if "pattern" in schema and schema["minLength"] == schema["maxLength"]:
        return f"text of {schema['minLength']} characters like {schema['pattern']}"
    return text_words(schema["maxLength"])


def _list(schema: Schema) -> str:
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    items = schema.get("items", {})
    words = ["a list"]
    if fewest is not None:
        words.append(f"of {fewest}" if fewest == most else f"of {fewest} to {most}")
    if "enum" in items:
        words.append(f"of {allowed_words(items)}")
    return " ".join(words) + (", each once" if schema.get("uniqueItems") else "")


def _object(_schema: Schema) -> str:
    return "a JSON object"


def _null(_schema: Schema) -> str:
    return "null"


def _plain(value: object) -> str:
    return "null" if value is None else str(value)


_KINDS: Mapping[str, Callable[[Schema], str]] = {
    "number": _number,
    "integer": _whole,
    "string": _text,
    "array": _list,
    "object": _object,
    "null": _null,
}
