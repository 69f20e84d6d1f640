"""Small recorded sessions, and a stand-in for the Smart Charging Tool, for the tests of the replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from twinev.sct.problem import Problem
from twinev.services.replay.car_park import Ev
from twinev.services.replay.prices import PriceTable, SitePrices
from twinev.services.replay.record import DriverInput, RecordedSession
from twinev.services.replay.rolling import Site
from twinev.services.replay.wishes import Assumption

DAY = datetime(2026, 3, 4, tzinfo=UTC)


@dataclass(frozen=True)
class PlannedSession:
    id: str
    energy_kwh: tuple[float, ...]
    shortfall_kwh: float


@dataclass(frozen=True)
class GreedySchedule:
    sessions: tuple[PlannedSession, ...]


class GreedyTool:
    """Fills the cheapest slots, one session after the other: simple enough to check by hand, and keeps the limit."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, problem: Problem) -> GreedySchedule:
        self.problems.append(problem)
        hours = problem.horizon.slot_hours
        room_kwh = [problem.supply_point.max_kw * h for h in hours]
        planned = []
        for session in problem.sessions:
            need, energies = session.need_kwh, [0.0] * problem.slots
            for slot in sorted(range(session.target_slot + 1), key=lambda t: (problem.price_eur_per_kwh[t], t)):
                energies[slot] = min(need, room_kwh[slot], session.evse_power_kw * hours[slot])
                need -= energies[slot]
                room_kwh[slot] -= energies[slot]
            planned.append(PlannedSession(session.id, tuple(energies), need))
        return GreedySchedule(tuple(planned))


@pytest.fixture
def greedy_tool() -> GreedyTool:
    return GreedyTool()


@pytest.fixture
def record() -> Callable[..., RecordedSession]:
    """Build a session from hours of one UTC day: ``record("A", 8, 12, 10.0, says=(12.0, 11))``."""

    def build(
        name: str,
        arrives: float,
        leaves: float,
        kwh: float,
        *,
        says: tuple[float | None, float | None] | None = None,
        inputs: tuple[DriverInput, ...] | None = None,
        **fields: object,
    ) -> RecordedSession:
        if inputs is None:
            departure = None if says is None or says[1] is None else DAY + timedelta(hours=says[1])
            said = DriverInput(
                told_at=DAY + timedelta(hours=arrives), energy_kwh=says and says[0], departure_at=departure
            )
            inputs = () if says is None else (said,)
        given = {
            "station_id": f"station of {name}",
            "driver_id": None,
            "time_zone": "UTC",
            "done_at": None,
            **fields,
        }
        return RecordedSession(
            id=name,
            connected_at=DAY + timedelta(hours=arrives),
            disconnected_at=DAY + timedelta(hours=leaves),
            delivered_kwh=kwh,
            inputs=inputs,
            **given,
        )

    return build


@pytest.fixture
def ev(record) -> Callable[..., Ev]:
    """Build an EV with what it really needs and can draw."""

    def build(name: str, arrives: float, leaves: float, kwh: float, *, max_kw: float = 7.0, **session: object) -> Ev:
        return Ev(session=record(name, arrives, leaves, kwh, **session), need_kwh=kwh, max_kw=max_kw, evse_kw=7.0)

    return build


@pytest.fixture
def site() -> Callable[..., Site]:
    """Build a site in UTC with hourly prices over three days from the test's day, the same each day."""

    def build(*, site_kw: float | None = 50.0, prices: tuple[float, ...] = (0.1,) * 24, slot_minutes: int = 15) -> Site:
        table = PriceTable(
            starts=tuple(DAY + timedelta(hours=h) for h in range(72)), eur_per_kwh=prices * 3, step=timedelta(hours=1)
        )
        return Site(
            site_kw=site_kw,
            slot=timedelta(minutes=slot_minutes),
            prices=SitePrices(table=table, site_zone=ZoneInfo("UTC"), price_zone=ZoneInfo("UTC")),
            assumption=Assumption(energy_kwh=20.0, stay=timedelta(hours=4), basis="a test's"),
        )

    return build


@pytest.fixture
def samples() -> Path:
    return Path(__file__).parents[3] / "data" / "samples"
