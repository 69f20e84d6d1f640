"""What the gateway needs from outside, as Protocols; `twinev.adapters.messaging` fits them over NATS.

Every method raises `twinev.errors.Unavailable` when the other side does not answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from twinev.domain.commands import CommandMessage, CommandReply
from twinev.domain.facts import (
    AuthorizeQuestion,
    BootAnswer,
    BootQuestion,
    ConnectAnswer,
    ConnectQuestion,
    Decision,
    StationFact,
)

# None says nothing: another gateway has the station now, and answers.
CommandHandler = Callable[[CommandMessage], Awaitable[CommandReply | None]]


class Clock(Protocol):
    """Tells the platform's time."""

    def now(self) -> datetime:
        """Now, aware UTC."""


class Desk(Protocol):
    """Answers questions about a station."""

    async def connect(self, question: ConnectQuestion) -> ConnectAnswer: ...
    async def boot(self, question: BootQuestion) -> BootAnswer: ...
    async def authorize(self, question: AuthorizeQuestion) -> Decision: ...


class Facts(Protocol):
    """Takes what stations say, durably."""

    async def publish(self, fact: StationFact) -> None:
        """Return when the fact is durable."""

    async def publish_and_wait(self, fact: StationFact, *, timeout_seconds: float) -> Decision:
        """Return what the API decided, after it has committed. [s]"""


class Inbox(Protocol):
    async def close(self) -> None: ...


class Commands(Protocol):
    """Brings commands for the stations that are connected here."""

    async def open(self, station_id: str, handle: CommandHandler) -> Inbox: ...


class Claim(Protocol):
    """A connection's claim on its station."""

    async def renew(self) -> bool:
        """False when a newer connection, here or at another gateway, has taken the station."""

    async def release(self) -> None: ...


class Boots(Protocol):
    """Knows how each station's last boot was answered, at whichever gateway."""

    async def last_answer(self, station_id: str) -> str:
        """The RegistrationStatus; accepted where none is known."""

    async def note(self, station_id: str, status: str) -> None:
        """Return when it is durable."""


class Presence(Protocol):
    """Knows which connection of which gateway is a station's newest."""

    async def claim(self, station_id: str, *, gateway_id: str, connection_id: str) -> Claim: ...
