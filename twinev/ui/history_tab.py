"""The Historical tab: who ordered what, when, where, and whether it held; filter, unfold, revoke, download."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats, texts
from twinev.ui import texts_history as words
from twinev.ui.background import Background
from twinev.ui.history_row import HistoryRow
from twinev.ui.history_rows import csv_text, matches, row_html
from twinev.ui.live import Live, Snapshot
from twinev.ui.revoke_order import RevokeOrder
from twinev.ui.row_cells import head_html
from twinev.wire.rest.restrictions import RestrictionOut

PAGE_ROWS = 20
MOST_ORDERS = 2000


class HistoryTab:
    """All orders, the newest first.

    Parameters
    ----------
    client : Client
        Reads the orders that the live state is too short for, and revokes.
    live : Live
        Brings the latest orders.
    """

    def __init__(self, *, client: Client, live: Live) -> None:
        self._client, self._live = client, live
        self._orders: dict[str, RestrictionOut] = {}
        self._rows: list[HistoryRow] = []
        self._shown_rows = PAGE_ROWS
        self._all_read = False
        self._exported: tuple[object, ...] = ()
        #: While another tab is looked at, nothing is drawn here.
        self.visible = True
        self.background = Background()
        self.revoke = RevokeOrder(client=client, live=live, then=self._take_one)
        self._find = widgets.Text(description=words.SEARCH, placeholder=words.SEARCH_HINT)
        states = [(words.ANY_STATE, ""), *((name, state) for state, name in texts.STATES.items())]
        self._state = widgets.Dropdown(description=words.STATE, options=states, value="")
        self._when = widgets.Dropdown(description=words.WHEN, options=list(words.WHENS), value=0)
        self._count, self._export, self._error = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._body = widgets.VBox()
        self._more = widgets.Button(description=words.MORE)
        self._arrange()
        for field in (self._find, self._state, self._when):
            field.observe(self._on_filter, "value")
        self._more.on_click(self._show_more)

    def _arrange(self) -> None:
        head = widgets.HTML(head_html(words.COLUMNS))
        head.add_class("tv-history-head")
        tools = widgets.HBox([self._find, self._state, self._when, self._count, self._export])
        tools.add_class("tv-history-tools")
        self.widget = widgets.VBox([tools, self._error, self.revoke.error, head, self._body, self._more])
        self.widget.add_class("tv-history")

    def open(self) -> None:
        """The tab is looked at: read every order, once; later ones come with the live state."""
        self.visible = True
        self._show_again()
        if not self._all_read:
            self._all_read = True
            self.background.start(self.read_all())

    async def read_all(self) -> None:
        """Read the orders that the live state is too short for."""
        self._error.value = f'<p class="tv-busy" role="status">{formats.safe(words.READING)}</p>'
        try:
            orders = await asyncio.to_thread(self._client.restrictions, at_most=MOST_ORDERS)
        except TwinEVError as error:
            self._all_read = False
            self._error.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>'
            return
        self._error.value = ""
        # What came with the live state meanwhile is newer.
        self._orders = {order.id: order for order in orders} | self._orders
        self._show_again()

    def update(self, snapshot: Snapshot) -> None:
        """Take in the latest orders and show what changed."""
        self._take(snapshot.restrictions)
        if self.visible:
            self._show(snapshot)

    def _take(self, restrictions: Iterable[RestrictionOut]) -> None:
        self._orders |= {restriction.id: restriction for restriction in restrictions}

    def _take_one(self, restriction: RestrictionOut) -> None:
        self._take([restriction])
        self._show_again()

    def _on_filter(self, _: object) -> None:
        self._shown_rows = PAGE_ROWS
        self._show_again()

    def _show_more(self, _: object) -> None:
        self._shown_rows += PAGE_ROWS
        self._show_again()

    def _show_again(self) -> None:
        if self._live.snapshot is not None:
            self._show(self._live.snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        names = {site.id: site.name for site in snapshot.sites}
        sites = {station.id: names.get(station.site_id, "") for station in snapshot.stations}
        since = since_of(self._when.value, snapshot)
        wanted = [
            order
            for order in sorted(self._orders.values(), key=lambda order: order.created_at, reverse=True)
            if matches(
                order, find=self._find.value, state=self._state.value or None, since=since, site_of_station=sites
            )
        ]
        shown = wanted[: self._shown_rows]
        self._fit_rows(len(shown))
        for row, order in zip(self._rows, shown, strict=False):
            row.show(order, row_html(order, zone=snapshot.zone, site_of_station=sites))
        self._more.layout.display = None if len(wanted) > len(shown) else "none"
        self._count.value = count_html(len(wanted), len(self._orders))
        self._offer_file(wanted, sites)

    def _offer_file(self, wanted: Sequence[RestrictionOut], sites: dict[str, str]) -> None:
        """Make the file anew only when an order came or changed: it is sent to the browser each time."""
        now = tuple((order.id, order.version, order.state) for order in wanted)
        if now != self._exported or not wanted:
            self._exported = now
            self._export.value = export_html(csv_text(wanted, site_of_station=sites)) if wanted else ""

    def _fit_rows(self, count: int) -> None:
        while len(self._rows) < count:
            self._rows.append(HistoryRow(client=self._client, live=self._live, revoke=self.revoke))
        if len(self._body.children) != count:
            self._body.children = [row.widget for row in self._rows[:count]]


def since_of(days: int, snapshot: Snapshot) -> datetime | None:
    """The begin of the day that is so many days back, today counted; None for any time."""
    if days == 0:
        return None
    midnight = snapshot.now.astimezone(snapshot.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days - 1)


def count_html(shown: int, total: int) -> str:
    """How many orders the filter leaves, or why there is nothing to see."""
    if total == 0:
        told = words.NONE
    elif shown == 0:
        told = words.NO_MATCH
    else:
        told = words.COUNT.format(shown=shown, total=total)
    return f'<span class="tv-detail">{formats.safe(told)}</span>'


def export_html(csv_body: str) -> str:
    """A link that holds the file itself: nothing is asked of the server."""
    encoded = base64.b64encode(csv_body.encode("utf-8-sig")).decode()
    return (
        f'<a class="tv-button" download="restrictions.csv" href="data:text/csv;base64,{encoded}">'
        f"{formats.safe(words.EXPORT)}</a>"
    )
