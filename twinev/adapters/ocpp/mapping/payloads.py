"""Parts of payloads that go to stations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.times import write_whole_second


def without_nones(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not said: OCPP's schemas take no null."""
    return {name: value for name, value in fields.items() if value is not None}


def write_optional(instant: datetime | None) -> str | None:
    """A time that may not be said."""
    return None if instant is None else write_whole_second(instant)
