"""The fields of an order with what is wrong beside each: limit, begin, end, V2G."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from twinev.ui import formats, texts
from twinev.ui.order_input import Order, OrderInput
from twinev.wire.rest.restrictions import RestrictionOut

FIELDS = ("stations", "limit", "start", "end", "order")
DEFAULT_MINUTES = 60
UNTIL_A_SET_TIME = 0


class OrderFields:
    """What the operator fills in.

    Parameters
    ----------
    on_edit : callable
        Called after each change of a field.
    """

    def __init__(self, *, on_edit: Callable[[], None]) -> None:
        self._changing: RestrictionOut | None = None
        self._filled_end: datetime | None = None
        self.limit = widgets.Text(
            description=texts.FORM_LIMIT, placeholder=texts.FORM_LIMIT_HINT, continuous_update=False
        )
        later = [(texts.FORM_START_NOW, False), (texts.FORM_START_LATER, True)]
        self._start_later = widgets.Dropdown(description=texts.FORM_START, options=later, value=False)
        self._start = widgets.NaiveDatetimePicker(description=texts.FORM_START_AT)
        lasts = [*texts.FORM_DURATIONS, (texts.FORM_LASTS_UNTIL, UNTIL_A_SET_TIME)]
        self._lasts = widgets.Dropdown(description=texts.FORM_LASTS, options=lasts, value=DEFAULT_MINUTES)
        self._end = widgets.NaiveDatetimePicker(description=texts.FORM_END_AT)
        for picker in (self._start, self._end):
            picker.add_class("tv-datetime")
        self._v2g = widgets.Checkbox(description=texts.FORM_V2G, indent=False)
        self.errors = {field: widgets.HTML() for field in FIELDS}
        for field in self.errors.values():
            field.add_class("tv-field-error")
        self._zone_note = widgets.HTML()
        self._on_edit = on_edit
        for field in (self.limit, self._start_later, self._start, self._lasts, self._end, self._v2g):
            field.observe(self._edited, "value")
        self._show_choices()

    def arranged(self) -> list[widgets.Widget]:
        """The fields in the order in which they are filled in."""
        when = widgets.HBox([self._start_later, self._lasts])
        when.add_class("tv-when")
        return [
            self.errors["stations"], self.limit, self.errors["limit"], when, self._start, self.errors["start"],
            self._end, self.errors["end"], self._zone_note, self._v2g,
        ]  # fmt: skip

    def tell_zone(self, now: datetime, zone: ZoneInfo) -> None:
        """Name the zone in which times are typed."""
        words = texts.FORM_TIMES_IN.format(zone=formats.zone_name(now, zone))
        self._zone_note.value = f'<p class="tv-detail">{formats.safe(words)}</p>'

    def read(self, station_ids: frozenset[str], *, now: datetime, zone: ZoneInfo) -> Order | None:
        """The order; None where something is missing or wrong, which then stands beside its field."""
        typed = OrderInput(
            station_ids=station_ids, limit_text=self.limit.value,
            fixed_start=self._changing.start if self._changing else None,
            # The field knows minutes alone: an end that was left as it was keeps its seconds.
            fixed_end=self._changing.end if self._changing and self._end.value == self._filled_end else None,
            start_later=self._start_later.value, start=self._start.value,
            duration_minutes=self._lasts.value or None, end=self._end.value, v2g=self._v2g.value,
        )  # fmt: skip
        order, errors = typed.read(now=now, zone=zone)
        self.say({field: errors.get(field, "") for field in FIELDS})
        return order

    def say(self, errors: Mapping[str, str]) -> None:
        """Say what is wrong, by field; empty texts take it away."""
        for field, words in errors.items():
            self.errors[field].value = f'<p role="alert">{formats.safe(words)}</p>' if words else ""

    def fill(self, restriction: RestrictionOut, zone: ZoneInfo) -> None:
        """Show an order that is to be changed: its begin stays as it is."""
        self._changing = restriction
        self.limit.value = formats.plain_number(restriction.limit_kw)
        self._lasts.value = UNTIL_A_SET_TIME
        self._filled_end = restriction.end.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        self._end.value = self._filled_end
        self._v2g.value = restriction.v2g
        self._show_choices()

    def clear(self) -> None:
        """An empty form for a new order."""
        self._changing = None
        self.limit.value, self._lasts.value, self._v2g.value = "", DEFAULT_MINUTES, False
        self._end.value = None
        self._start_later.value = False
        self._show_choices()

    def _edited(self, _: object) -> None:
        self._show_choices()
        self.say(dict.fromkeys(FIELDS, ""))
        self._on_edit()

    def _show_choices(self) -> None:
        new = self._changing is None
        _show(self._start_later, when=new)
        _show(self._start, when=new and self._start_later.value)
        _show(self._lasts, when=new)
        _show(self._end, when=self._lasts.value == UNTIL_A_SET_TIME)


def _show(widget: widgets.Widget, *, when: bool) -> None:
    widget.layout.display = None if when else "none"
