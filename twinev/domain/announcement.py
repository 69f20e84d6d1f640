"""Values over time that another module announced, with who says so and when it was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.checks import require_text, require_utc
from twinev.domain.tariff import Series


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """A price, a forecast or an order.

    Parameters
    ----------
    source, message_id : str
        Who says it, and what it is called there; unique together.
    created_at : datetime
        When it was made: of two over the same time the later one counts.
    content_hash : bytes
        Equal for equal content.
    """

    source: str
    message_id: str
    created_at: datetime
    series: Series
    content_hash: bytes

    def __post_init__(self) -> None:
        require_text("source", self.source, longest=64)
        require_text("message_id", self.message_id, longest=128)
        object.__setattr__(self, "created_at", require_utc("created_at", self.created_at))

    @property
    def end(self) -> datetime:
        """When the last value ends."""
        return self.series.start + timedelta(minutes=self.series.step_minutes) * len(self.series.values)
