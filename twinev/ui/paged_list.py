"""A long list, a page at a time, as the API pages it: read anew when something happened, forward and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ipywidgets as widgets

from twinev.errors import BadInput, TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.background import Background
from twinev.ui.data_table import Column, DataTable, Row
from twinev.wire.rest.pages import Page

Item = TypeVar("Item")

#: Somebody who types is not done yet. [s]
TYPING_SECONDS = 0.4


class PagedList(Generic[Item]):
    """The table of one page, and the buttons to the next and to the one before.

    Parameters
    ----------
    read : callable
        Reads the page after a cursor, None for the first; called in a thread.
    rows_of : callable
        What is shown of a page's items.
    nothing : callable
        What to say where there is none; it may look at the filters.
    page_rows : int
        The most items on a page.
    """

    def __init__(
        self,
        *,
        columns: Sequence[Column],
        caption: str,
        read: Callable[[str | None], Page[Item]],
        rows_of: Callable[[Sequence[Item]], list[Row]],
        nothing: Callable[[], str],
        page_rows: int,
        typing_seconds: float = TYPING_SECONDS,
    ) -> None:
        self._read, self._rows_of, self._nothing, self._page_rows = read, rows_of, nothing, page_rows
        self._typing_seconds = typing_seconds
        self._cursors: list[str | None] = [None]
        self._next: str | None = None
        # Which question the page answers, which one is being asked now, and whether it is to be asked once more.
        self._question = 0
        self._asking: int | None = None
        self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self.items: tuple[Item, ...] = ()
        self.background = Background()
        self.table = DataTable(columns, caption=caption, empty=texts.LIST_READING, actions_name=texts.LIST_ACTIONS)
        self._error = widgets.HTML()
        self._place = widgets.HTML()
        self._newer = widgets.Button(description=texts.LIST_NEWER)
        self._older = widgets.Button(description=texts.LIST_OLDER)
        self._newer.on_click(lambda _: self._turn_back())
        self._older.on_click(lambda _: self._turn())
        pager = widgets.HBox([self._newer, self._place, self._older])
        pager.add_class("tv-pager")
        self.widget = widgets.VBox([self._error, self.table, pager])
        self.widget.add_class("tv-paged")
        self._show_pager()

    def refresh(self) -> None:
        """Read the page that is shown once more: at once, or when the reading that goes on has ended.

        Were each to overtake the one before, nothing would be shown where news come quicker than pages are read.
        """
        if self._asking == self._question:
            self._again = True
        else:
            self._asking, self._again = self._question, False
            self.background.start(self._ask(self._question))

    def restart(self, *_: object) -> None:
        """Go to the first page: the filters changed."""
        self._show_page([None])

    def restart_when_typed(self, *_: object) -> None:
        """The same, once nobody types any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._typing_seconds, self.restart)

    def show_again(self) -> None:
        """Show the same items anew: what stands beside them changed."""
        self.table.show(self._rows_of(self.items), empty=self._nothing())

    def _show_page(self, cursors: list[str | None]) -> None:
        """Ask for another page; what is still read for the one before is dropped."""
        self._cursors, self._next = cursors, None
        self._question += 1
        self.refresh()

    async def _ask(self, question: int) -> None:
        try:
            await self._read_and_show(question)
        finally:
            if self._asking == question:
                self._asking = None
        if self._again and question == self._question:
            self.refresh()

    async def _read_and_show(self, question: int) -> None:
        cursor = self._cursors[-1]
        try:
            page = await asyncio.to_thread(self._read, cursor)
        except TwinEVError as error:
            if question != self._question:
                return
            # The item that the page began after may have been forgotten meanwhile.
            if isinstance(error, BadInput) and cursor is not None:
                self.restart()
            else:
                self._error.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>'
            return
        if question == self._question:
            self._error.value = ""
            self.items, self._next = page.items, page.next_cursor
            self.show_again()
            self._show_pager()

    def _turn(self) -> None:
        if self._next is not None:
            self._show_page([*self._cursors, self._next])

    def _turn_back(self) -> None:
        if len(self._cursors) > 1:
            self._show_page(self._cursors[:-1])

    def _show_pager(self) -> None:
        page = len(self._cursors)
        first = (page - 1) * self._page_rows + 1
        words = texts.LIST_PLACE.format(first=first, last=first + len(self.items) - 1) if self.items else ""
        self._place.value = f'<span class="tv-detail">{formats.safe(words)}</span>'
        self._newer.disabled = page == 1
        self._older.disabled = self._next is None
