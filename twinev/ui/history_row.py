"""One order in the Historical tab: its cells, its buttons, and what it unfolds into."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats, texts
from twinev.ui import texts_history as words
from twinev.ui.background import Background
from twinev.ui.history_detail import detail_html
from twinev.ui.history_rows import can_be_revoked
from twinev.ui.live import Live
from twinev.ui.revoke_order import RevokeOrder
from twinev.ui.sure_button import SureButton
from twinev.wire.rest.restrictions import RestrictionOut

# An unfolded order in force is read again with every so many updates of the page.
UPDATES_BETWEEN_READINGS = 5


class HistoryRow:
    """A row that shows one order, and later perhaps another.

    Parameters
    ----------
    client : Client
        Reads what was measured, and who did what.
    live : Live
        The platform's time.
    revoke : RevokeOrder
        Revokes.
    """

    def __init__(self, *, client: Client, live: Live, revoke: RevokeOrder) -> None:
        self._client, self._live = client, live
        self._restriction: RestrictionOut | None = None
        self._updates = 0
        self.background = Background()
        self._cells, self._detail = widgets.HTML(), widgets.HTML()
        self._unfold = widgets.Button(description=words.SHOW)
        self._unfold.on_click(self._on_unfold)
        self._revoke_button = SureButton(
            words=texts.LIMIT_REVOKE,
            question=texts.LIMIT_REVOKE_SURE,
            act=lambda: self._restriction and revoke(self._restriction.id),
        )
        buttons = widgets.VBox([self._unfold, self._revoke_button.widget])
        buttons.add_class("tv-small-buttons")
        line = widgets.HBox([self._cells, buttons])
        line.add_class("tv-history-line")
        self.widget = widgets.VBox([line, self._detail])
        self.widget.add_class("tv-history-row")

    @property
    def unfolded(self) -> bool:
        return self._unfold.description == words.HIDE

    def show(self, restriction: RestrictionOut, html: str) -> None:
        """Show that order; what was unfolded or asked about another one was not about this one."""
        before = self._restriction
        self._restriction = restriction
        if before is None or before.id != restriction.id:
            self._revoke_button.reset()
            self._fold()
        self._cells.value = html
        revocable = can_be_revoked(restriction)
        self._revoke_button.widget.layout.display = None if revocable else "none"
        self._updates += 1
        changed = before is not None and before.state != restriction.state
        if self.unfolded and (changed or (revocable and self._updates % UPDATES_BETWEEN_READINGS == 0)):
            self.background.start(self._read(restriction.id))

    def _on_unfold(self, _: object) -> None:
        if self.unfolded or self._restriction is None:
            self._fold()
            return
        self._unfold.description = words.HIDE
        self._detail.value = f'<p class="tv-busy" role="status">{formats.safe(words.DETAIL_READING)}</p>'
        self.background.start(self._read(self._restriction.id))

    def _fold(self) -> None:
        self._unfold.description = words.SHOW
        self._detail.value = ""

    async def _read(self, restriction_id: str) -> None:
        try:
            measured = await asyncio.to_thread(self._client.restriction_measured, restriction_id)
            acts = await asyncio.to_thread(self._client.restriction_history, restriction_id)
        except TwinEVError as error:
            self._detail.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>'
            return
        restriction, snapshot = self._restriction, self._live.snapshot
        if self.unfolded and restriction is not None and restriction.id == restriction_id and snapshot is not None:
            self._detail.value = detail_html(restriction, measured, acts, zone=snapshot.zone, speed=snapshot.speed)
