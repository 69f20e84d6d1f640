"""A problem on its way to the planner and a plan on its way back (``twinev.plan.request``, request and reply)."""

from __future__ import annotations

from typing import Any

from twinev.wire.base import WireModel


class PlanRequest(WireModel):
    """``scenario`` is the scenario file of the Smart Charging Tool, as JSON."""

    scenario: dict[str, Any]
    formulation: str = "cpo"
    profile: str | None = None
    solver: str = "auto"
    gap: float = 1e-4
    time_limit_seconds: float = 60.0


class PlanReply(WireModel):
    """Either the schedule file, or the error.

    ``key``, ``value`` (as text) and ``allowed`` are set where the scenario was at fault.
    """

    schedule: dict[str, Any] | None = None
    error: str | None = None
    key: str | None = None
    value: str | None = None
    allowed: str | None = None
