"""What the translation must know of the station at the other end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Station:
    """A connected station.

    ``phases`` and ``voltage_v`` (between a phase and neutral) turn kW into A and back.
    """

    station_id: str
    protocol: str
    evse_count: int = 1
    phases: int = 3
    voltage_v: float = 230.0
