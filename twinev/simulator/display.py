"""Shows a running fleet on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from twinev.simulator.evse import Evse
from twinev.simulator.station import Station

# What a screen can hold; the sums count all.
MOST_SHOWN = 40


def fleet_table(stations: Sequence[Station], now: datetime) -> Table:
    """A table with a row for each station, and the fleet's sum beneath."""
    table = Table(title=f"{now:%Y-%m-%d %H:%M:%S} UTC", title_justify="left", expand=False, show_footer=True)
    total_kw = sum(station.power_kw for station in stations)
    online = sum(station.online for station in stations)
    table.add_column("Station", f"{online} of {len(stations)} online")
    table.add_column("OCPP")
    table.add_column("State")
    table.add_column("kW", f"{total_kw:.1f}", justify="right")
    table.add_column("Limit", justify="right")
    table.add_column("SoC", justify="right")
    table.add_column("kWh wanted", justify="right")
    table.add_column("Leaves")
    table.add_column("Unsent", str(sum(len(station.reports.queue) for station in stations)), justify="right")
    for station in stations[:MOST_SHOWN]:
        for evse in station.evses:
            table.add_row(*_row(station, evse), style="" if station.online else "dim")
    if len(stations) > MOST_SHOWN:
        table.add_row(f"and {len(stations) - MOST_SHOWN} more")
    return table


def _row(station: Station, evse: Evse) -> tuple[str, ...]:
    unsent = len(station.reports.queue)
    state = evse.condition.current.value if station.online else f"offline, {evse.condition.current.value}"
    name = station.spec.id if len(station.evses) == 1 else f"{station.spec.id} / {evse.id}"
    place = (name, station.spec.ocpp, state)
    plugged = evse.plugged
    if plugged is None:
        return (*place, "", "", "", "", "", str(unsent or ""))
    soc = plugged.state.battery_energy_kwh / plugged.visit.ev.battery_kwh
    return (
        *place,
        f"{evse.outlet.power_kw:.1f}",
        f"{evse.outlet.limit_kw:.1f}",
        f"{soc:.0%}",
        f"{plugged.state.remaining_kwh:.1f}",
        f"{plugged.departs_at:%H:%M}",
        str(unsent or ""),
    )
