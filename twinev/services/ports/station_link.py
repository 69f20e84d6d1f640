"""The way to the stations, and the platform's own events as they are published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from twinev.domain.commands import AnyCommand, CommandReply


class StationCommands(Protocol):
    """Sends a command to a station, wherever its socket is."""

    async def send(self, station_id: str, command: AnyCommand, *, timeout_seconds: float = 30.0) -> CommandReply:
        """Never raises for what a station or the network does: the outcome says it (``offline``, ``timeout``…)."""


class Backlog(Protocol):
    """What stations said and the database does not know yet."""

    @property
    def lags(self) -> bool:
        """Whether that is so much that what the database says is no longer true; also while nobody knows."""


class EventFeed(Protocol):
    """The platform's own events, as they are published after the commit that caused them."""

    def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield ``(kind, data)`` for ever; what was published while nobody listened is not repeated."""
