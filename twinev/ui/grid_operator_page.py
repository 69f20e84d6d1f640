"""The grid operators' page: composes its parts and keeps them up to date."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.client import Client
from twinev.ui import texts
from twinev.ui.background import Background
from twinev.ui.history_tab import HistoryTab
from twinev.ui.kernel_session import log_out_url, open_kernel_client
from twinev.ui.live import Live, Snapshot
from twinev.ui.page_header import PageHeader, ended_html
from twinev.ui.status_tab import StatusTab


class GridOperatorPage:
    """``display(GridOperatorPage(client=…, log_out_url=…).start())`` in a notebook's last cell.

    Parameters
    ----------
    client : Client
        Acts for the operator.
    log_out_url : str
        Where the operator logs out.
    poll_seconds : float
        How often the page asks for news. [s]
    """

    def __init__(self, *, client: Client, log_out_url: str, poll_seconds: float = 1.5) -> None:
        self._live = Live(client=client, poll_seconds=poll_seconds)
        self._header = PageHeader(user=client.me(), log_out_url=log_out_url)
        self.status = StatusTab(client=client, live=self._live)
        self.history = HistoryTab(client=client, live=self._live)
        tabs = widgets.Tab([self.status.widget, self.history.widget], titles=[texts.TAB_STATUS, texts.TAB_HISTORY])
        tabs.add_class("tv-tabs")
        self.widget = widgets.VBox([self._header.widget, tabs])
        self.widget.add_class("tv-page")
        self._live.on_snapshot(self._show)
        self._live.on_connection(self._header.tell)
        self._background = Background()

    def start(self) -> widgets.VBox:
        """Show the first state at once, then go on in the kernel's event loop; returns the widget to display."""
        self._show(self._live.read())
        self.history.read_all()
        self._background.start(self._live.run())
        return self.widget

    def _show(self, snapshot: Snapshot) -> None:
        self._header.update(snapshot)
        self.status.update(snapshot)
        self.history.update(snapshot)


def open_page() -> widgets.VBox:
    """Log this kernel in and show the page; what the dashboard's notebook calls.

    Raises
    ------
    NotAuthenticated
        The kernel was not started by the dashboards' server.
    """
    farewell = widgets.HTML()
    client = open_kernel_client(before_end=lambda: setattr(farewell, "value", ended_html()))
    page = GridOperatorPage(client=client, log_out_url=log_out_url())
    return widgets.VBox([farewell, page.start()])
