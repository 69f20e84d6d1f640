"""The Transactions tab: what charges and what charged, searched and paged, each with its details."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.client import Client
from twinev.ui import charge_points_texts as texts
from twinev.ui.day_filter import DayFilter
from twinev.ui.dialog import Dialog
from twinev.ui.live import Live, Snapshot
from twinev.ui.paged_list import PagedList
from twinev.ui.transaction_dialog import TransactionDialog
from twinev.ui.transaction_rows import COLUMNS, transaction_rows
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sessions import SessionOut

PAGE_ROWS = 20
_ACTIVE = {"": None, "running": True, "ended": False}


class TransactionsTab:
    """The list and its filters.

    Parameters
    ----------
    client : Client
        Reads the pages.
    live : Live
        Knows the sites and the time.
    dialog : Dialog
        Shows the details.
    api_url : str
        Where the viewer's browser finds receipts.
    """

    def __init__(self, *, client: Client, live: Live, dialog: Dialog, api_url: str) -> None:
        self._client, self._live = client, live
        self.details = TransactionDialog(client=client, live=live, dialog=dialog, api_url=api_url)
        self._find = widgets.Text(description=texts.FIND, placeholder=texts.TRANSACTIONS_FIND_HINT)
        self._state = widgets.Dropdown(description=texts.STATE, options=texts.TRANSACTIONS_STATES)
        self._site = widgets.Dropdown(description=texts.SITE, options=[(texts.ANY, "")])
        self.list = PagedList(
            columns=COLUMNS,
            caption=texts.TRANSACTIONS_CAPTION,
            read=self._read,
            rows_of=lambda sessions: transaction_rows(sessions, self._live.snapshot),
            nothing=self._nothing,
            page_rows=PAGE_ROWS,
        )
        self._days = DayFilter(on_change=self.list.restart)
        tools = widgets.HBox([self._find, self._state, self._site, *self._days.widgets])
        tools.add_class("tv-tools")
        self.widget = widgets.VBox([tools, self.list.widget])
        self.widget.add_class("tv-list-tab")
        self._find.observe(self.list.restart_when_typed, "value")
        for field in (self._state, self._site):
            field.observe(self.list.restart, "value")
        self.list.table.on_action(lambda session_id, _: self.details.open(session_id))

    def update(self, snapshot: Snapshot, *, shown: bool) -> None:
        """Take in a new state: read the page again while somebody looks at it."""
        sites = [(texts.ANY, ""), *((site.name, site.id) for site in snapshot.sites)]
        if tuple(sites) != tuple(self._site.options):
            chosen = self._site.value
            self._site.options = sites
            self._site.value = chosen
        if shown:
            self.list.refresh()
        self.details.refresh()

    def _read(self, cursor: str | None) -> Page[SessionOut]:
        since, until = self._days.window(self._live.snapshot.zone)
        return self._client.sessions_page(
            cursor=cursor,
            limit=PAGE_ROWS,
            find=self._find.value,
            active=_ACTIVE[self._state.value],
            site_id=self._site.value or None,
            since=since,
            until=until,
        )

    def _nothing(self) -> str:
        looked_for = self._find.value.strip() or self._state.value or self._site.value or self._days.used
        return texts.TRANSACTIONS_NO_MATCH if looked_for else texts.TRANSACTIONS_NONE
