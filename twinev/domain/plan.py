"""What the platform keeps of its own doing: the plans that it made and the commands that it sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: Who issues commands that no person sent.
PLANNING, RESERVATIONS, AUTOMATIC_STOP = "planning", "reservations", "automatic stop"
PLATFORM_PARTS = frozenset({PLANNING, RESERVATIONS, AUTOMATIC_STOP})


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    """A plan with the inputs that reproduce it.

    ``scenario`` and ``schedule`` are the two files of the Smart Charging Tool; ``site_id`` is None for a plan that
    somebody asked for through the API. ``trigger`` says why it was made: ``session.started``, ``restriction.created``…
    ``formulation``, ``profile``, ``solver``, ``gap`` and ``time_limit_seconds`` are what the tool was asked for; which
    solver it used and which gap it reached is in the schedule. None: not on record.
    """

    id: str
    site_id: str | None
    made_at: datetime
    trigger: str
    formulation: str
    scenario: dict[str, Any]
    schedule: dict[str, Any]
    profile: str | None = None
    solver: str | None = None
    gap: float | None = None
    time_limit_seconds: float | None = None
    requested_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class SentCommand:
    """A command to a station, from its sending to its answer; ``outcome`` is a CommandReply's, None while under way.

    ``issued_by`` is a user's name or the part of the platform that sent it, ``app`` the program that the user sent it
    with. ``response`` is what the station answered beside its status, ``retry_of`` the command that it repeats.
    """

    id: str
    station_id: str
    action: str
    payload: dict[str, Any]
    issued_by: str
    sent_at: datetime
    answered_at: datetime | None = None
    outcome: str | None = None
    status: str | None = None
    detail: str | None = None
    round_trip_ms: float | None = None
    plan_id: str | None = None
    restriction_id: str | None = None
    app: str | None = None
    response: dict[str, Any] | None = None
    retry_of: str | None = None
