"""Scenarios for the tests of the Smart Charging Tool: small ones by default, everything can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from twinev.sct import Problem, Schedule, SessionSchedule, SupplyPointSchedule

SCENARIOS = Path(__file__).parents[3] / "data" / "scenarios"


@pytest.fixture(scope="session")
def scenarios() -> Path:
    """The folder of the published scenarios."""
    return SCENARIOS


@pytest.fixture(scope="session")
def ev() -> Callable[..., dict[str, Any]]:
    """One session: 10 of 20 kWh, wants 15 kWh, 8 kW, that is 2 kWh in a slot of a quarter of an hour."""

    def make(session_id: str = "EV0", **changes: Any) -> dict[str, Any]:
        session = {"id": session_id, "capacity_kwh": 20, "soc_kwh": 10, "evse_power_kw": 8}
        return {**session, "target_soc": 0.75, "target_slot": 3, **changes}

    return make


@pytest.fixture(scope="session")
def scenario(ev: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Four quarters of an hour, 20 kW, one EV, as a dict that can be changed."""

    def make(**changes: Any) -> dict[str, Any]:
        start = "2026-11-22T18:00:00+01:00"
        data = {"slot_minutes": 15, "start": start, "slots": 4, "supply_point": {"max_kw": 20, "min_kw": 0}}
        return {**data, "sessions": [ev()], **changes}

    return make


@pytest.fixture(scope="session")
def problem(scenario: Callable[..., dict[str, Any]]) -> Callable[..., Problem]:
    """The same as a Problem."""
    return lambda **changes: Problem.from_dict(scenario(**changes))


@pytest.fixture(scope="session")
def plan() -> Callable[..., Schedule]:
    """A schedule made by hand: what follows from the energies is computed as simply as can be, without losses."""

    def make(problem: Problem, energy_kwh: Sequence[Sequence[float]], **changes: Any) -> Schedule:
        flow_kwh = [
            (problem.demand_kw[t] - problem.production_kw[t]) * hours + sum(row[t] for row in energy_kwh)
            for t, hours in enumerate(problem.horizon.slot_hours)
        ]
        most_kw = problem.supply_point.max_kw
        fields = {
            "scenario_sha256": problem.sha256,
            "formulation": "cpo",
            "profile": None,
            "tie_break": problem.tie_break,
            "status": "optimal",
            "objective": 12.0,
            "bound": 12.0,
            "gap": 0.0,
            "solver": "none",
            "method": "by hand",
            "solve_seconds": 0.0,
            "sessions": tuple(
                _planned(request, row) for request, row in zip(problem.sessions, energy_kwh, strict=True)
            ),
            "supply_point": SupplyPointSchedule(
                imported_kwh=tuple(max(kwh, 0.0) for kwh in flow_kwh),
                exported_kwh=tuple(max(-kwh, 0.0) for kwh in flow_kwh),
                limit_excess_kwh=tuple(
                    max(kwh - most_kw * hours, 0.0)
                    for kwh, hours in zip(flow_kwh, problem.horizon.slot_hours, strict=True)
                ),
            ),
            "problem": problem,
        }
        return Schedule(**{**fields, **changes})

    return make


def _planned(request: Any, energy_kwh: Sequence[float]) -> SessionSchedule:
    soc_kwh = [request.soc_kwh + sum(energy_kwh[: t + 1]) for t in range(len(energy_kwh))]
    reached = [t for t, kwh in enumerate(soc_kwh) if kwh >= request.target_kwh - 1e-9]
    return SessionSchedule(
        id=request.id,
        energy_kwh=tuple(energy_kwh),
        soc_kwh=tuple(soc_kwh),
        reached_slot=reached[0] if reached else None,
        shortfall_kwh=max(request.target_kwh - soc_kwh[request.target_slot], 0.0),
    )
