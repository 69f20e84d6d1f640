"""Commands to stations and how they went."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.rest.station_limits import LimitStep


class CommandOut(WireModel):
    """A command that was sent to a station, and how it went.

    ``app`` is the program that the user sent it with, ``detail`` why it went so, ``response`` the station's answer,
    ``retry_of`` the command that it repeats. ``retryable``: it may be sent once more.
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
    retry_of: str | None = None
    retryable: bool = False


class CompositeScheduleIn(WireModel):
    """Ask an EVSE what it will apply from now on."""

    evse_id: int = Field(ge=1, le=1000)
    duration_seconds: int = Field(default=86_400, ge=60, le=7 * 86_400)


class CompositeScheduleOut(WireModel):
    """What the station answered: ``steps`` are its schedule in kW, empty where it told none."""

    command: CommandOut
    steps: tuple[LimitStep, ...] = ()
    ends_at: AwareDatetime | None = None
