"""Changes what the driver of a running session asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twinev.domain.session import ChargingSession
from twinev.errors import Conflict
from twinev.services.ports.unit_of_work import UnitOfWork


def change_needs(session_id: str, changes: Mapping[str, Any], *, work: UnitOfWork) -> ChargingSession:
    """Replace the named fields of the session's `ChargingNeeds`, and have its site planned again; the caller commits.

    Raises
    ------
    NotFound, Conflict, BadInput
        No such session, it has ended, or a value cannot be used.
    """
    session = work.sessions.get(session_id)
    if not session.active:
        raise Conflict(f"session {session_id} ended at {session.ended_at.isoformat()}")
    changed = replace(session, needs=replace(session.needs, **changes))
    work.sessions.save(changed)
    named = {
        "site_id": session.site_id,
        "station_id": session.station_id,
        "evse_id": session.evse_id,
        "session_id": session.id,
    }
    work.events.add("session.needs", named)
    return changed
