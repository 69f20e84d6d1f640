"""The Commands tab: what stations were told, by whom, and what they answered; and telling them something."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui.background import Background
from twinev.ui.command_form import CommandForm, answered_html
from twinev.ui.command_rows import COLUMNS, RETRY, command_html, command_rows
from twinev.ui.day_filter import DayFilter
from twinev.ui.dialog import Dialog
from twinev.ui.fact_list import busy_html, error_html, paragraph_html
from twinev.ui.live import Live, Snapshot
from twinev.ui.paged_list import PagedList
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.pages import Page

PAGE_ROWS = 20
_FROM_PEOPLE = {"": None, "people": True, "platform": False}


class CommandsTab:
    """The form above, the list below."""

    def __init__(self, *, client: Client, live: Live, dialog: Dialog) -> None:
        self._client, self._live, self._dialog = client, live, dialog
        self.background = Background()
        self._find = widgets.Text(description=texts.FIND, placeholder=texts.COMMANDS_FIND_HINT)
        self._state = widgets.Dropdown(description=texts.COMMANDS_ANSWER, options=texts.COMMANDS_STATES)
        self._sender = widgets.Dropdown(description=texts.COMMANDS_SENDER, options=texts.COMMANDS_SENDERS)
        self.list = PagedList(
            columns=COLUMNS,
            caption=texts.COMMANDS_CAPTION,
            read=self._read,
            rows_of=lambda commands: command_rows(commands, self._live.snapshot),
            nothing=self._nothing,
            page_rows=PAGE_ROWS,
        )
        self.form = CommandForm(client=client, live=live, on_sent=self.list.restart)
        self._days = DayFilter(on_change=self.list.restart)
        tools = widgets.HBox([self._find, self._state, self._sender, *self._days.widgets])
        tools.add_class("tv-tools")
        self.widget = widgets.VBox([self.form.widget, tools, self.list.widget])
        self.widget.add_class("tv-list-tab")
        self._find.observe(self.list.restart_when_typed, "value")
        for field in (self._state, self._sender):
            field.observe(self.list.restart, "value")
        self.list.table.on_action(self._on_action)

    def update(self, snapshot: Snapshot, *, shown: bool) -> None:
        """Take in a new state: read the page again while somebody looks at it."""
        self.form.update(snapshot)
        if shown:
            self.list.refresh()

    def _read(self, cursor: str | None) -> Page[CommandOut]:
        since, until = self._days.window(self._live.snapshot.zone)
        return self._client.commands_page(
            cursor=cursor,
            limit=PAGE_ROWS,
            find=self._find.value,
            state=self._state.value or None,
            from_people=_FROM_PEOPLE[self._sender.value],
            since=since,
            until=until,
        )

    def _nothing(self) -> str:
        looked_for = self._find.value.strip() or self._state.value or self._sender.value or self._days.used
        return texts.COMMANDS_NO_MATCH if looked_for else texts.COMMANDS_NONE

    def _on_action(self, command_id: str, key: str) -> None:
        command = next((command for command in self.list.items if command.id == command_id), None)
        if command is not None:
            self._open(command, retry=key == RETRY)

    def _open(self, command: CommandOut, *, retry: bool) -> None:
        """Show the command, and the way to send it again; for who wants just that, that comes first."""
        names = {"action": command.action, "station": command.station_id}
        content = widgets.HTML(command_html(command, zone=self._live.snapshot.zone))
        parts: list[widgets.Widget] = [content]
        if command.retryable:
            answer = widgets.HTML(paragraph_html(texts.RETRY_QUESTION.format(**names)))
            button = widgets.Button(description=texts.COMMAND_RETRY, button_style="primary")
            button.on_click(lambda _: self.background.start(self._retry(command, button, answer)))
            again = widgets.VBox([widgets.HBox([button, answer])])
            again.add_class("tv-retry")
            parts = [again, content] if retry else [content, again]
        title = texts.COMMAND_RETRY_OF if retry else texts.COMMAND_TITLE
        self._dialog.show(title.format(**names), parts)

    async def _retry(self, command: CommandOut, button: widgets.Button, answer: widgets.HTML) -> None:
        button.disabled = True
        answer.value = busy_html(texts.SEND_SENDING)
        try:
            again = await asyncio.to_thread(self._client.retry_command, command.id)
        except TwinEVError as error:
            answer.value = error_html(error)
        else:
            answer.value = answered_html(again)
            self.list.restart()
        finally:
            button.disabled = False
