"""Scenarios for the tests of the Smart Charging Tool: small ones by default, everything can be replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twinev.sct import Problem

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
