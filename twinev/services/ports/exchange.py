"""The outbox of events and the inbox of other modules' announcements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from twinev.domain.announcement import Announcement


class Events(Protocol):
    def add(self, kind: str, data: dict[str, Any]) -> None:
        """Write an event into the outbox; it goes out as ``twinev.v1.evt.<kind>`` after the commit."""


@dataclass(frozen=True, kw_only=True)
class OutboxEvent:
    """An event that waits in the outbox; ``id`` becomes its Msg-Id."""

    id: str
    kind: str
    at: datetime
    data: dict[str, Any]


class Outbox(Protocol):
    """What the relay needs of the outbox, oldest first."""

    def pending(self, limit: int) -> Sequence[OutboxEvent]: ...
    def published(self, event_ids: Iterable[str]) -> None:
        """Forget events that the stream holds now."""

    def lag(self) -> tuple[int, datetime | None]:
        """Return how many events wait, and since when the oldest does."""


class Inbox(Protocol):
    """Which announcements of other modules were taken in."""

    def content_hash(self, source: str, message_id: str) -> bytes | None:
        """The content of the announcement with this id; None when it was not taken in."""

    def newer(self, announcement: Announcement) -> str | None:
        """The id of one that was made later and speaks of the same thing over part of the same time."""

    def remember(self, announcement: Announcement, at: datetime) -> None: ...
    def forget_before(self, at: datetime) -> None: ...
