"""Pages of lists: opaque cursors, so that what they hold may change."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Query

from twinev.errors import BadInput
from twinev.wire.base import WireModel
from twinev.wire.rest.pages import Page

Row = TypeVar("Row")
Out = TypeVar("Out", bound=WireModel)


@dataclass(frozen=True, kw_only=True)
class PageAsk:
    """Which page somebody asks for: ``after`` is where the one before ended."""

    limit: int
    after: str | None

    @property
    def one_more(self) -> int:
        """How many rows to read: the last one only tells that there is another page."""
        return self.limit + 1


async def page_ask(
    limit: Annotated[int, Query(ge=1, le=1000, description="the most items on a page")] = 100,
    cursor: Annotated[str | None, Query(max_length=512, description="next_cursor of the page before")] = None,
) -> PageAsk:
    """Read ``limit`` and ``cursor`` from the query."""
    return PageAsk(limit=limit, after=None if cursor is None else _read(cursor))


WantedPage = Annotated[PageAsk, Depends(page_ask)]


def page_of(rows: Sequence[Row], ask: PageAsk, *, out: Callable[[Row], Out], name: Callable[[Row], str]) -> Page[Out]:
    """Make a page of rows that were read with `PageAsk.one_more`; ``name`` says where the next page goes on."""
    shown = rows[: ask.limit]
    more = len(rows) > ask.limit
    # Of no kind: which one it is, the route says; a page of `Out` would be a new class at every call.
    return Page(items=tuple(out(row) for row in shown), next_cursor=_write(name(shown[-1])) if more else None)


def rows_after(rows: Sequence[Row], ask: PageAsk, *, name: Callable[[Row], str]) -> Sequence[Row]:
    """Cut a page, and one row more, out of a whole list, in the order of ``name``."""
    # Sorted here: a database may order text by a language's rules, and a page must not end where Python's begins.
    later = rows if ask.after is None else [row for row in rows if name(row) > ask.after]
    return sorted(later, key=name)[: ask.one_more]


def number_after(ask: PageAsk) -> int | None:
    """Where a list goes on whose cursors are numbers.

    Raises
    ------
    BadInput
        The cursor is none of them.
    """
    if ask.after is None:
        return None
    # No column holds a number beyond 64 bits, which both databases would answer with an error of their own.
    if not (ask.after.isascii() and ask.after.isdecimal()) or int(ask.after) >= 2**63:
        raise BadInput("cursor", ask.after, "the next_cursor of an earlier page")
    return int(ask.after)


def _write(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        name = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        # A database may refuse to look for such a text.
        if "\0" in name:
            raise ValueError("NUL")
        return name
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise BadInput("cursor", cursor, "the next_cursor of an earlier page") from error
