"""The figures by which strategies are compared.

Powers are means over a slot, as a grid operator's meter takes them; the highest power at any moment is told too. A
driver is fully served when the EV got what it really took in the record, short of 0.1 kWh or 1 %. What a driver saves
by leaving uncharged is no saving: besides the cost, the comparison holds the cost per kWh and the cost of those drivers
alone whom every strategy served fully.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from twinev.services.replay.car_park import Ev
from twinev.services.replay.oddities import asked_less_than_taken, left_early
from twinev.services.replay.rolling import Run
from twinev.services.replay.wishes import Wish

_SHORT_KWH = 0.1
_SHORT_SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """One strategy's figures; the costs are None where no prices were given."""

    cost_eur: float | None
    eur_per_kwh: float | None
    peak_kw: float
    highest_moment_kw: float
    energy_kwh: float
    energy_needed_kwh: float
    energy_delivered_percent: float
    drivers: int
    drivers_fully_served: int
    drivers_fully_served_percent: float
    kwh_over_site_limit: float
    hours_over_site_limit: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def is_fully_served(ev: Ev, received_kwh: float) -> bool:
    """Whether the EV got what it really took in the record."""
    return received_kwh >= ev.need_kwh - max(_SHORT_KWH, _SHORT_SHARE * ev.need_kwh)


def measure(
    run: Run,
    evs: Sequence[Ev],
    *,
    slot_hours: float,
    site_kw: float | None,
    prices_eur_per_kwh: Sequence[float | None],
) -> Metrics:
    """Return the figures of one run."""
    needing = [ev for ev in evs if ev.need_kwh > 0]
    served = sum(is_fully_served(ev, run.received_kwh[ev.id]) for ev in needing)
    power_kw = site_power_kw(run, slot_hours)
    over_kw = [0.0 if site_kw is None else max(0.0, kw - site_kw - 1e-6) for kw in power_kw]
    energy_kwh, needed_kwh = sum(run.received_kwh.values()), sum(ev.need_kwh for ev in evs)
    cost_eur = cost_of(run, [ev.id for ev in evs], prices_eur_per_kwh)
    return Metrics(
        cost_eur=cost_eur,
        eur_per_kwh=None if cost_eur is None or energy_kwh <= 0 else cost_eur / energy_kwh,
        peak_kw=max(power_kw),
        highest_moment_kw=run.highest_kw,
        energy_kwh=energy_kwh,
        energy_needed_kwh=needed_kwh,
        energy_delivered_percent=100 * energy_kwh / needed_kwh if needed_kwh else 100.0,
        drivers=len(needing),
        drivers_fully_served=served,
        drivers_fully_served_percent=100 * served / len(needing) if needing else 100.0,
        kwh_over_site_limit=sum(over_kw) * slot_hours,
        hours_over_site_limit=sum(kw > 0 for kw in over_kw) * slot_hours,
    )


def site_power_kw(run: Run, slot_hours: float) -> list[float]:
    """The site's mean power in each slot. [kW]"""
    return [sum(energies) / slot_hours for energies in zip(*run.energy_kwh.values(), strict=True)]


def cost_of(run: Run, session_ids: Sequence[str], prices_eur_per_kwh: Sequence[float | None]) -> float | None:
    """What the energy of these sessions cost; None where no prices were given. [EUR]"""
    if None in prices_eur_per_kwh:
        return None
    return sum(
        kwh * price
        for session_id in session_ids
        for kwh, price in zip(run.energy_kwh[session_id], prices_eur_per_kwh, strict=True)
    )


def compare_alike(
    runs: Mapping[str, Run], evs: Sequence[Ev], prices_eur_per_kwh: Sequence[float | None]
) -> dict[str, Any]:
    """Return the cost of the drivers whom every strategy served fully: the fair comparison of costs."""
    alike = [
        ev.id
        for ev in evs
        if ev.need_kwh > 0 and all(is_fully_served(ev, run.received_kwh[ev.id]) for run in runs.values())
    ]
    return {
        "drivers": len(alike),
        "energy_kwh": {name: sum(run.received_kwh[i] for i in alike) for name, run in runs.items()},
        "cost_eur": {name: cost_of(run, alike, prices_eur_per_kwh) for name, run in runs.items()},
    }


def why_short(ev: Ev, wish: Wish) -> str:
    """Return, in words, what the likeliest reason is that a plan did not serve this driver fully."""
    if asked_less_than_taken(ev.session, wish):
        return f"asked for {wish.asked_kwh:.1f} kWh and really took {ev.need_kwh:.1f} kWh"
    if left_early(ev.session, wish):
        minutes = (wish.departure_at - ev.session.disconnected_at).total_seconds() / 60
        source = "assumed" if wish.departure_assumed else "declared"
        return f"left {minutes / 60:.1f} h before the {source} departure"
    return "too little time was left at the EV's own power, or under the site's limit"
