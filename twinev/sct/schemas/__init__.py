"""The published definition of the two files, as JSON Schema, and the check of a file against it.

`scenario.json` and `schedule.json` beside this module say what every key means, its unit and what is allowed. A file
that its schema refuses is told by its first fault in the order of the file, in words made from the schema itself.
What no schema can say, that lists are of one length or that an id is another's, is checked where the domain types are
born.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from twinev.errors import BadInput
from twinev.sct.schemas.words import allowed_words

Schema = Mapping[str, Any]


class _Missing:
    """Stands for a value that is not there; shown in the error's text."""

    def __repr__(self) -> str:
        return "nothing (the key is missing)"


MISSING = _Missing()


@cache
def read_schema(name: str) -> Schema:
    """Return the schema of a ``scenario`` or a ``schedule``; it is shared: change a copy of it."""
    return json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))


def check(data: object, name: str, refuse: type[BadInput]) -> Mapping[str, Any]:
    """Return a file's data when its schema accepts them.

    Parameters
    ----------
    data : object
        What JSON makes of the file; times and NumPy floats are taken as JSON would write them.
    name : str
        ``scenario`` or ``schedule``.
    refuse : type of BadInput
        The error to raise for the first fault.
    """
    if _accepts(_validator(name), data):
        return data
    plain = _as_json_has_it(data)
    if _accepts(_validator(name), plain):
        return plain
    place, value, allowed = _first_fault(read_schema(name), plain, "")
    raise refuse(place or name, value, allowed)


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(read_schema(name))


def _accepts(validator: jsonschema_rs.Validator, value: object) -> bool:
    try:
        return validator.is_valid(value)
    except ValueError:
        # It is nothing that JSON has, or nested without end.
        return False


def _as_json_has_it(data: object) -> object:
    try:
        return json.loads(json.dumps(data, default=_time_as_text))
    except (TypeError, ValueError, RecursionError):
        return data


def _time_as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is nothing that JSON has")


def _first_fault(schema: Schema, value: object, place: str) -> tuple[str, object, str]:
    """Descend to the first part that its part of the schema refuses: where it stands, what it is, what is allowed.

    An error object for every fault, as the validator would make them, costs minutes and gigabytes on a large file.
    """
    compiled: dict[int, jsonschema_rs.Validator] = {}
    for part_place, part, part_schema in _parts(schema, value, place):
        if part_schema is None:
            return part_place, part, f"only the keys {', '.join(sorted(schema['properties']))}"
        if id(part_schema) not in compiled:
            compiled[id(part_schema)] = jsonschema_rs.validator_for(part_schema)
        if not _accepts(compiled[id(part_schema)], part):
            return _first_fault(part_schema, part, part_place)
    for name in sorted(schema.get("required", ())):
        if isinstance(value, Mapping) and name not in value:
            return _inside(place, name), MISSING, "the key is required"
    return place, value, allowed_words(schema)


def _parts(schema: Schema, value: object, place: str) -> Iterator[tuple[str, object, Schema | None]]:
    """What an object or a list holds, in its order, each with its part of the schema; None: there is no such key."""
    if isinstance(value, Mapping) and "properties" in schema:
        for name, part in value.items():
            yield _inside(place, str(name)), part, schema["properties"].get(name)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and "items" in schema:
        for index, part in enumerate(value):
            yield f"{place}[{index}]", part, schema["items"]


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
