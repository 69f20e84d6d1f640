"""Problems and schedules as tidy DataFrames, for notebooks and jobs.

Functions of problem and schedule, not methods: pandas takes a second to load, and who only plans never pays for it.
What has slots is indexed by ``start``, the slot's beginning in the scenario's time zone.
"""

from __future__ import annotations

import pandas as pd

from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule
from twinev.sct.summary import SessionSummary, import_limit_kw, summarise_sessions

SESSION_COLUMNS = ["session", "slot", "hours", "energy_kwh", "power_kw", "soc_kwh", "soc_percent"]


def session_frame(problem: Problem, schedule: Schedule) -> pd.DataFrame:
    """One row per session and slot: ``session, slot, hours, energy_kwh, power_kw, soc_kwh, soc_percent``.

    ``hours`` is the slot's length; energy and power are at the EVSE, positive charges; the state of charge is that at
    the slot's end, in percent of the capacity too.
    """
    when = _slots(problem)
    parts = []
    for request, planned in zip(problem.sessions, schedule.sessions, strict=True):
        part = when.assign(session=planned.id, energy_kwh=planned.energy_kwh, soc_kwh=planned.soc_kwh)
        percent = 100 / request.capacity_kwh if request.capacity_kwh else 0.0
        parts.append(part.assign(power_kw=part["energy_kwh"] / part["hours"], soc_percent=part["soc_kwh"] * percent))
    return pd.concat(parts)[SESSION_COLUMNS] if parts else pd.DataFrame(columns=SESSION_COLUMNS, index=when.index[:0])


def power_frame(problem: Problem, schedule: Schedule) -> pd.DataFrame:
    """Power of each session at its EVSE: a row per slot, a column per session in the scenario's order. [kW]"""
    hours = _slots(problem)["hours"]
    powers = {session.id: pd.Series(session.energy_kwh, index=hours.index) / hours for session in schedule.sessions}
    return pd.DataFrame(powers, index=hours.index).rename_axis(columns="session")


def supply_point_frame(problem: Problem, schedule: Schedule) -> pd.DataFrame:
    """One row per slot: prices, demand, production, EVs, net flow, limits as they counted, import, export, excess."""
    supply = schedule.supply_point
    when = _slots(problem)
    return when.assign(
        price_eur_per_kwh=problem.price_eur_per_kwh,
        export_price_eur_per_kwh=problem.export_price_eur_per_kwh,
        renewable_share=problem.renewable_share,
        demand_kw=problem.demand_kw,
        production_kw=problem.production_kw,
        ev_kw=power_frame(problem, schedule).sum(axis="columns"),
        net_kw=[bought - sold for bought, sold in zip(supply.imported_kwh, supply.exported_kwh, strict=True)]
        / when["hours"],
        import_limit_kw=import_limit_kw(problem, schedule.formulation),
        export_limit_kw=-problem.supply_point.min_kw,
        imported_kwh=supply.imported_kwh,
        exported_kwh=supply.exported_kwh,
        limit_excess_kwh=supply.limit_excess_kwh,
    )


def summary_frame(problem: Problem, schedule: Schedule) -> pd.DataFrame:
    """One row per session, indexed by its id: times, asked, got, short, peak, share of the cost.

    The columns are those of `twinev.sct.summary.SessionSummary`.
    """
    rows = [vars(summary) for summary in summarise_sessions(problem, schedule)]
    frame = pd.DataFrame(rows, columns=list(SessionSummary.__dataclass_fields__)).set_index("id").rename_axis("session")
    for name in ("arrives", "due", "reached"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert(problem.time_zone)
    return frame


def request_frame(problem: Problem) -> pd.DataFrame:
    """One row per session as it was asked, indexed by its id; the columns are the scenario's keys."""
    rows = [vars(session) | {"profile": session.profile and session.profile.value} for session in problem.sessions]
    frame = pd.DataFrame(rows).set_index("id") if rows else pd.DataFrame(index=pd.Index([], name="id"))
    return frame.rename_axis("session")


def _slots(problem: Problem) -> pd.DataFrame:
    horizon, slots = problem.horizon, range(problem.slots)
    starts = pd.DatetimeIndex([horizon.slot_start(t) for t in slots], name="start").tz_convert(problem.time_zone)
    return pd.DataFrame({"slot": list(slots), "hours": horizon.slot_hours}, index=starts)
