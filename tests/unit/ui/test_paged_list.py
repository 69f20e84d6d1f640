"""A long list by pages: forward, back, filtered, overtaken answers, errors; and its table in the browser's terms."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest

from twinev.errors import BadInput, Unavailable
from twinev.ui.data_table import Action, Cell, Column, DataTable, Row
from twinev.ui.paged_list import PagedList
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.pages import Page

PAGE_ROWS = 2


@dataclass
class FakeBook:
    """Pages of numbers: the cursor is where the last page ended."""

    items: list
    error: Exception | None = None
    asked: list[str | None] = field(default_factory=list)

    def read(self, cursor: str | None) -> Page[CommandOut]:
        self.asked.append(cursor)
        if self.error is not None:
            raise self.error
        first = int(cursor or 0)
        page = self.items[first : first + PAGE_ROWS]
        more = first + PAGE_ROWS < len(self.items)
        return Page[CommandOut].model_construct(items=tuple(page), next_cursor=str(first + PAGE_ROWS) if more else None)


def row_of(item: str) -> Row:
    return Row(id=item, cells=(Cell(text=item),), actions=(Action(key="open", label="Open", name=f"Open {item}"),))


@pytest.fixture
def book() -> FakeBook:
    return FakeBook(items=["a", "b", "c", "d", "e"])


@pytest.fixture
def listed(book) -> PagedList:
    return PagedList(
        columns=(Column(name="Letter"),), caption="Letters", read=book.read, nothing=lambda: "nothing found",
        rows_of=lambda items: [row_of(item) for item in items], page_rows=PAGE_ROWS, typing_seconds=0,
    )  # fmt: skip


def shown(listed: PagedList) -> list[str]:
    return [row["id"] for row in listed.table.rows]


def done(listed: PagedList, *acts) -> None:
    async def act() -> None:
        for one in acts:
            one()
            await asyncio.sleep(0)
            await listed.background.finished()

    asyncio.run(act())


def button(listed: PagedList, words: str):
    pager = listed.widget.children[-1]
    return next(one for one in pager.children if words in getattr(one, "description", ""))


def test_pages_are_turned_forward_and_back(listed) -> None:
    older, newer = button(listed, "Older").click, button(listed, "Newer").click

    done(listed, listed.refresh)
    assert (shown(listed), button(listed, "Newer").disabled) == (["a", "b"], True)
    done(listed, older, older)
    assert (shown(listed), button(listed, "Older").disabled) == (["e"], True)
    done(listed, newer)
    assert shown(listed) == ["c", "d"]


def test_refresh_stays_on_the_page(listed, book) -> None:
    done(listed, listed.refresh, button(listed, "Older").click, listed.refresh)

    assert book.asked == [None, "2", "2"]


def test_other_filter_begins_at_the_first_page(listed) -> None:
    done(listed, listed.refresh, button(listed, "Older").click, listed.restart)

    assert shown(listed) == ["a", "b"]


def test_typing_asks_once_it_is_over(listed, book) -> None:
    async def type_quickly() -> None:
        for _ in range(5):
            listed.restart_when_typed()
        await asyncio.sleep(0.01)
        await listed.background.finished()

    asyncio.run(type_quickly())

    assert book.asked == [None]


class SlowBook:
    """Answers only when told to, each question with what was asked for."""

    def __init__(self) -> None:
        self.wanted, self.asked, self.open = "a", [], {}

    def read(self, _cursor: str | None) -> Page[CommandOut]:
        number, answer = len(self.asked), self.wanted
        self.open[number] = threading.Event()
        self.asked.append(answer)
        assert self.open[number].wait(10)
        return Page[CommandOut].model_construct(items=(f"{answer}{number}",), next_cursor=None)

    async def asks(self, times: int) -> None:
        while len(self.asked) < times:
            await asyncio.sleep(0.001)


def test_answer_to_an_older_question_is_dropped(listed) -> None:
    book = SlowBook()
    listed._read = book.read

    async def choose_twice() -> None:
        listed.restart()
        await book.asks(1)
        book.wanted = "b"
        listed.restart()
        await book.asks(2)
        book.open[1].set()
        while not listed.items:
            await asyncio.sleep(0.001)
        book.open[0].set()
        await listed.background.finished()

    asyncio.run(choose_twice())

    assert (shown(listed), book.asked) == (["b1"], ["a", "b"])


def test_news_that_come_quicker_than_pages_are_read_keep_nothing_from_being_shown(listed) -> None:
    book = SlowBook()
    listed._read = book.read
    seen = []

    async def hear_news() -> None:
        listed.refresh()
        for number in range(3):
            await book.asks(number + 1)
            for _ in range(5):
                listed.refresh()
            assert len(book.asked) == number + 1
            book.open[number].set()
            await book.asks(number + 2)
            seen.append(shown(listed))
        book.open[3].set()
        await listed.background.finished()

    asyncio.run(hear_news())

    assert seen == [["a0"], ["a1"], ["a2"]]
    assert shown(listed) == ["a3"]


def test_page_whose_first_item_was_forgotten_leads_to_the_first_page(listed, book) -> None:
    done(listed, listed.refresh, button(listed, "Older").click)
    read = book.read
    listed._read = lambda cursor: read(cursor) if cursor is None else _refused(cursor)

    done(listed, listed.refresh)

    assert shown(listed) == ["a", "b"]


def _refused(cursor: str) -> Page:
    raise BadInput("cursor", cursor, "the next_cursor of an earlier page")


def test_api_that_is_away_is_told_and_the_rows_stay(listed, book) -> None:
    done(listed, listed.refresh)
    book.error = Unavailable("<b>nobody there</b>")
    done(listed, listed.refresh)

    assert "&lt;b&gt;nobody there" in listed.widget.children[0].value
    assert shown(listed) == ["a", "b"]


def test_list_without_items_says_so(listed, book) -> None:
    book.items = []
    done(listed, listed.refresh)

    assert (shown(listed), listed.table.empty) == ([], "nothing found")


def test_click_reaches_who_listens_and_only_for_rows_that_there_are() -> None:
    table = DataTable((Column(name="Letter"),), caption="Letters")
    clicked = []
    table.on_action(lambda row_id, key: clicked.append((row_id, key)))
    table.show([row_of("a")])

    for message in ({"row": "a", "action": "open"}, {"row": "b", "action": "open"}, {"row": "a", "action": "drop"}, {}):
        table._take(None, message, None)

    assert clicked == [("a", "open")]


def test_table_is_told_only_what_differs() -> None:
    table = DataTable((Column(name="Letter"),), caption="Letters")
    table.show([row_of("a")])
    changes = []
    table.observe(changes.append, "rows")

    table.show([row_of("a")])
    assert changes == []
    table.show([row_of("a"), row_of("b")])
    assert len(changes) == 1
