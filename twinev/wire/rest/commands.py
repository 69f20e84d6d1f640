"""Commands to stations and how they went."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from twinev.wire.base import WireModel


class CommandOut(WireModel):
    """A command that was sent to a station, and how it went.

    ``app`` is the program that the user sent it with, ``detail`` why it went so, ``response`` the station's answer.
    """

    id: str
    station_id: str
    action: str
    issued_by: str
    sent_at: AwareDatetime
    answered_at: AwareDatetime | None
    outcome: str | None
    status: str | None
    round_trip_ms: float | None
    plan_id: str | None
    restriction_id: str | None = None
    app: str | None = None
    detail: str | None = None
    payload: dict[str, Any]
    response: dict[str, Any] | None = None
