"""The audit log: who changed what, when, in which role and from which program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

#: Stands where a value may be known to nobody who reads the log.
HIDDEN = "(hidden)"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks for a change.

    Parameters
    ----------
    roles : tuple of str
        All that the person held at that moment.
    app : str or None
        The program, as it says itself.
    action : str
        What was asked: ``PATCH /api/v1/stations/{station_id}``.
    subject : str
        What it was asked of: ``stations/RDAM-0815``.
    """

    user_id: str
    username: str
    roles: tuple[str, ...]
    app: str | None
    action: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One record that a change touched.

    Parameters
    ----------
    record : str
        The kind and the identifier: ``stations/RDAM-0815``.
    before, after : dict
        What differs; empty before a record was made, and after it was removed. Secrets are `HIDDEN`.
    """

    record: str
    kind: Literal["made", "changed", "removed"]
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One change that was committed; ``number`` counts up, and a gap is a change that was rolled back."""

    number: int
    at: datetime
    actor: Actor
    changes: tuple[Change, ...]
