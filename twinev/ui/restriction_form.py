"""The form that orders a limit or changes one: fill in, preview the effect, confirm, watch it being carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import ChangedMeanwhile, TwinEVError
from twinev.ui import formats, texts
from twinev.ui.background import Background
from twinev.ui.effect_chart import chart_html
from twinev.ui.live import Live, Snapshot
from twinev.ui.order_effect import changing_html, preview_html, summary_html
from twinev.ui.order_fields import OrderFields
from twinev.ui.order_input import Order, field_of
from twinev.ui.order_progress import progress_html
from twinev.ui.selection import Selection
from twinev.wire.rest.restrictions import RestrictionOut

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
        The stations that a new order is about.
    """

    def __init__(self, *, client: Client, live: Live, selection: Selection) -> None:
        self._client, self._live, self._selection = client, live, selection
        self._previewed: Order | None = None
        self._changing: RestrictionOut | None = None
        self._watched: tuple[str, datetime | None] | None = None
        self.background = Background()
        self._following = False
        self._fields = OrderFields(on_edit=self._on_edit)
        self._arrange()
        self._show_mode()
        selection.observe(self._on_selection, "station_ids")

    def update(self, snapshot: Snapshot) -> None:
        """Show what the stations draw now."""
        zone = snapshot.zone
        self._summary.value = (
            changing_html(self._changing, snapshot, zone)
            if self._changing is not None
            else summary_html(snapshot, self._selection.station_ids)
        )
        self._fields.tell_zone(snapshot.now, zone)
        self._follow_order()

    def change(self, restriction: RestrictionOut) -> None:
        """Begin to change an order: its stations are selected, its values stand in the fields."""
        self._changing, self._previewed, self._watched = restriction, None, None
        self._selection.station_ids = frozenset(restriction.station_ids)
        self._fields.fill(restriction, self._zone())
        self._busy.value = self._outcome.value = ""
        self._show_mode()

    def _arrange(self) -> None:
        self._title, self._summary = widgets.HTML(), widgets.HTML()
        self._busy, self._outcome = widgets.HTML(), widgets.HTML()
        self._preview_button = widgets.Button(description=texts.FORM_PREVIEW)
        self._confirm_button = widgets.Button(button_style="primary")
        self._keep_button = widgets.Button(description=texts.FORM_KEEP)
        self._preview_button.on_click(lambda _: self._begin(self._preview))
        self._confirm_button.on_click(lambda _: self._begin(self._confirm))
        self._keep_button.on_click(lambda _: self._start_anew())
        buttons = widgets.HBox([self._preview_button, self._confirm_button, self._keep_button])
        buttons.add_class("tv-buttons")
        self.widget = widgets.VBox([
            self._title, self._summary, *self._fields.arranged(),
            buttons, self._busy, self._fields.errors["order"], self._outcome,
        ])  # fmt: skip
        self.widget.add_class("tv-form")

    def _show_mode(self) -> None:
        changing = self._changing is not None
        self._title.value = f"<h2>{texts.FORM_CHANGE_TITLE if changing else texts.FORM_TITLE}</h2>"
        self._confirm_button.description = texts.FORM_CONFIRM_CHANGE if changing else texts.FORM_CONFIRM
        self._keep_button.layout.display = None if changing else "none"
        if self._live.snapshot is not None:
            self.update(self._live.snapshot)

    def _start_anew(self) -> None:
        """An empty form; what was typed is gone, for it was sent or given up."""
        self._changing = self._previewed = None
        self._fields.clear()
        self._busy.value = self._outcome.value = ""
        self._show_mode()

    def _on_selection(self, _: object) -> None:
        if self._changing is not None and self._selection.station_ids != frozenset(self._changing.station_ids):
            # An order's stations stay: whoever selects others means a new one.
            self._start_anew()
        if self._live.snapshot is not None:
            self.update(self._live.snapshot)
        self._on_edit()

    def _on_edit(self) -> None:
        if self._previewed is not None:
            self._previewed = None
            self._busy.value = f'<p class="tv-stale">{texts.FORM_STALE}</p>'

    def _begin(self, action: Callable[[Order], Coroutine[Any, Any, None]]) -> None:
        """Carry out what a button asks for, off the thread that draws the page."""
        stations = self._changing.station_ids if self._changing is not None else self._selection.station_ids
        if self._live.snapshot is None:
            return
        order = self._fields.read(frozenset(stations), now=self._live.now(), zone=self._zone())
        if order is not None:
            self.background.start(self._carry_out(action, order))

    async def _carry_out(self, action: Callable[[Order], Coroutine[Any, Any, None]], order: Order) -> None:
        buttons = (self._preview_button, self._confirm_button, self._keep_button)
        for button in buttons:
            button.disabled = True
        try:
            await action(order)
        except ChangedMeanwhile:
            await self._read_anew()
            self._fields.say({"order": texts.FORM_CHANGED_MEANWHILE})
        except TwinEVError as error:
            self._fields.say({field_of(error): str(error)})
        finally:
            self._busy.value = ""
            for button in buttons:
                button.disabled = False

    async def _preview(self, order: Order) -> None:
        self._busy.value = f'<p class="tv-busy" role="status">{texts.FORM_PREVIEWING}</p>'
        preview = await asyncio.to_thread(
            self._client.preview_restriction, sorted(order.station_ids), order.limit_kw, start=order.start,
            end=order.end, v2g=order.v2g, in_place_of=self._changing.id if self._changing is not None else None,
        )  # fmt: skip
        self._watched, self._previewed = None, order
        curve = chart_html(preview, limit_kw=order.limit_kw, start=order.start, end=order.end, zone=self._zone())
        self._outcome.value = preview_html(preview, curve)

    async def _confirm(self, order: Order) -> None:
        self._busy.value = f'<p class="tv-busy" role="status">{texts.FORM_CONFIRMING}</p>'
        if self._changing is None:
            created = await asyncio.to_thread(
                self._client.restrict, sorted(order.station_ids), order.limit_kw, start=order.start, end=order.end,
                v2g=order.v2g,
            )  # fmt: skip
            watched = (created.id, None)
        else:
            watched = await self._send_change(self._changing, order)
        self._start_anew()
        self._watched = watched
        self._live.hurry()
        await self._show_progress()

    async def _send_change(self, restriction: RestrictionOut, order: Order) -> tuple[str, datetime | None]:
        """The changed order's id, and when it was changed."""
        await asyncio.to_thread(
            self._client.change_restriction, restriction, limit_kw=order.limit_kw, end=order.end, v2g=order.v2g
        )
        acts = await asyncio.to_thread(self._client.restriction_history, restriction.id)
        return restriction.id, acts[-1].at if acts else None

    async def _read_anew(self) -> None:
        """Show the order as somebody else has changed it; what was typed stays."""
        if self._changing is not None:
            self._changing = await asyncio.to_thread(self._client.restriction, self._changing.id)
            self._show_mode()

    def _follow_order(self) -> None:
        if self._watched is not None and not self._following:
            self.background.start(self._show_progress())

    async def _show_progress(self) -> None:
        watched, snapshot = self._watched, self._live.snapshot
        if watched is None or snapshot is None:
            return
        self._following = True
        try:
            restriction = await asyncio.to_thread(self._client.restriction, watched[0])
            plans = await asyncio.to_thread(self._client.plans, at_most=PROGRESS_ITEMS)
            commands = await asyncio.to_thread(self._client.commands, at_most=PROGRESS_ITEMS)
        except TwinEVError:
            # The head of the page tells that the connection is lost; the progress stays as it was.
            return
        finally:
            self._following = False
        if self._watched == watched:
            self._outcome.value = progress_html(restriction, plans, commands, snapshot, since=watched[1])

    def _zone(self) -> ZoneInfo:
        return self._live.snapshot.zone if self._live.snapshot else formats.zone_of("UTC")
