"""What every list and every error looks like."""

from __future__ import annotations

from typing import Generic, TypeVar

from twinev.wire.base import WireModel

Item = TypeVar("Item")


class Page(WireModel, Generic[Item]):
    """A page of a list; ``next_cursor`` is None on the last one."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class Problem(WireModel):
    """RFC 9457 problem details; ``key``, ``value`` and ``allowed`` come with bad input."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    key: str | None = None
    value: str | None = None
    allowed: str | None = None
