"""Shows a running fleet on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from twinev.simulator.station import Station


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
    for station in stations:
        table.add_row(*_row(station), style="" if station.online else "dim")
    return table


def _row(station: Station) -> tuple[str, ...]:
    unsent = len(station.reports.queue)
    state = station.condition.value if station.online else f"offline, {station.condition.value}"
    place = (station.spec.id, station.spec.ocpp, state)
    plugged = station.plugged
    if plugged is None:
        return (*place, "", "", "", "", "", str(unsent or ""))
    soc = plugged.state.battery_energy_kwh / plugged.visit.ev.battery_kwh
    return (
        *place,
        f"{station.power_kw:.1f}",
        f"{station.limit_kw:.1f}",
        f"{soc:.0%}",
        f"{plugged.state.remaining_kwh:.1f}",
        f"{plugged.departs_at:%H:%M}",
        str(unsent or ""),
    )
