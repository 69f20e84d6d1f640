"""Flexibility orders: what a DSO asks of a site's import limit, slot by slot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.tariff import Series, SeriesKind


@dataclass(frozen=True, kw_only=True)
class FlexibilityOrder:
    """An offset to the site's import limit in each step: negative allows less, positive more; never the export limit.

    Where orders overlap, the one that was given last counts. ``ordered_by`` is a user, or the module that sent it.
    """

    id: str
    site_id: str
    start: datetime
    step_minutes: int
    values_kw: tuple[float, ...]
    ordered_by: str
    ordered_at: datetime
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.series.start)

    @property
    def end(self) -> datetime:
        """When the last step ends."""
        return self.start + timedelta(minutes=self.step_minutes) * len(self.values_kw)

    @property
    def series(self) -> Series:
        """The same as values over time."""
        return Series(
            kind=SeriesKind.FLEXIBILITY,
            subject=self.site_id,
            start=self.start,
            step_minutes=self.step_minutes,
            values=self.values_kw,
        )
