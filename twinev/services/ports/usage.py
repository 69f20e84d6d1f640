"""What usage metrics are counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from twinev.domain.grid import Restriction


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A session as far as it is counted. ``user`` is whose card it was; None where no card was shown."""

    user: str | None
    started_at: datetime
    ended_at: datetime | None
    energy_kwh: float


class Usage(Protocol):
    """Sessions, meters and restrictions of one site over [start, end)."""

    def stays(self, site_id: str, start: datetime, end: datetime) -> Sequence[Stay]:
        """Sessions that were under way at some time of it; a user's cards count as the user."""

    def metered(self, site_id: str, start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime, float]]:
        """Start, end and energy between the readings of each session's register within it. [kWh]"""

    def restrictions(self, site_id: str, start: datetime, end: datetime) -> Sequence[tuple[Restriction, float | None]]:
        """Restrictions that were in force in it, with the highest power once it was enforced (None: never). [kW]"""
