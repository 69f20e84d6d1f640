"""The Flexibility tab: the editor of an order, and the orders that were given."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.client import Client
from twinev.ui.flexibility_editor import FlexibilityEditor
from twinev.ui.flexibility_orders import FlexibilityOrders
from twinev.ui.live import Live, Snapshot

# Orders of other systems come seldom: they are read with every so many updates of the page.
UPDATES_BETWEEN_READINGS = 5


class FlexibilityTab:
    """Composes the two; nothing is read while another tab is looked at."""

    def __init__(self, *, client: Client, live: Live) -> None:
        self.editor = FlexibilityEditor(client=client, live=live, then=self._read_orders)
        self.orders = FlexibilityOrders(client=client, live=live, then=self.editor.open)
        self.visible = False
        self._updates = 0
        self.widget = widgets.HBox([self.editor.widget, self.orders.widget])
        self.widget.add_class("tv-flexibility")

    def _read_orders(self) -> None:
        self.orders.read()

    def open(self) -> None:
        """The tab is looked at."""
        self.visible = True
        self.editor.open()
        self.orders.read()

    def update(self, snapshot: Snapshot) -> None:
        self.editor.update(snapshot)
        if self.visible and not self.editor.filled:
            # It was opened before anything was known.
            self.editor.open()
        self._updates += 1
        if self.visible and self._updates % UPDATES_BETWEEN_READINGS == 0:
            self.orders.read()
