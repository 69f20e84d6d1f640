"""Charging as the Smart Charging Tool plans it, in a rolling horizon.

A new plan is made at the beginning of a slot when something is new: an EV came or went, a driver said something, an EV
drew less than it was offered or stopped, tomorrow's prices came out, or the plan has run out. Otherwise the last plan
holds. A plan reaches to the last departure that is expected, a day ahead at most.

An EV is expected to stay until the last slot boundary before its departure; one that stays longer and lacks energy is
charged at once, slot by slot. It is expected to draw its EVSE's power until it has shown that it draws less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from twinev.domain.horizon import Horizon
from twinev.domain.vehicles import DriverProfile
from twinev.sct import Problem, Schedule
from twinev.sct.problem import SessionRequest, SupplyPoint
from twinev.services.replay.strategy import PlanLog, PluggedIn, SiteView

LONGEST_PLAN = timedelta(hours=24)
_NOTHING_KWH = 1e-6
_AS_PLANNED_KWH = 1e-4


class Planned:
    """Follows plans that ``optimise`` makes with one ``profile`` for all drivers."""

    newcomers_wait = True

    def __init__(self, *, profile: DriverProfile, optimise: Callable[[Problem], Schedule]) -> None:
        self.log = PlanLog()
        self._profile = profile
        self._optimise = optimise
        self._planned_at: datetime | None = None
        self._news: tuple = ()
        self._planned_kwh: dict[str, tuple[float, ...]] = {}
        self._expected_kwh: dict[str, float] = {}

    def offers_kw(self, view: SiteView) -> Mapping[str, float]:
        wanting = tuple(ev for ev in view.plugged_in if ev.missing_kwh > _NOTHING_KWH)
        if self._must_plan(view, wanting):
            self._plan(view, wanting)
        elif wanting:
            self.log.slots_without_new_plan += 1
        slot = self._slots_since_plan(view)
        hours = view.slot / timedelta(hours=1)
        energies_kwh = {ev.id: self._planned_kwh[ev.id][slot] for ev in wanting}
        for ev in wanting:
            self._expected_kwh[ev.id] = ev.received_kwh + energies_kwh[ev.id]
        return {ev_id: energy_kwh / hours for ev_id, energy_kwh in energies_kwh.items()}

    def _must_plan(self, view: SiteView, wanting: tuple[PluggedIn, ...]) -> bool:
        if not wanting:
            self._news, self._planned_kwh = (), {}
            return False
        news = _news(view, wanting)
        changed, self._news = news != self._news, news
        if changed or any(ev.id not in self._planned_kwh for ev in wanting):
            return True
        if self._slots_since_plan(view) >= len(self._planned_kwh[wanting[0].id]):
            return True
        return any(abs(ev.received_kwh - self._expected_kwh[ev.id]) > _AS_PLANNED_KWH for ev in wanting)

    def _slots_since_plan(self, view: SiteView) -> int:
        return 0 if self._planned_at is None else (view.now - self._planned_at) // view.slot

    def _plan(self, view: SiteView, wanting: tuple[PluggedIn, ...]) -> None:
        problem = build_problem(view, wanting, self._profile)
        begun = time.perf_counter()
        schedule = self._optimise(problem)
        self.log.seconds.append(time.perf_counter() - begun)
        self.log.plans_with_shortfall += any(s.shortfall_kwh > _AS_PLANNED_KWH for s in schedule.sessions)
        self._planned_at = view.now
        self._planned_kwh = {s.id: tuple(max(0.0, float(kwh)) for kwh in s.energy_kwh) for s in schedule.sessions}


def build_problem(view: SiteView, wanting: tuple[PluggedIn, ...], profile: DriverProfile) -> Problem:
    """Ask the Smart Charging Tool for these EVs: the capacity of each is what it lacks, so none is overfilled."""
    latest = max(min(ev.wish.departure_at, view.now + LONGEST_PLAN) for ev in wanting)
    slots = max(1, (latest - view.now) // view.slot)
    horizon = Horizon(start=view.now, slot_minutes=view.slot / timedelta(minutes=1), slots=slots)
    site_kw = sum(ev.evse_kw for ev in view.plugged_in) if view.site_kw is None else view.site_kw
    prices = [view.prices.known_at(view.now, horizon.slot_start(slot)) for slot in range(slots)]
    return Problem(
        horizon=horizon,
        supply_point=SupplyPoint(max_kw=site_kw, min_kw=0.0),
        sessions=tuple(_request(ev, horizon, profile) for ev in wanting),
        price_eur_per_kwh=() if None in prices else tuple(prices),
        time_zone=view.prices.site_zone,
    )


def _request(ev: PluggedIn, horizon: Horizon, profile: DriverProfile) -> SessionRequest:
    last_slot = max(0, horizon.last_slot_ending_by(ev.wish.departure_at))
    return SessionRequest(
        id=ev.id,
        capacity_kwh=ev.missing_kwh,
        soc_kwh=0.0,
        evse_power_kw=ev.power_kw,
        target_soc=1.0,
        target_slot=last_slot,
        departure_slot=last_slot,
        profile=profile,
    )


def _news(view: SiteView, wanting: tuple[PluggedIn, ...]) -> tuple:
    """What a plan rests on, apart from energies: where it differs from the last plan's, a new plan is due."""
    return (view.prices.last_known_day(view.now), *((ev.id, ev.wish, ev.shown_kw) for ev in wanting))
