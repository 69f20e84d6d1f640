"""How far what was expected was from what came: plans beside meters, announcements beside measurements. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from twinev.domain.horizon import Horizon
from twinev.domain.plan import StoredPlan
from twinev.domain.site_day import QUARTER_HOURS, Deviation


@dataclass(frozen=True, kw_only=True)
class ExpectedHour:
    """What a plan expects of an hour: the energy of all EVs together, and the mean price. [kWh, €/kWh]"""

    charging_kwh: float
    price_eur_per_kwh: float


@dataclass(frozen=True, kw_only=True)
class _Curves:
    """A plan's curves, as far as they matter here."""

    horizon: Horizon
    charging_kwh: tuple[float, ...]
    price_eur_per_kwh: tuple[float, ...]


class PlanReader:
    """Reads what a plan expects of hours; the plan is taken apart once."""

    def __init__(self, plan: StoredPlan) -> None:
        self._curves = _curves(plan)

    def hour(self, start: datetime, end: datetime) -> ExpectedHour | None:
        """What the plan expects of [start, end); None where it does not reach over all of it."""
        curves = self._curves
        if curves is None or curves.horizon.now > start or curves.horizon.end < end:
            return None
        charging_kwh = price = 0.0
        for slot in curves.horizon.slots_touched(start, end):
            begins, ends = curves.horizon.slot_start(slot), curves.horizon.slot_end(slot)
            within_seconds = max((min(ends, end) - max(begins, start)).total_seconds(), 0.0)
            charging_kwh += curves.charging_kwh[slot] * within_seconds / (ends - begins).total_seconds()
            price += curves.price_eur_per_kwh[slot] * within_seconds / (end - start).total_seconds()
        return ExpectedHour(charging_kwh=charging_kwh, price_eur_per_kwh=price)


def _curves(plan: StoredPlan) -> _Curves | None:
    scenario = plan.scenario
    of_sessions = [session["energy_kwh"] for session in plan.schedule["sessions"]]
    slots = len(of_sessions[0]) if of_sessions else len(scenario["price_eur_per_kwh"])
    if not slots:
        return None
    horizon = Horizon(
        start=datetime.fromisoformat(scenario["start"]),
        slot_minutes=scenario["slot_minutes"],
        slots=slots,
        first_slot_minutes=scenario.get("first_slot_minutes"),
    )
    nothing = [0.0] * slots
    return _Curves(
        horizon=horizon,
        charging_kwh=tuple(map(sum, zip(nothing, *of_sessions, strict=True))),
        # An empty list means zeros.
        price_eur_per_kwh=tuple(scenario["price_eur_per_kwh"] or nothing),
    )


def charging_deviation(pairs: Iterable[tuple[ExpectedHour | None, float]]) -> Deviation:
    """Of the planned energy of each hour from the measured one; hours without a plan are left out. [kWh]"""
    known = [(hour.charging_kwh, came_kwh) for hour, came_kwh in pairs if hour is not None]
    return Deviation(
        hours=float(len(known)),
        absolute=sum(abs(expected - came) for expected, came in known),
        came=sum(came for _, came in known),
    )


def price_deviation(pairs: Iterable[tuple[ExpectedHour | None, float | None]]) -> Deviation:
    """Of the price that plans counted on from the published one, each hour. [h·€/kWh]"""
    known = [(hour.price_eur_per_kwh, came) for hour, came in pairs if hour is not None and came is not None]
    return Deviation(
        hours=float(len(known)),
        absolute=sum(abs(expected - came) for expected, came in known),
        came=sum(abs(came) for _, came in known),
    )


def power_deviation(announced_kw: Sequence[float | None], measured_kw: Sequence[float | None]) -> Deviation:
    """Of what was announced for each quarter of an hour from what was measured in it. [kWh]"""
    known = [(a, m) for a, m in zip(announced_kw, measured_kw, strict=True) if a is not None and m is not None]
    return Deviation(
        hours=len(known) * QUARTER_HOURS,
        absolute=sum(abs(announced - measured) for announced, measured in known) * QUARTER_HOURS,
        came=sum(measured for _, measured in known) * QUARTER_HOURS,
    )
