"""Stored plans."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from twinev.wire.base import WireModel


class PlanCreated(WireModel):
    """The answer to POST /plans: ``schedule`` is the schedule file."""

    id: str
    schedule: dict[str, Any]


class PlanAsked(WireModel):
    """What the Smart Charging Tool was asked for beside the scenario and the formulation."""

    profile: str | None
    solver: str
    gap: float
    time_limit_seconds: float


class PlanOut(WireModel):
    """A stored plan. ``scenario`` and ``schedule`` are the two files; left out in lists, as is ``asked``.

    ``solver`` and ``gap`` are the solver that was used and the gap that was reached.
    """

    id: str
    site_id: str | None
    made_at: AwareDatetime
    trigger: str
    formulation: str
    status: str
    solver: str
    gap: float | None
    objective: float | None
    solve_seconds: float
    scenario: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = None
    asked: PlanAsked | None = None
