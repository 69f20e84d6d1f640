"""Domain values that are kept whole in a column of JSON, and read back as what they were."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Kept = TypeVar("Kept")


def to_record(value: object) -> Any:
    """Return a dataclass as plain values of JSON; times are ISO 8601."""
    return _adapter(type(value)).dump_python(value, mode="json")


def from_record(kind: type[Kept], record: Any) -> Kept:
    """Return what `to_record` was given."""
    return _adapter(kind).validate_python(record)


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
