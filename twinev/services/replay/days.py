"""The use case: replay days of recorded sessions with several strategies, and return what is to be reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from twinev.services.replay.car_park import Ev
from twinev.services.replay.choose import Days, choose_sessions
from twinev.services.replay.oddities import Judged, Oddity, count_oddities
from twinev.services.replay.power import measure_ev_kw, measure_evse_kw
from twinev.services.replay.prices import PriceTable, SitePrices
from twinev.services.replay.record import RecordedSession
from twinev.services.replay.rolling import Run, Site, run_strategy, slot_starts
from twinev.services.replay.strategy import Strategy
from twinev.services.replay.wishes import assume_from_history, final_wish

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """All that came of a replay; `twinev.services.replay.outcome` tells it as plain data."""

    days: Days
    site: Site
    usual_evse_kw: float
    evs: tuple[Ev, ...]
    runs: Mapping[str, Run]
    oddities: Sequence[Oddity]


def replay_days(
    *,
    sessions: Sequence[RecordedSession],
    days: Days,
    strategies: Mapping[str, Strategy],
    prices: PriceTable | None,
    price_zone: ZoneInfo,
    site_kw: float | None,
    usual_evse_kw: float,
    slot_minutes: int,
    on_progress: OnProgress = lambda name, done, total: None,
) -> Replay:
    """Replay the sessions that arrive on ``days`` until the last of them has left, once with each strategy.

    Raises
    ------
    BadInput
        No session arrives on those days, or a price is missing.
    """
    chosen, left_out = choose_sessions(sessions, days)
    site = Site(
        site_kw=site_kw,
        slot=timedelta(minutes=slot_minutes),
        prices=SitePrices(table=prices, site_zone=days.zone, price_zone=price_zone),
        assumption=assume_from_history(sessions, days.begin),
    )
    evs = _model_evs(sessions, chosen, usual_evse_kw)
    _require_prices(evs, site)
    runs = {}
    for name, strategy in strategies.items():
        runs[name] = run_strategy(strategy, evs, site, lambda done, total, name=name: on_progress(name, done, total))
    return Replay(
        days=days,
        site=site,
        usual_evse_kw=usual_evse_kw,
        evs=evs,
        runs=runs,
        oddities=[*count_oddities(_judge(evs, site)), *left_out],
    )


def _model_evs(
    sessions: Sequence[RecordedSession], chosen: Sequence[RecordedSession], usual_evse_kw: float
) -> tuple[Ev, ...]:
    evse_kw = measure_evse_kw(sessions, usual_evse_kw)
    ev_kw = measure_ev_kw(sessions, evse_kw, usual_evse_kw)
    return tuple(
        Ev(
            session=session,
            need_kwh=min(max(0.0, session.delivered_kwh), evse_kw[session.station_id] * session.stay_hours),
            max_kw=ev_kw[session.id],
            evse_kw=evse_kw[session.station_id],
        )
        for session in chosen
    )


def _judge(evs: Sequence[Ev], site: Site) -> list[Judged]:
    return [
        Judged(
            session=ev.session,
            evse_kw=ev.evse_kw,
            wish=final_wish(ev.session, evse_kw=ev.evse_kw, assumption=site.assumption),
        )
        for ev in evs
    ]


def _require_prices(evs: tuple[Ev, ...], site: Site) -> None:
    """Fail before the work, not in its midst, where the table has no price for a slot of the replay."""
    for start in slot_starts(evs, site.slot):
        site.prices.at(start)
