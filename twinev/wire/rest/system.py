"""The system's own state: health, refused messages, live events."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from twinev.wire.base import WireModel
from twinev.wire.inbound import DeadLetter


class PartHealth(WireModel):
    name: str
    ok: bool
    detail: str = ""


class HealthOut(WireModel):
    status: str
    version: str
    now: AwareDatetime
    parts: tuple[PartHealth, ...]


class DeadLetterOut(DeadLetter):
    """A message that was refused, with its number."""

    id: str


class EventOut(WireModel):
    """One server-sent event of GET /events; ``kind`` is the SSE event name."""

    id: str
    kind: str
    at: AwareDatetime
    data: dict[str, Any]
