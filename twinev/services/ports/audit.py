"""The audit log, and how a transaction knows on whose behalf it runs.

No use case writes the log: the unit of work does so at its commit, for everything that was written in it, so that no
change can be made without its entry and no entry without its change. Whose change it is comes along with the request
(`acting`), as its thread of execution does; what the platform does by itself has no actor and no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from twinev.domain.audit import Actor, AuditEntry

#: Tells who acts in the present context. A function, because a request begins before its user is known.
acting: ContextVar[Callable[[], Actor | None] | None] = ContextVar("acting", default=None)


def actor_now() -> Actor | None:
    """Return who asked for what is being done, or None when the platform does it by itself."""
    tell = acting.get()
    return None if tell is None else tell()


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries: all that fit everything that is given; ``subject`` fits what lies under it too."""

    username: str | None = None
    subject: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit(Protocol):
    """The entries, which can be added and read, and neither changed nor removed."""

    def note(self, record: str, *, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Put a change into this transaction's entry that is made outside the database, such as at Keycloak."""

    def list(self, wanted: AuditFilter, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        """Entries, newest first."""
