"""The dialog of one transaction: kept up to date while it runs, and the way to stop it."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.answer_words import answer_of
from twinev.ui.background import Background
from twinev.ui.dialog import Dialog
from twinev.ui.fact_list import answer_html, busy_html, error_html
from twinev.ui.live import Live
from twinev.ui.pace import Pace
from twinev.ui.sure_question import SureQuestion
from twinev.ui.transaction_details import TransactionRead, read_transaction, transaction_html

#: What a dialog shows is costly to read. [s]
READ_EVERY_SECONDS = 5.0


class TransactionDialog:
    """Shows a session in the page's dialog.

    Parameters
    ----------
    api_url : str
        Where the viewer's browser finds receipts.
    """

    def __init__(self, *, client: Client, live: Live, dialog: Dialog, api_url: str) -> None:
        self._client, self._live, self._dialog, self._api_url = client, live, dialog, api_url
        self._content = widgets.HTML()
        self._answer = widgets.HTML()
        self._stop = SureQuestion(texts.STOP, sure=texts.STOP_CONFIRM, back=texts.SEND_BACK, act=self._on_stop)
        self._read: TransactionRead | None = None
        self._session_id: str | None = None
        self._pace = Pace(READ_EVERY_SECONDS)
        self.background = Background()

    def open(self, session_id: str) -> None:
        """Show this session; what is known of it is read at once."""
        self._read = None
        self._content.value = busy_html(texts.TRANSACTION_READING)
        self._answer.value = ""
        self._stop.reset()
        self._stop.widget.layout.display = "none"
        self._dialog.show(
            texts.TRANSACTION_READING, [self._content, self._stop.widget, self._answer], on_close=self._closed
        )
        self._session_id = session_id
        self._pace.begin()
        self.background.start(self._reread(session_id))

    def refresh(self) -> None:
        """Read it again while it is open and the session goes on."""
        goes_on = self._read is None or self._read.session.ended_at is None
        if self._session_id is not None and goes_on and self._pace.due():
            self.background.start(self._reread(self._session_id))

    def _closed(self) -> None:
        self._session_id = None

    async def _reread(self, session_id: str) -> None:
        try:
            read = await asyncio.to_thread(read_transaction, self._client, session_id)
        except TwinEVError as error:
            if session_id == self._session_id:
                self._answer.value = error_html(error)
            return
        if session_id == self._session_id:
            self._read = read
            self._show(read)

    def _show(self, read: TransactionRead) -> None:
        session, snapshot = read.session, self._live.snapshot
        site = next((site for site in snapshot.sites if site.id == session.site_id), None)
        self._dialog.rename(
            texts.TRANSACTION_TITLE.format(
                id=session.ocpp_transaction_id, station=session.station_id, evse=session.evse_id
            )
        )
        self._content.value = transaction_html(
            read,
            site=site.name if site else session.site_id,
            zone=formats.zone_of(site.time_zone if site else "UTC"),
            now=self._live.now(),
            api_url=self._api_url,
        )
        self._stop.question = texts.STOP_SURE.format(energy=f"{session.energy_kwh:,.2f}")
        self._stop.widget.layout.display = None if session.ended_at is None else "none"

    def _on_stop(self) -> None:
        if self._session_id is not None:
            self.background.start(self._carry_out(self._session_id))

    async def _carry_out(self, session_id: str) -> None:
        self._answer.value = busy_html(texts.SEND_SENDING)
        try:
            command = await asyncio.to_thread(self._client.stop_session, session_id)
        except TwinEVError as error:
            self._answer.value = error_html(error)
            return
        words = texts.STOP_SENT.format(answer=answer_of(command))
        self._answer.value = answer_html(words, good=command.outcome == "accepted")
        self._live.hurry()
