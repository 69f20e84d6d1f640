"""Charging as the Smart Charging Tool plans it, in a rolling horizon.

A new plan is made at an arrival, and at the beginning of a slot when something is new: an EV went, a driver said
something, an EV drew less than it was offered or stopped, tomorrow's prices came out, or the plan has run out. Else the
last plan holds. A plan reaches to the last departure that is expected, a day ahead at most.

An EV is expected to stay until the last slot boundary before its departure; one that stays longer and lacks energy is
charged at once, slot by slot. It is expected to draw its EVSE's power until it has shown that it draws less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from twinev.domain.horizon import Horizon
from twinev.domain.vehicles import DriverProfile
from twinev.sct import Problem, Schedule
from twinev.sct.problem import SessionRequest, SupplyPoint
from twinev.services.replay.strategy import PlanLog, PluggedIn, SiteView

LONGEST_PLAN = timedelta(hours=24)
_NOTHING_KWH = 1e-6
_NOTICEABLE_KWH = 1e-3


class Planned:
    """Follows plans that ``optimise`` makes with one ``profile`` for all drivers."""

    def __init__(self, *, profile: DriverProfile, optimise: Callable[[Problem], Schedule]) -> None:
        self.log = PlanLog()
        self._profile = profile
        self._optimise = optimise
        self._news: tuple = ()
        self._horizon: Horizon | None = None
        self._power_kw: dict[str, tuple[float, ...]] = {}

    def offers_kw(self, view: SiteView) -> Mapping[str, float]:
        wanting = tuple(ev for ev in view.plugged_in if ev.missing_kwh > _NOTHING_KWH)
        news = _news(view, wanting)
        if wanting and (news != self._news or self._slot(view) >= self._horizon.slots):
            self._plan(view, wanting)
        elif wanting:
            self.log.steps_without_new_plan += 1
        self._news = news
        return {ev.id: self._power_kw[ev.id][self._slot(view)] for ev in wanting}

    def _slot(self, view: SiteView) -> int:
        """The slot of the last plan that holds ``view.now``."""
        return (view.now - self._horizon.start) // view.slot

    def _plan(self, view: SiteView, wanting: tuple[PluggedIn, ...]) -> None:
        problem = build_problem(view, wanting, self._profile)
        begun = time.perf_counter()
        schedule = self._optimise(problem)
        self.log.seconds.append(time.perf_counter() - begun)
        self.log.plans_with_shortfall += any(s.shortfall_kwh > _NOTICEABLE_KWH for s in schedule.sessions)
        self._horizon = problem.horizon
        self._power_kw = {
            s.id: tuple(
                max(0.0, kwh) / hours for kwh, hours in zip(s.energy_kwh, self._horizon.slot_hours, strict=True)
            )
            for s in schedule.sessions
        }


def build_problem(view: SiteView, wanting: tuple[PluggedIn, ...], profile: DriverProfile) -> Problem:
    """Ask the Smart Charging Tool for these EVs: the capacity of each is what it lacks, so none is overfilled."""
    slot_minutes = view.slot / timedelta(minutes=1)
    start = Horizon.from_now(view.now, slot_minutes=slot_minutes, slots=1).start
    latest = max(min(ev.wish.departure_at, view.now + LONGEST_PLAN) for ev in wanting)
    slots = max(1, (latest - start) // view.slot)
    horizon = Horizon.from_now(view.now, slot_minutes=slot_minutes, slots=slots)
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
    """What a plan rests on, apart from the energy that flows as planned: where it differs a new plan is due."""
    return (view.prices.last_known_day(view.now), *((ev.id, ev.wish, ev.shown_kw) for ev in wanting))
