"""Schedules as tidy DataFrames, one row per thing and slot, for notebooks and jobs."""

from __future__ import annotations

import pandas as pd

from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule


def session_frame(problem: Problem, schedule: Schedule) -> pd.DataFrame:
    """One row per session and slot: ``session, slot, start, end, energy_kwh, power_kw, soc_kwh``; times are UTC."""
    when = _slots(problem)
    parts = [
        when.assign(
            session=session.id,
            energy_kwh=session.energy_kwh,
            power_kw=[energy / hours for energy, hours in zip(session.energy_kwh, when["hours"], strict=True)],
            soc_kwh=session.soc_kwh,
        )
        for session in schedule.sessions
    ]
    columns = ["session", "slot", "start", "end", "energy_kwh", "power_kw", "soc_kwh"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def supply_point_frame(problem: Problem, schedule: Schedule) -> pd.DataFrame:
    """One row per slot: demand, production and price with what was imported, exported and beyond the limits."""
    supply = schedule.supply_point
    return _slots(problem).assign(
        demand_kw=problem.demand_kw,
        production_kw=problem.production_kw,
        price_eur_per_kwh=problem.price_eur_per_kwh,
        imported_kwh=supply.imported_kwh,
        exported_kwh=supply.exported_kwh,
        limit_excess_kwh=supply.limit_excess_kwh,
    )


def _slots(problem: Problem) -> pd.DataFrame:
    horizon, slots = problem.horizon, range(problem.slots)
    return pd.DataFrame(
        {
            "slot": list(slots),
            "start": pd.DatetimeIndex([horizon.slot_start(t) for t in slots]),
            "end": pd.DatetimeIndex([horizon.slot_end(t) for t in slots]),
            "hours": horizon.slot_hours,
        }
    )
