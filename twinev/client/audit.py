"""Who changed what."""

from __future__ import annotations

from datetime import datetime

from twinev.client.calls import Calls
from twinev.wire.rest.audit import AuditEntryOut


class AuditCalls(Calls):
    """The audit log, for administrators."""

    def audit_entries(
        self, *, username: str | None = None, subject: str | None = None, action: str | None = None,
        since: datetime | None = None, until: datetime | None = None, at_most: int | None = 200,
    ) -> list[AuditEntryOut]:  # fmt: skip
        """Who changed what, newest first; ``subject`` such as ``stations/RDAM-0815``, with what lies under it."""
        wanted = {"username": username, "subject": subject, "action": action, "since": since, "until": until}
        return list(self._connection.items("/audit", AuditEntryOut, at_most=at_most, **wanted))
