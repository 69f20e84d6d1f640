"""A replay told as plain data: what the metrics file holds and the report draws.

Everything but ``timing`` is the same for the same input, whatever machine it ran on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from twinev.services.replay.car_park import Ev
from twinev.services.replay.days import Replay
from twinev.services.replay.metrics import compare_alike, is_fully_served, measure, site_power_kw, why_short
from twinev.services.replay.rolling import Run, slot_starts
from twinev.services.replay.strategies import MEANINGS
from twinev.services.replay.wishes import final_wish

FORMAT = 1
_DECIMALS = 6


def tell(replay: Replay) -> dict[str, Any]:
    """Return the replay as JSON-ready data: powers in kW, energies in kWh, costs in EUR, times local with offset."""
    slot_hours = replay.site.slot / timedelta(hours=1)
    starts = slot_starts(replay.evs, replay.site.slot)
    prices = [replay.site.prices.at(start) for start in starts]
    zone = replay.days.zone
    return _rounded(
        {
            "format": FORMAT,
            "days": str(replay.days),
            "time_zone": zone.key,
            "site_kw": replay.site.site_kw,
            "slot_minutes": slot_hours * 60,
            "assumptions": _assumptions(replay),
            "oddities": [_oddity(oddity) for oddity in replay.oddities],
            "strategies": {
                name: {
                    "meaning": MEANINGS.get(name, ""),
                    **measure(
                        run, replay.evs, slot_hours=slot_hours, site_kw=replay.site.site_kw, prices_eur_per_kwh=prices
                    ).to_dict(),
                    **_plans(run),
                }
                for name, run in replay.runs.items()
            },
            "served_by_every_strategy": compare_alike(replay.runs, replay.evs, prices),
            "slots": {
                "start": [start.astimezone(zone).isoformat() for start in starts],
                "price_eur_per_kwh": prices,
                "power_kw": {name: site_power_kw(run, slot_hours) for name, run in replay.runs.items()},
            },
            "sessions": [_session(ev, replay) for ev in replay.evs],
            "timing": {name: _timing(run) for name, run in replay.runs.items()},
        }
    )


def _plans(run: Run) -> dict[str, Any]:
    log = run.strategy.log
    return {
        "plans": len(log.seconds),
        "plans_with_shortfall": log.plans_with_shortfall,
        "steps_without_new_plan": log.steps_without_new_plan,
    }


def _timing(run: Run) -> dict[str, float | None]:
    seconds = run.strategy.log.seconds
    return {
        "mean_plan_ms": 1000 * sum(seconds) / len(seconds) if seconds else None,
        "max_plan_ms": 1000 * max(seconds) if seconds else None,
    }


def _oddity(oddity) -> dict[str, Any]:
    return {
        "key": oddity.key,
        "what": oddity.what,
        "done": oddity.done,
        "count": len(oddity.session_ids),
        "session_ids": list(oddity.session_ids),
        "replayed": oddity.replayed,
    }


def _session(ev: Ev, replay: Replay) -> dict[str, Any]:
    zone, session = replay.days.zone, ev.session
    wish = final_wish(session, evse_kw=ev.evse_kw, assumption=replay.site.assumption)
    received_kwh = {name: run.received_kwh[ev.id] for name, run in replay.runs.items()}
    served = {name: is_fully_served(ev, kwh) for name, kwh in received_kwh.items()}
    return {
        "id": session.id,
        "station_id": session.station_id,
        "arrival": session.connected_at.astimezone(zone).isoformat(),
        "departure": session.disconnected_at.astimezone(zone).isoformat(),
        "told_departure": wish.departure_at.astimezone(zone).isoformat(),
        "told_departure_assumed": wish.departure_assumed,
        "told_kwh": wish.asked_kwh,
        "told_kwh_assumed": wish.energy_assumed,
        "needed_kwh": ev.need_kwh,
        "ev_kw": ev.max_kw,
        "evse_kw": ev.evse_kw,
        "received_kwh": received_kwh,
        "fully_served": served,
        "why_short": None if all(served.values()) else why_short(ev, wish),
    }


def _assumptions(replay: Replay) -> list[str]:
    assumption = replay.site.assumption
    fast = sorted({(ev.session.station_id, ev.evse_kw) for ev in replay.evs if ev.evse_kw > replay.usual_evse_kw})
    shown = ", ".join(f"{station} {kw:.1f} kW" for station, kw in fast)
    return [
        f"An EVSE gives {replay.usual_evse_kw:g} kW, or what its sessions in the file show to be more"
        + (f": {shown}." if shown else " (none that was used)."),
        "An EV really needs what it took in the record, and leaves when it left. It draws at most the highest average "
        "power that its driver's sessions show; the planner does not know that, and learns it when it is offered more.",
        "A plan knows the EVs that are plugged in, and what their drivers have said so far. Plans are made at "
        "the beginning of a slot and at every arrival, when anything is new.",
        f"Of a driver who said nothing, {assumption.energy_kwh:.2f} kWh and a stay of "
        f"{assumption.stay / timedelta(minutes=1):.0f} min are assumed ({assumption.basis}), and as much energy again "
        "where the EV then still draws.",
        f"Prices are matched by {replay.site.prices.matched_by}. Those of the next day are known from 13:00."
        if replay.site.prices.table is not None
        else "No prices were given, so costs are not computed and the cheap strategy has nothing to prefer.",
        "Powers are means over a slot unless said otherwise. Energy is counted at the EVSE; other loads and losses are "
        "left out.",
    ]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, Mapping):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value
