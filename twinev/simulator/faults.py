"""What goes wrong at a station, and when: listed in a scenario, or drawn from the seed."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from twinev.domain.checks import require_finite
from twinev.errors import BadInput
from twinev.simulator.fleet import StationSpec


class FaultKind(StrEnum):
    """``OFFLINE``: no connection. ``REBOOT``: no power either. ``CHARGING_LIMIT``: somebody else limits the station."""

    OFFLINE = "offline"
    REBOOT = "reboot"
    CHARGING_LIMIT = "charging_limit"


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """From ``at`` on for ``seconds`` of platform time; ``limit_kw`` caps the sum over a station's EVSEs. [s], [kW]"""

    at: datetime
    kind: FaultKind
    seconds: float
    limit_kw: float | None = field(default=None, compare=False)


class Faults:
    """Every station's faults, from ``origin`` on, in order of time.

    Parameters
    ----------
    listed : Mapping
        A scenario's faults by station, as `read_faults` returns them.
    seed : int
        Draws the failures of the connection of stations that have them now and then.
    """

    def __init__(self, *, listed: Mapping[str, Sequence[Mapping[str, Any]]], seed: int, origin: datetime) -> None:
        self._listed = listed
        self._seed = seed
        self._origin = origin

    def of(self, station: StationSpec) -> Iterator[Fault]:
        """The station's faults; without end where they are drawn."""
        return heapq.merge(iter(self._listed_of(station)), self._drawn_for(station))

    def _listed_of(self, station: StationSpec) -> list[Fault]:
        return sorted(
            Fault(
                at=self._origin + timedelta(seconds=entry["at_seconds"]),
                kind=FaultKind(entry["kind"]),
                seconds=entry["seconds"],
                limit_kw=entry.get("limit_kw"),
            )
            for entry in self._listed.get(station.id, ())
        )

    def _drawn_for(self, station: StationSpec) -> Iterator[Fault]:
        if station.offline_per_hour <= 0:
            return
        # Not for secrets: a seed must give the same failures again.
        dice = random.Random(f"{self._seed}/{station.id}/offline")
        at = self._origin
        while True:
            at += timedelta(hours=dice.expovariate(station.offline_per_hour))
            yield Fault(at=at, kind=FaultKind.OFFLINE, seconds=station.offline_seconds)


def read_faults(entries: Any, stations: Sequence[StationSpec]) -> dict[str, list[dict[str, Any]]]:
    """Read a scenario's faults: a list of objects; by station.

    Keys: ``station``, ``at_seconds`` (platform seconds after the start), ``kind``, ``seconds``; ``limit_kw`` for a
    charging limit.

    Raises
    ------
    BadInput
        Names the entry and the key.
    """
    if not isinstance(entries, list):
        raise BadInput("faults", entries, "a list of faults")
    by_station: dict[str, list[dict[str, Any]]] = {station.id: [] for station in stations}
    for position, entry in enumerate(entries):
        _check(f"faults[{position}]", entry, by_station)
        by_station[entry["station"]].append(entry)
    return by_station


def _check(where: str, entry: Any, stations: Mapping[str, Any]) -> None:
    if not isinstance(entry, dict):
        raise BadInput(where, entry, "an object")
    keys = {"station", "at_seconds", "kind", "seconds"}
    if entry.get("kind") == FaultKind.CHARGING_LIMIT:
        keys.add("limit_kw")
    if unknown := entry.keys() - keys:
        raise BadInput(where, sorted(unknown), f"the keys {', '.join(sorted(keys))}")
    if entry.get("station") not in stations:
        raise BadInput(f"{where}.station", entry.get("station"), "the id of a simulated station")
    if entry.get("kind") not in tuple(FaultKind):
        raise BadInput(f"{where}.kind", entry.get("kind"), ", ".join(FaultKind))
    for key in keys - {"station", "kind"}:
        require_finite(f"{where}.{key}", entry.get(key), at_least=0)
