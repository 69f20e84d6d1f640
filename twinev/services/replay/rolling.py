"""The loop: step by step, show a strategy what is known, take its offers, let the EVs draw.

A step begins at every slot boundary and at every arrival, for the platform plans again as soon as an EV plugs in. It
ends where the next begins. Energy is booked per slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from twinev.services.replay.car_park import CarPark, Draw, Ev
from twinev.services.replay.prices import SitePrices
from twinev.services.replay.strategy import PluggedIn, SiteView, Strategy
from twinev.services.replay.wishes import Assumption, wish_at

_LESS_THAN_OFFERED_KWH = 1e-6


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a replay needs to know apart from the EVs; ``site_kw`` of None is no limit."""

    site_kw: float | None
    slot: timedelta
    prices: SitePrices
    assumption: Assumption


@dataclass(kw_only=True)
class Run:
    """What came of one strategy: per session the energy in each slot, shape (n_slots,), and in all. [kWh]

    ``highest_kw`` is the highest power at any moment: within a step power only falls, as EVs get full or leave.
    """

    strategy: Strategy
    energy_kwh: dict[str, list[float]]
    received_kwh: dict[str, float]
    highest_kw: float = 0.0


def slot_starts(evs: tuple[Ev, ...], slot: timedelta) -> list[datetime]:
    """The slots from the first arrival to the last departure; boundaries count from midnight UTC."""
    first = min(ev.session.connected_at for ev in evs)
    last = max(ev.session.disconnected_at for ev in evs)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + (first - midnight) // slot * slot
    return [start + slot * position for position in range(-((start - last) // slot))]


def run_strategy(
    strategy: Strategy,
    evs: tuple[Ev, ...],
    site: Site,
    on_slot: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Replay all slots; ``on_slot`` gets how many are done, and of how many."""
    park = CarPark(evs)
    starts = slot_starts(evs, site.slot)
    run = Run(strategy=strategy, energy_kwh={ev.id: [0.0] * len(starts) for ev in evs}, received_kwh=park.received_kwh)
    shown_kw: dict[str, float] = {}
    full: set[str] = set()
    for position, start in enumerate(starts):
        for begin, end in _steps(start, evs, site.slot):
            offers_kw = dict(strategy.offers_kw(_view(park, begin, site, shown_kw, full)))
            draws = park.run(begin, end, offers_kw)
            for ev_id, draw in draws.items():
                run.energy_kwh[ev_id][position] += draw.energy_kwh
            run.highest_kw = max(run.highest_kw, sum(draw.power_kw for draw in draws.values()))
            _learn(draws, offers_kw, shown_kw, full)
        on_slot(position + 1, len(starts))
    return run


def _steps(slot_start: datetime, evs: tuple[Ev, ...], slot: timedelta) -> Iterator[tuple[datetime, datetime]]:
    end = slot_start + slot
    arrivals = {ev.session.connected_at for ev in evs if slot_start < ev.session.connected_at < end}
    return pairwise([slot_start, *sorted(arrivals), end])


def _view(park: CarPark, now: datetime, site: Site, shown_kw: dict[str, float], full: set[str]) -> SiteView:
    return SiteView(
        now=now,
        slot=site.slot,
        site_kw=site.site_kw,
        prices=site.prices,
        plugged_in=tuple(
            PluggedIn(
                id=ev.id,
                evse_kw=ev.evse_kw,
                arrived_at=ev.session.connected_at,
                wish=wish_at(
                    ev.session,
                    now,
                    evse_kw=ev.evse_kw,
                    assumption=site.assumption,
                    received_kwh=park.received_kwh[ev.id],
                ),
                received_kwh=park.received_kwh[ev.id],
                shown_kw=shown_kw.get(ev.id),
                full=ev.id in full,
            )
            for ev in park.plugged_in(now)
        ),
    )


def _learn(draws: dict[str, Draw], offers_kw: dict[str, float], shown_kw: dict[str, float], full: set[str]) -> None:
    """Take from the meters what they show: an EV that was offered energy and stopped, or that drew less than it could.

    Nothing is learned of an EV that was offered nothing.
    """
    for ev_id, draw in draws.items():
        if draw.offered_kwh <= 0 or draw.energy_kwh >= draw.offered_kwh - _LESS_THAN_OFFERED_KWH:
            continue
        if draw.full:
            full.add(ev_id)
        else:
            shown_kw[ev_id] = offers_kw[ev_id] * draw.energy_kwh / draw.offered_kwh
