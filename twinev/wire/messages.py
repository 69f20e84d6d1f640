"""NATS bodies: JSON of the domain's dataclasses (and of wire models), validated on the way in.

Receivers ignore keys that they do not know, so that a newer sender does not stop an older receiver.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from twinev.errors import BadInput

Message = TypeVar("Message")


def encode(message: object) -> bytes:
    """JSON of a dataclass or wire model; datetimes are ISO 8601."""
    return _adapter(type(message)).dump_json(message)


def decode(kind: type[Message], body: bytes) -> Message:
    """Read what `encode` wrote.

    Raises
    ------
    BadInput
        The body is not JSON, or not of that kind; the first fault is named.
    """
    try:
        return _adapter(kind).validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or kind.__name__
        raise BadInput(where, fault.get("input"), fault["msg"]) from error


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
