"""The charge point managers' page: composes its parts and keeps them up to date."""

from __future__ import annotations

from typing import Protocol

import ipywidgets as widgets

from twinev.client import Client
from twinev.ui import charge_points_texts as texts
from twinev.ui.analysis_tab import AnalysisTab
from twinev.ui.background import Background
from twinev.ui.commands_tab import CommandsTab
from twinev.ui.dialog import Dialog
from twinev.ui.kernel_session import log_out_url, open_kernel_client, public_api_url
from twinev.ui.live import Live, Snapshot
from twinev.ui.locations_tab import LocationsTab
from twinev.ui.news import News
from twinev.ui.operation_summary import summary_html
from twinev.ui.page_header import PageHeader, ended_html
from twinev.ui.transactions_tab import TransactionsTab

#: Events tell when something happened; this is for what no event tells, such as a meter's value. [s]
POLL_SECONDS = 10.0
#: How the kinds of events begin that change something on the page.
SHOWN_KINDS = ("session.", "station.", "plan.", "site.", "cdr.", "payment.")


class PageTab(Protocol):
    """A tab; it reads what it shows beside the live state while it is ``shown``."""

    widget: widgets.Widget

    def update(self, snapshot: Snapshot, *, shown: bool) -> None: ...


class ChargePointsPage:
    """``display(ChargePointsPage(client=…, log_out_url=…).start())`` in a notebook's last cell.

    Parameters
    ----------
    client : Client
        Acts for the manager.
    log_out_url, api_url : str
        Where the manager logs out, and where receipts are.
    poll_seconds : float
        How often the page asks for news that no event tells. [s]
    """

    def __init__(self, *, client: Client, log_out_url: str, api_url: str, poll_seconds: float = POLL_SECONDS) -> None:
        self._live = Live(client=client, poll_seconds=poll_seconds)
        self._news = News(events=client.events)
        self._header = PageHeader(user=client.me(), log_out_url=log_out_url, title=texts.PAGE_TITLE)
        self._summary = widgets.HTML()
        self.dialog = Dialog(close_label=texts.CLOSE)
        parts = {"client": client, "live": self._live, "dialog": self.dialog}
        self.transactions = TransactionsTab(**parts, api_url=api_url)
        self.commands = CommandsTab(**parts)
        self.locations = LocationsTab(**parts, on_command=self._go_to_command)
        self.analysis = AnalysisTab(client=client, api_url=api_url)
        self._tabs: dict[str, PageTab] = {
            texts.TAB_TRANSACTIONS: self.transactions,
            texts.TAB_COMMANDS: self.commands,
            texts.TAB_LOCATIONS: self.locations,
            texts.TAB_ANALYSIS: self.analysis,
        }
        self._tab = widgets.Tab([tab.widget for tab in self._tabs.values()], titles=list(self._tabs))
        self._tab.add_class("tv-tabs")
        self.widget = widgets.VBox([self._header.widget, self._summary, self._tab, self.dialog.widget])
        self.widget.add_class("tv-page")
        self._background = Background()
        self._live.on_snapshot(self._show)
        self._live.on_connection(self._header.tell)
        self._news.on_news(self._hear)
        self._tab.observe(lambda _: self._live.snapshot and self._show(self._live.snapshot), "selected_index")

    def start(self) -> widgets.VBox:
        """Show the first state at once, then go on in the kernel's event loop; returns the widget to display."""
        self._show(self._live.read())
        self._news.start()
        self._background.start(self._live.run())
        return self.widget

    def _show(self, snapshot: Snapshot) -> None:
        self._header.update(snapshot)
        self._summary.value = summary_html(snapshot)
        shown = self._tab.selected_index
        for place, tab in enumerate(self._tabs.values()):
            tab.update(snapshot, shown=place == shown)

    def _hear(self, kinds: frozenset[str]) -> None:
        if any(kind.startswith(SHOWN_KINDS) for kind in kinds):
            self._live.hurry()

    def _go_to_command(self, station_id: str) -> None:
        self.commands.form.choose_station(station_id)
        self._tab.selected_index = list(self._tabs).index(texts.TAB_COMMANDS)


def open_page() -> widgets.VBox:
    """Log this kernel in and show the page; what the dashboard's notebook calls.

    Raises
    ------
    NotAuthenticated
        The kernel was not started by the dashboards' server.
    """
    farewell = widgets.HTML()
    client = open_kernel_client(before_end=lambda: setattr(farewell, "value", ended_html()))
    page = ChargePointsPage(client=client, log_out_url=log_out_url(), api_url=public_api_url())
    return widgets.VBox([farewell, page.start()])
