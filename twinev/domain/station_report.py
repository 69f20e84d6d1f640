"""Reports: what stations told of themselves, as the platform keeps it for who runs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class StationReport:
    """A `twinev.domain.facts.StationReported` that was taken in; ``id`` counts up in the order of their coming."""

    id: int
    station_id: str
    report: str
    timestamp: datetime
    received_at: datetime
    evse_id: int | None = None
    request_id: int | None = None
    seq_no: int | None = None
    to_be_continued: bool = False
    content: dict[str, Any]
