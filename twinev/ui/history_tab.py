"""The Historical tab: who ordered what, when, where, and whether it held; filter, revoke, download."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats, texts
from twinev.ui.background import Background
from twinev.ui.history_rows import can_be_revoked, csv_text, head_html, matches, row_html
from twinev.ui.live import Live, Snapshot
from twinev.wire.rest.restrictions import RestrictionOut

PAGE_ROWS = 20
MOST_ORDERS = 2000


class HistoryRow:
    """One order's row: its cells, and the button that revokes it while it can be."""

    def __init__(self, *, revoke: Callable[[str], None]) -> None:
        self._cells = widgets.HTML()
        self._button = widgets.Button(description=texts.HISTORY_REVOKE)
        self._restriction_id = ""
        self._asked = False
        self._revoke = revoke
        self._button.on_click(self._on_click)
        self.widget = widgets.HBox([self._cells, self._button])
        self.widget.add_class("tv-history-row")

    def show(self, restriction: RestrictionOut, html: str) -> None:
        """Show that order; whoever was asked about another one was not asked about this one."""
        if restriction.id != self._restriction_id:
            self._restriction_id = restriction.id
            self._ask(asked=False)
        self._cells.value = html
        self._button.layout.visibility = "visible" if can_be_revoked(restriction) else "hidden"

    def _on_click(self, _: object) -> None:
        if self._asked:
            self._revoke(self._restriction_id)
        self._ask(asked=not self._asked)

    def _ask(self, *, asked: bool) -> None:
        # Revoking lets the power rise again at once: a second click says that it was meant.
        self._asked = asked
        self._button.description = texts.HISTORY_REVOKE_SURE if asked else texts.HISTORY_REVOKE
        self._button.button_style = "danger" if asked else ""


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
        self.background = Background()
        self._find = widgets.Text(description=texts.HISTORY_SEARCH, placeholder=texts.HISTORY_SEARCH_HINT)
        states = [(texts.HISTORY_ANY_STATE, ""), *((words, state) for state, words in texts.STATES.items())]
        self._state = widgets.Dropdown(description=texts.HISTORY_STATE, options=states, value="")
        self._count = widgets.HTML()
        self._error = widgets.HTML()
        self._export = widgets.HTML()
        self._body = widgets.VBox()
        self._more = widgets.Button(description=texts.HISTORY_MORE)
        head = widgets.HTML(head_html())
        head.add_class("tv-history-head")
        tools = widgets.HBox([self._find, self._state, self._count, self._export])
        tools.add_class("tv-history-tools")
        self.widget = widgets.VBox([tools, self._error, head, self._body, self._more])
        self.widget.add_class("tv-history")
        self._find.observe(self._on_filter, "value")
        self._state.observe(self._on_filter, "value")
        self._more.on_click(self._show_more)

    def read_all(self) -> None:
        """Read every order once; later ones come with the live state."""
        self._take(self._client.restrictions(at_most=MOST_ORDERS))

    def update(self, snapshot: Snapshot) -> None:
        """Take in the latest orders and show what changed."""
        self._take(snapshot.restrictions)
        self._show(snapshot)

    def _take(self, restrictions) -> None:
        self._orders |= {restriction.id: restriction for restriction in restrictions}

    def _on_filter(self, _: object) -> None:
        self._shown_rows = PAGE_ROWS
        if self._live.snapshot is not None:
            self._show(self._live.snapshot)

    def _show_more(self, _: object) -> None:
        self._shown_rows += PAGE_ROWS
        if self._live.snapshot is not None:
            self._show(self._live.snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        zone = formats.zone_of(snapshot.sites[0].time_zone if snapshot.sites else "UTC")
        names = {site.id: site.name for site in snapshot.sites}
        sites = {station.id: names.get(station.site_id, "") for station in snapshot.stations}
        wanted = [
            order
            for order in sorted(self._orders.values(), key=lambda order: order.created_at, reverse=True)
            if matches(order, find=self._find.value, state=self._state.value or None, site_of_station=sites)
        ]
        shown = wanted[: self._shown_rows]
        self._fit_rows(len(shown))
        for row, order in zip(self._rows, shown, strict=False):
            row.show(order, row_html(order, zone=zone, site_of_station=sites))
        self._more.layout.display = None if len(wanted) > len(shown) else "none"
        self._count.value = count_html(len(wanted), len(self._orders))
        self._export.value = export_html(csv_text(wanted)) if wanted else ""

    def _fit_rows(self, count: int) -> None:
        while len(self._rows) < count:
            self._rows.append(HistoryRow(revoke=self._revoke))
        if len(self._body.children) != count:
            self._body.children = [row.widget for row in self._rows[:count]]

    def _revoke(self, restriction_id: str) -> None:
        self.background.start(self._carry_out(restriction_id))

    async def _carry_out(self, restriction_id: str) -> None:
        try:
            revoked = await asyncio.to_thread(self._client.revoke_restriction, restriction_id)
        except TwinEVError as error:
            self._error.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>'
            return
        self._error.value = ""
        self._take([revoked])
        if self._live.snapshot is not None:
            self._show(self._live.snapshot)
        self._live.hurry()


def count_html(shown: int, total: int) -> str:
    """How many orders the filter leaves, or why there is nothing to see."""
    if total == 0:
        words = texts.HISTORY_NONE
    elif shown == 0:
        words = texts.HISTORY_NO_MATCH
    else:
        words = texts.HISTORY_COUNT.format(shown=shown, total=total)
    return f'<span class="tv-detail">{formats.safe(words)}</span>'


def export_html(csv_body: str) -> str:
    """A link that holds the file itself: nothing is asked of the server."""
    encoded = base64.b64encode(csv_body.encode("utf-8-sig")).decode()
    return (
        f'<a class="tv-button" download="restrictions.csv" href="data:text/csv;base64,{encoded}">'
        f"{formats.safe(texts.HISTORY_EXPORT)}</a>"
    )
