"""What a running fleet shows of itself: a table that fits a screen, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from rich.console import Console

from twinev.simulator.arrivals import ScriptedVisits
from twinev.simulator.display import MOST_SHOWN, fleet_table
from twinev.simulator.fleet import make_stations
from twinev.simulator.ledger import Ledger
from twinev.simulator.memory import MemoryFile
from twinev.simulator.station import Station
from twinev.simulator.usage import Usage
from twinev.simulator.v16 import V16

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def stations(count: int) -> list[Station]:
    return [
        Station(
            spec=spec,
            dialect=V16(),
            clock=SimpleNamespace(now=lambda: NOW),
            visits=ScriptedVisits(arrivals={}, origin=NOW, id_tokens=["CARD"]),
            ledger=Ledger(None),
            memory_file=MemoryFile(None, spec.id),
        )
        for spec in make_stations(count=count, ocpp="1.6", common={"evses": 2})
    ]


def test_table_has_a_row_for_each_evse_of_as_many_stations_as_a_screen_holds():
    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(fleet_table(stations(MOST_SHOWN + 3), NOW))
    shown = capture.get()
    assert "SIM-001 / 1" in shown
    assert "SIM-001 / 2" in shown
    assert f"SIM-{MOST_SHOWN + 1:03d}" not in shown
    assert "and 3 more" in shown
    assert f"0 of {MOST_SHOWN + 3} online" in shown


def test_usage_counts_the_calls_since_the_line_before():
    usage = Usage()
    fleet = stations(2)
    fleet[0].connected()
    first, second = usage.line(fleet, 1000), usage.line(fleet, 1000)
    assert first.startswith("1 of 2 online, 0 kW, 0 unsent; ")
    assert " 0 calls/s" not in first
    assert " 0 calls/s" in second
    assert "MB" in second
