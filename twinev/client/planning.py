"""Plans and the series they are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from twinev.client.calls import Calls, body_of, path_to
from twinev.wire.rest.plan_checks import PlanComparisonOut, ReproductionOut
from twinev.wire.rest.plans import PlanCreated, PlanOut
from twinev.wire.rest.series import SeriesIn, SeriesOut


class PlanningCalls(Calls):
    """Plans and the series they are made from."""

    def plans(self, *, site_id: str | None = None, at_most: int | None = 50) -> list[PlanOut]:
        """Stored plans without their files, the newest first."""
        return list(self._connection.items("/plans", PlanOut, at_most=at_most, site_id=site_id))

    def plan(self, plan_id: str) -> PlanOut:
        """A stored plan with its scenario and schedule files."""
        return self._connection.get(path_to("plans", plan_id), PlanOut)

    def make_plan(
        self, scenario: Mapping[str, Any], *, formulation: str = "cpo", profile: str | None = None,
        solver: str = "auto", gap: float = 1e-4, time_limit_seconds: float = 60.0,
    ) -> PlanCreated:  # fmt: skip
        """Plan a scenario file on the server."""
        options = {"formulation": formulation, "profile": profile, "solver": solver, "gap": gap}
        response = self._connection.send(
            "POST", "/plans", json=dict(scenario), timeout_seconds=time_limit_seconds + 30,
            params={**options, "time_limit": time_limit_seconds},
        )  # fmt: skip
        return self._connection.read(response, PlanCreated)

    def compare_plans(self, a: str, b: str) -> PlanComparisonOut:
        """Two stored plans beside each other: cost, peak, energy, shortfall, and every session."""
        return self._connection.get("/plans/compare", PlanComparisonOut, a=a, b=b)

    def reproduce_plan(self, plan_id: str, *, timeout_seconds: float = 90.0) -> ReproductionOut:
        """Make a stored plan again, and tell whether it comes out the same."""
        path = path_to("plans", plan_id, "reproductions")
        response = self._connection.send("POST", path, timeout_seconds=timeout_seconds)
        return self._connection.read(response, ReproductionOut)

    def series(self, kind: str, subject: str, *, start: datetime, step_minutes: int = 15, count: int = 96) -> SeriesOut:
        """A series of a site or price zone; None where nothing is known."""
        params = {"start": start, "step_minutes": step_minutes, "count": count}
        return self._connection.get(path_to("series", kind, subject), SeriesOut, **params)

    def put_series(
        self, kind: str, subject: str, *, start: datetime, step_minutes: int, values: Sequence[float]
    ) -> None:
        """Write values of equal steps; each replaces the one that was there."""
        body = body_of(SeriesIn, start=start, step_minutes=step_minutes, values=tuple(values))
        self._connection.send("PUT", path_to("series", kind, subject), body=body)
