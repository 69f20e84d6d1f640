"""How much of an EV's planned energy is renewable: made on the site beyond its demand, or so by the grid's share. Pure.

In each slot the EVs that charge share what the site makes beyond its demand in proportion to what they take; the rest
comes from the grid with the zone's renewable share. This is what the profile ``green`` maximises (`twinev.sct`). What
nobody told counts as not renewable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Less than this flows nowhere. [kWh]
NOTHING_KWH = 1e-6


def renewable_part(
    session_id: str,
    energy_kwh: Mapping[str, Sequence[float]],
    *,
    hours: Sequence[float],
    demand_kw: Sequence[float],
    production_kw: Sequence[float],
    grid_share: Sequence[float],
) -> float | None:
    """Return the part of one EV's energy that is renewable, 0 to 1; None where no energy flows into it.

    Parameters
    ----------
    energy_kwh : mapping of session id to sequence of float, shape (n_slots,)
        What the plan gives each EV of the site. [kWh]
    hours : sequence of float, shape (n_slots,)
        Length of the slots. [h]
    demand_kw, production_kw : sequence of float, shape (n_slots,)
        Of the site without its EVs. [kW]
    grid_share : sequence of float, shape (n_slots,)
        Renewable share of what comes from the grid, 0 to 1.
    """
    own_kwh = [max(kwh, 0.0) for kwh in energy_kwh.get(session_id, ())]
    total_kwh = sum(own_kwh)
    if total_kwh < NOTHING_KWH:
        return None
    renewable_kwh = 0.0
    for slot, kwh in enumerate(own_kwh):
        if kwh <= 0:
            continue
        all_kwh = sum(max(curve[slot], 0.0) for curve in energy_kwh.values())
        surplus_kwh = max(production_kw[slot] - demand_kw[slot], 0.0) * hours[slot]
        on_site = min(surplus_kwh / all_kwh, 1.0)
        renewable_kwh += kwh * (on_site + (1 - on_site) * grid_share[slot])
    return min(renewable_kwh / total_kwh, 1.0)
