"""Entries of the audit log."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from twinev.wire.base import WireModel


class ChangeOut(WireModel):
    """One record that was made, changed or removed; ``before`` and ``after`` hold what differs, without secrets."""

    record: str
    kind: str
    before: dict[str, Any]
    after: dict[str, Any]


class AuditEntryOut(WireModel):
    """Who changed what: ``action`` is the method and route, ``subject`` what it was asked of."""

    id: str
    at: AwareDatetime
    user_id: str
    username: str
    roles: tuple[str, ...]
    app: str | None
    action: str
    subject: str
    changes: tuple[ChangeOut, ...]
