"""The grid operators' page: composes its parts and keeps them up to date."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError, Unavailable
from twinev.ui import formats, texts, texts_alerts, texts_flexibility, texts_history
from twinev.ui.alerts import alerts_of
from twinev.ui.alerts_tab import AlertsTab, AlertStrip, tab_title
from twinev.ui.background import Background
from twinev.ui.flexibility_tab import FlexibilityTab
from twinev.ui.history_tab import HistoryTab
from twinev.ui.kernel_session import log_out_url, open_kernel_client, users_url
from twinev.ui.live import Connection, Live, Snapshot
from twinev.ui.page_header import PageHeader, ended_html
from twinev.ui.status_tab import StatusTab

STATUS, ALERTS, FLEXIBILITY, HISTORY = range(4)


class GridOperatorPage:
    """``display(GridOperatorPage(client=…, log_out_url=…).start())`` in a notebook's last cell.

    Parameters
    ----------
    client : Client
        Acts for the operator.
    log_out_url : str
        Where the operator logs out.
    users_url : str, optional
        Where administrators manage users.
    poll_seconds : float
        How often the page asks for news. [s]
    """

    def __init__(
        self, *, client: Client, log_out_url: str, users_url: str | None = None, poll_seconds: float = 1.5
    ) -> None:
        self._live = Live(client=client, poll_seconds=poll_seconds)
        self._header = PageHeader(user=client.me(), log_out_url=log_out_url, users_url=users_url)
        self.status = StatusTab(client=client, live=self._live)
        self.alerts = AlertsTab(look=self._look_at)
        self.flexibility = FlexibilityTab(client=client, live=self._live)
        self.history = HistoryTab(client=client, live=self._live)
        self.history.visible = False
        self._strip = AlertStrip(show=lambda: self._open_tab(ALERTS))
        parts = [self.status.widget, self.alerts.widget, self.flexibility.widget, self.history.widget]
        titles = [texts.TAB_STATUS, texts_alerts.TAB, texts_flexibility.TAB, texts_history.TAB]
        self._tabs = widgets.Tab(parts, titles=titles)
        self._tabs.add_class("tv-tabs")
        self._tabs.observe(self._on_tab, "selected_index")
        self.widget = widgets.VBox([self._header.widget, self._strip.widget, self._tabs])
        self.widget.add_class("tv-page")
        self._live.on_snapshot(self._show)
        self._live.on_connection(self._tell)
        self._background = Background()

    def start(self) -> widgets.VBox:
        """Show the first state at once, then go on in the kernel's event loop; returns the widget to display."""
        try:
            self._show(self._live.read())
        except TwinEVError as error:
            self._tell(Connection(lost=str(error)))
        self._background.start(self._live.run())
        return self.widget

    def _show(self, snapshot: Snapshot) -> None:
        alerts = alerts_of(snapshot)
        self._header.update(snapshot)
        self.status.update(snapshot)
        self._strip.update(alerts)
        self.alerts.update(alerts, snapshot)
        self._tabs.set_title(ALERTS, tab_title(alerts))
        self.flexibility.update(snapshot)
        self.history.update(snapshot)

    def _tell(self, connection: Connection) -> None:
        self._header.tell(connection)
        # What is old must not look as if it were now.
        (self.widget.remove_class if connection.lost is None else self.widget.add_class)("tv-lost")

    def _on_tab(self, change: dict[str, int]) -> None:
        self.flexibility.visible = self.history.visible = False
        if change["new"] == FLEXIBILITY:
            self.flexibility.open()
        elif change["new"] == HISTORY:
            self.history.open()

    def _open_tab(self, number: int) -> None:
        self._tabs.selected_index = number

    def _look_at(self, station_ids: tuple[str, ...]) -> None:
        self._open_tab(STATUS)
        self.status.look_at(station_ids)


def open_page() -> widgets.VBox:
    """Log this kernel in and show the page; what the dashboard's notebook calls.

    Raises
    ------
    NotAuthenticated
        The kernel was not started by the dashboards' server.
    """
    farewell = widgets.HTML()
    try:
        client = open_kernel_client(before_end=lambda: setattr(farewell, "value", ended_html()))
        page = GridOperatorPage(client=client, log_out_url=log_out_url(), users_url=users_url())
    except Unavailable:
        return widgets.VBox([widgets.HTML(f'<p class="tv-banner" role="alert">{formats.safe(texts.NOT_OPENED)}</p>')])
    return widgets.VBox([farewell, page.start()])
