"""The form that orders a limit: fill in, preview the effect, confirm, and watch the order being carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats, texts
from twinev.ui.background import Background
from twinev.ui.effect_chart import chart_html
from twinev.ui.live import Live, Snapshot
from twinev.ui.order_input import Order, OrderInput, field_of
from twinev.ui.order_progress import progress_html
from twinev.ui.selection import Selection
from twinev.wire.rest.restrictions import RestrictionPreview

FIELDS = ("stations", "limit", "start", "end", "order")
PROGRESS_ITEMS = 200


class RestrictionForm:
    """The fields, the buttons, and below them the preview or the progress.

    Parameters
    ----------
    client : Client
        Previews, orders, and tells the progress.
    live : Live
        The platform's time and state.
    selection : Selection
        The stations that the order is about.
    """

    def __init__(self, *, client: Client, live: Live, selection: Selection) -> None:
        self._client, self._live, self._selection = client, live, selection
        self._previewed: Order | None = None
        self._watched: str | None = None
        self.background = Background()
        self._following = False
        self._make_fields()
        self._arrange()
        self._show_choices()
        selection.observe(self._on_selection, "station_ids")

    def update(self, snapshot: Snapshot) -> None:
        """Show what the selected stations draw now."""
        self._summary.value = summary_html(snapshot, self._selection.station_ids)
        zone = self._zone()
        self._zone_note.value = (
            f'<p class="tv-detail">{texts.FORM_TIMES_IN.format(zone=formats.zone_name(snapshot.now, zone))}</p>'
        )
        self._follow_order()

    def _make_fields(self) -> None:
        self._summary = widgets.HTML()
        self._limit = widgets.Text(
            description=texts.FORM_LIMIT, placeholder=texts.FORM_LIMIT_HINT, continuous_update=False
        )
        later = [(texts.FORM_START_NOW, False), (texts.FORM_START_LATER, True)]
        self._start_later = widgets.Dropdown(description=texts.FORM_START, options=later, value=False)
        self._start = widgets.NaiveDatetimePicker(description=texts.FORM_START_AT)
        lasts = [*texts.FORM_DURATIONS, (texts.FORM_LASTS_UNTIL, 0)]
        self._lasts = widgets.Dropdown(description=texts.FORM_LASTS, options=lasts, value=60)
        self._end = widgets.NaiveDatetimePicker(description=texts.FORM_END_AT)
        for picker in (self._start, self._end):
            picker.add_class("tv-datetime")
        self._v2g = widgets.Checkbox(description=texts.FORM_V2G, indent=False)
        self._errors = {field: widgets.HTML() for field in FIELDS}
        self._zone_note = widgets.HTML()
        self._preview_button = widgets.Button(description=texts.FORM_PREVIEW)
        self._confirm_button = widgets.Button(description=texts.FORM_CONFIRM, button_style="primary")
        self._busy = widgets.HTML()
        self._outcome = widgets.HTML()
        for field in (self._limit, self._start_later, self._start, self._lasts, self._end, self._v2g):
            field.observe(self._on_edit, "value")
        self._preview_button.on_click(lambda _: self._begin(self._preview))
        self._confirm_button.on_click(lambda _: self._begin(self._confirm))

    def _arrange(self) -> None:
        buttons = widgets.HBox([self._preview_button, self._confirm_button])
        buttons.add_class("tv-buttons")
        when = widgets.HBox([self._start_later, self._lasts])
        when.add_class("tv-when")
        self.widget = widgets.VBox([
            widgets.HTML(f"<h2>{texts.FORM_TITLE}</h2>"), self._summary, self._errors["stations"],
            self._limit, self._errors["limit"], when, self._start, self._errors["start"],
            self._end, self._errors["end"], self._zone_note, self._v2g,
            buttons, self._busy, self._errors["order"], self._outcome,
        ])  # fmt: skip
        self.widget.add_class("tv-form")
        for field in self._errors.values():
            field.add_class("tv-field-error")

    def _on_selection(self, _: object) -> None:
        if self._live.snapshot is not None:
            self.update(self._live.snapshot)
        self._on_edit()

    def _on_edit(self, _: object = None) -> None:
        self._show_choices()
        self._say(dict.fromkeys(FIELDS, ""))
        if self._previewed is not None:
            self._previewed = None
            self._busy.value = f'<p class="tv-stale">{texts.FORM_STALE}</p>'

    def _show_choices(self) -> None:
        self._start.layout.display = None if self._start_later.value else "none"
        self._end.layout.display = None if self._lasts.value == 0 else "none"

    def _read(self) -> Order | None:
        typed = OrderInput(
            station_ids=self._selection.station_ids, limit_text=self._limit.value,
            start_later=self._start_later.value, start=self._start.value,
            duration_minutes=self._lasts.value or None, end=self._end.value, v2g=self._v2g.value,
        )  # fmt: skip
        order, errors = typed.read(now=self._live.now(), zone=self._zone())
        self._say({field: errors.get(field, "") for field in FIELDS})
        return order

    def _begin(self, action: Callable[[Order], Coroutine[Any, Any, None]]) -> None:
        """Carry out what a button asks for, off the thread that draws the page."""
        order = self._read()
        if order is not None:
            self.background.start(self._carry_out(action, order))

    async def _carry_out(self, action: Callable[[Order], Coroutine[Any, Any, None]], order: Order) -> None:
        self._preview_button.disabled = self._confirm_button.disabled = True
        try:
            await action(order)
        except TwinEVError as error:
            self._say({field_of(error): str(error)})
        finally:
            self._busy.value = ""
            self._preview_button.disabled = self._confirm_button.disabled = False

    async def _preview(self, order: Order) -> None:
        self._busy.value = f'<p class="tv-busy" role="status">{texts.FORM_PREVIEWING}</p>'
        ids = sorted(order.station_ids)
        preview = await asyncio.to_thread(
            self._client.preview_restriction, ids, order.limit_kw, start=order.start, end=order.end, v2g=order.v2g
        )
        self._watched, self._previewed = None, order
        curve = chart_html(preview, limit_kw=order.limit_kw, start=order.start, end=order.end, zone=self._zone())
        self._outcome.value = preview_html(preview, curve)

    async def _confirm(self, order: Order) -> None:
        self._busy.value = f'<p class="tv-busy" role="status">{texts.FORM_CONFIRMING}</p>'
        ids = sorted(order.station_ids)
        created = await asyncio.to_thread(
            self._client.restrict, ids, order.limit_kw, start=order.start, end=order.end, v2g=order.v2g
        )
        self._previewed, self._watched = None, created.id
        self._live.hurry()
        await self._show_progress()

    def _follow_order(self) -> None:
        if self._watched is not None and not self._following:
            self.background.start(self._show_progress())

    async def _show_progress(self) -> None:
        watched, snapshot = self._watched, self._live.snapshot
        if watched is None or snapshot is None:
            return
        self._following = True
        try:
            restriction = await asyncio.to_thread(self._client.restriction, watched)
            plans = await asyncio.to_thread(self._client.plans, at_most=PROGRESS_ITEMS)
            commands = await asyncio.to_thread(self._client.commands, at_most=PROGRESS_ITEMS)
        except TwinEVError:
            # The head of the page tells that the connection is lost; the progress stays as it was.
            return
        finally:
            self._following = False
        if self._watched == watched:
            self._outcome.value = progress_html(restriction, plans, commands, snapshot)

    def _say(self, errors: dict[str, str]) -> None:
        for field, words in errors.items():
            self._errors[field].value = f'<p role="alert">{formats.safe(words)}</p>' if words else ""

    def _zone(self):
        sites = self._live.snapshot.sites if self._live.snapshot else ()
        return formats.zone_of(sites[0].time_zone if sites else "UTC")


def summary_html(snapshot: Snapshot, station_ids: frozenset[str]) -> str:
    """How many stations are selected and what they draw now."""
    stations = snapshot.selected(station_ids)
    if not stations:
        return f'<p class="tv-summary">{texts.FORM_NOTHING}</p>'
    words = (texts.FORM_SELECTED_ONE if len(stations) == 1 else texts.FORM_SELECTED).format(
        count=len(stations),
        power=formats.kw(sum(station.power_kw for station in stations)),
        max=formats.limit_kw(sum(station.max_kw for station in stations)),
    )
    return f'<p class="tv-summary">{formats.safe(words)}</p>'


def preview_html(preview: RestrictionPreview, curve: str) -> str:
    """The three figures, the curve, and the planner's explanations."""
    figures = (
        (str(preview.evs_affected), texts.PREVIEW_EVS),
        (formats.kw(preview.shortfall_kwh), texts.PREVIEW_SHORT),
        (formats.euros(preview.cost_eur), texts.PREVIEW_COST),
    )
    cells = "".join(
        f"<div><dd>{formats.safe(value)}</dd><dt>{formats.safe(name)}</dt></div>" for value, name in figures
    )
    notes = preview.explanations or ((texts.PREVIEW_NO_EFFECT,) if preview.before_kw == preview.after_kw else ())
    told = "".join(f"<li>{formats.safe(note)}</li>" for note in notes)
    return (
        f'<section class="tv-preview" aria-live="polite"><h3>{texts.PREVIEW_TITLE}</h3><dl>{cells}</dl>{curve}'
        f"{f'<ul class=tv-reasons>{told}</ul>' if told else ''}</section>"
    )
