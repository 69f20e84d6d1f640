"""From which day to which day: two date fields, read in the site's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from twinev.ui import charge_points_texts as texts


class DayFilter:
    """Both fields may be left empty; the last day is a whole one.

    Parameters
    ----------
    on_change : callable
        Called when one of them changed.
    """

    def __init__(self, *, on_change: Callable[[], None]) -> None:
        self._from = widgets.DatePicker(description=texts.FROM_DAY)
        self._to = widgets.DatePicker(description=texts.TO_DAY)
        for field in (self._from, self._to):
            field.observe(lambda _: on_change(), "value")
        self.widgets = (self._from, self._to)

    @property
    def used(self) -> bool:
        return self._from.value is not None or self._to.value is not None

    def window(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """Return the begin of the first day and the end of the last one, where they are given."""
        first, last = self._from.value, self._to.value
        return _midnight(first, zone), _midnight(last and last + timedelta(days=1), zone)


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, tzinfo=zone)
