"""The list of flexibility orders, those of other systems too, with the buttons that take one back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats, texts
from twinev.ui import texts_flexibility as words
from twinev.ui.background import Background
from twinev.ui.flexibility_input import signed
from twinev.ui.live import Live, Snapshot
from twinev.ui.row_cells import cells_html, head_html
from twinev.ui.sure_button import SureButton
from twinev.wire.rest.flexibility import FlexibilityOrderOut

PAGE_ROWS = 15
REVOCABLE = frozenset({"scheduled", "in_force"})


class FlexibilityRow:
    """One order, with the button that revokes it while it can be."""

    def __init__(self, *, revoke: Callable[[str], None]) -> None:
        self._order: FlexibilityOrderOut | None = None
        self._cells = widgets.HTML()
        self._button = SureButton(
            words=texts.LIMIT_REVOKE,
            question=texts.LIMIT_REVOKE_SURE,
            act=lambda: self._order and revoke(self._order.id),
        )
        buttons = widgets.HBox([self._button.widget])
        buttons.add_class("tv-small-buttons")
        self.widget = widgets.HBox([self._cells, buttons])
        self.widget.add_class("tv-flexibility-row")

    def show(self, order: FlexibilityOrderOut, snapshot: Snapshot) -> None:
        if self._order is None or self._order.id != order.id:
            self._button.reset()
        self._order = order
        self._cells.value = row_html(order, snapshot)
        self._button.widget.layout.visibility = "visible" if order.state in REVOCABLE else "hidden"


class FlexibilityOrders:
    """The newest orders.

    Parameters
    ----------
    client : Client
        Reads and revokes.
    live : Live
        The platform's time.
    then : callable
        Called after an order was revoked.
    """

    def __init__(self, *, client: Client, live: Live, then: Callable[[], None]) -> None:
        self._client, self._live, self._then = client, live, then
        self._orders: tuple[FlexibilityOrderOut, ...] = ()
        self._rows: list[FlexibilityRow] = []
        self._shown = PAGE_ROWS
        self._reading = False
        self.background = Background()
        self._empty, self._error = widgets.HTML(), widgets.HTML()
        self._head = widgets.HTML(head_html(words.COLUMNS))
        self._head.add_class("tv-flexibility-head")
        self._body = widgets.VBox()
        self._more = widgets.Button(description=words.MORE)
        self._more.on_click(self._show_more)
        title = widgets.HTML(f"<h2>{words.ORDERS_TITLE}</h2>")
        self.widget = widgets.VBox([title, self._error, self._empty, self._head, self._body, self._more])
        self.widget.add_class("tv-flexibility-orders")

    def read(self) -> None:
        """Ask for the orders, unless they are just being asked for."""
        if not self._reading:
            self._reading = True
            self.background.start(self._read())

    async def _read(self) -> None:
        try:
            # One more than is shown tells whether there are more.
            orders = await asyncio.to_thread(self._client.flexibility_orders, at_most=self._shown + 1)
        except TwinEVError:
            # The head of the page tells that the connection is lost; the list stays as it was.
            return
        finally:
            self._reading = False
        self._orders = tuple(orders)
        self._show()

    def _show(self) -> None:
        snapshot = self._live.snapshot
        if snapshot is None:
            return
        shown = self._orders[: self._shown]
        while len(self._rows) < len(shown):
            self._rows.append(FlexibilityRow(revoke=self._revoke))
        for row, order in zip(self._rows, shown, strict=False):
            row.show(order, snapshot)
        if len(self._body.children) != len(shown):
            self._body.children = [row.widget for row in self._rows[: len(shown)]]
        self._empty.value = "" if shown else f'<p class="tv-help">{formats.safe(words.ORDERS_NONE)}</p>'
        self._head.layout.display = None if shown else "none"
        self._more.layout.display = None if len(self._orders) > len(shown) else "none"

    def _show_more(self, _: object) -> None:
        self._shown += PAGE_ROWS
        self.read()

    def _revoke(self, order_id: str) -> None:
        self.background.start(self._carry_out(order_id))

    async def _carry_out(self, order_id: str) -> None:
        try:
            await asyncio.to_thread(self._client.revoke_flexibility_order, order_id)
        except TwinEVError as error:
            self._error.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>'
        else:
            self._error.value = ""
        await self._read()
        self._then()
        self._live.hurry()


def row_html(order: FlexibilityOrderOut, snapshot: Snapshot) -> str:
    """One order as the cells of a row; on a narrow screen each cell carries its column's name."""
    site = next((site for site in snapshot.sites if site.id == order.site_id), None)
    zone = formats.zone_of(site.time_zone if site else "UTC")
    by = words.BY.format(user=order.ordered_by)
    window = f"{formats.day_and_clock(order.start, zone)} – {formats.near(order.end, zone, now=order.start)}"
    state = words.STATES.get(order.state, order.state)
    revoked = words.REVOKED.format(user=order.revoked_by) if order.revoked_by else ""
    cells = (
        f"{formats.safe(formats.day_and_clock(order.ordered_at, zone))}<small>{formats.safe(by)}</small>",
        formats.safe(site.name if site else order.site_id),
        f"{formats.safe(window)}<small>{formats.safe(words.IN_STEPS.format(minutes=order.step_minutes))}</small>",
        f"{formats.safe(range_text(order.values_kw))}{bars_html(order.values_kw)}",
        f'<span class="tv-state tv-flexibility-{formats.safe(order.state)}">{formats.safe(state)}</span>'
        f"<small>{formats.safe(revoked)}</small>",
    )
    return cells_html(words.COLUMNS, cells)


def range_text(values_kw: Sequence[float]) -> str:
    """The one offset, or the lowest and the highest."""
    lowest, highest = min(values_kw), max(values_kw)
    if lowest == highest:
        return words.ONE_VALUE.format(value=signed(lowest))
    return words.RANGE.format(lowest=signed(lowest), highest=signed(highest))


def bars_html(values_kw: Sequence[float], *, most: int = 48) -> str:
    """The offsets as small bars up and down from a line; nothing where they are all alike."""
    if min(values_kw) == max(values_kw):
        return ""
    shown = values_kw[:most]
    largest = max(abs(value) for value in shown) or 1.0
    bars = []
    for number, value in enumerate(shown):
        height = 9 * abs(value) / largest
        top = 10 - height if value > 0 else 10
        bars.append(f'<rect x="{number * 5}" y="{top:.1f}" width="4" height="{height:.1f}"/>')
    width = 5 * len(shown)
    return (
        f'<svg class="tv-bars" aria-hidden="true" viewBox="0 0 {width} 20" width="{width}" height="20">'
        f'<path d="M0 10H{width}"/>{"".join(bars)}</svg>'
    )
