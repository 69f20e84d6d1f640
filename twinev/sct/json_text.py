"""Reads the text of a scenario or a schedule: JSON in UTF-8, no key twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from twinev.errors import BadInput


class _Twice(dict):
    """An object of the file in which a key stands twice, until it is known where the object stands."""

    key: str
    value: Any


def read_json(text: str | bytes, where: str, what: str, refuse: type[BadInput]) -> object:
    """Return what the text holds.

    Parameters
    ----------
    text : str or bytes
        The file.
    where : str
        What the file is called in an error: its path, or ``body``.
    what : str
        ``scenario`` or ``schedule``.
    refuse : type of BadInput
        The error to raise when it is not JSON, or has a key twice: most readers would take the last one in silence.
    """
    twice: list[_Twice] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        marked = _Twice(built)
        marked.key, marked.value = _first_repeated(pairs)
        twice.append(marked)
        return marked

    try:
        data = json.loads(text, object_pairs_hook=build)
    except (ValueError, RecursionError) as error:
        raise refuse(where, str(error), f"a {what} as JSON, in UTF-8") from error
    if twice:
        place, found = _first_marked(data)
        raise refuse(
            f"{place}.{found.key}" if place else found.key, found.value, "each key once; it stands there twice"
        )
    return data


def _first_repeated(pairs: Iterable[tuple[str, Any]]) -> tuple[str, Any]:
    seen: set[str] = set()
    for key, value in pairs:
        if key in seen:
            return key, value
        seen.add(key)
    raise AssertionError("no key is repeated")


def _first_marked(data: object) -> tuple[str, _Twice]:
    """The outermost marked object, and its place: one that lies in the lost value of another is lost with it."""
    waiting: list[tuple[str, object]] = [("", data)]
    while waiting:
        place, value = waiting.pop(0)
        if isinstance(value, _Twice):
            return place, value
        if isinstance(value, dict):
            waiting += [(f"{place}.{key}" if place else key, part) for key, part in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{place}[{index}]", part) for index, part in enumerate(value)]
    raise AssertionError("no object has a key twice")
