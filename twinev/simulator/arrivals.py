"""The EVs that a scenario lists: which one comes to which EVSE, when, with what battery and what wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from twinev.domain.checks import require_finite
from twinev.errors import BadInput
from twinev.simulator.drivers import Visit
from twinev.simulator.ev import Ev
from twinev.simulator.fleet import StationSpec

# Each EVSE's entries, in order of time, by the station's id and the EVSE's.
Arrivals = Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]

REQUIRED = ("at_seconds", "energy_kwh", "stay_minutes")
OF_EV = ("battery_kwh", "max_kw", "taper_from_soc", "taper_floor", "max_discharge_kw", "min_soc", "ramp_kw_per_second")
NUMBERS = (*REQUIRED, *OF_EV, "soc")
OTHERS = ("station", "evse", "phases", "id_token", "profile", "tells_soc")


class ScriptedVisits:
    """Visits at given times after ``origin``; one whose EVSE is still occupied comes as soon as it is free."""

    def __init__(self, *, arrivals: Arrivals, origin: datetime, id_tokens: Sequence[str]) -> None:
        self._arrivals = arrivals
        self._origin = origin
        self._places = {evse: place for place, evse in enumerate(arrivals)}
        self._id_tokens = id_tokens

    def next_visit(
        self, station: StationSpec, *, evse_id: int, number: int, free_since: datetime, started: bool
    ) -> Visit | None:
        """Look the visit up; see `twinev.simulator.drivers.Visits`."""
        evse = (station.id, evse_id)
        visits = self._arrivals.get(evse, ())
        if number >= len(visits):
            return None
        entry = visits[number]
        return Visit(
            arrives_at=max(free_since, self._origin + timedelta(seconds=entry["at_seconds"])),
            stay_seconds=entry["stay_minutes"] * 60,
            ev=_ev(entry, station),
            soc=entry.get("soc", 0.3),
            energy_kwh=entry["energy_kwh"],
            id_token=entry.get("id_token", self._id_tokens[self._places[evse] % len(self._id_tokens)]),
            profile=entry.get("profile", "default"),
        )

    @staticmethod
    def called(visit: Visit | None, _at: datetime) -> Visit | None:
        """Who comes when is written down."""
        return visit


def _ev(entry: Mapping[str, Any], station: StationSpec) -> Ev:
    max_kw = entry.get("max_kw", station.max_kw)
    described = {
        "battery_kwh": 60.0,
        "max_kw": max_kw,
        "phases": station.phases,
        "ramp_kw_per_second": max(0.5, max_kw / 4),
    }
    return Ev(**{**described, **{key: entry[key] for key in (*OF_EV, "phases", "tells_soc") if key in entry}})


def read_arrivals(entries: Any, stations: Sequence[StationSpec]) -> Arrivals:
    """Read a scenario's arrivals: a list of objects.

    Required keys: ``station``, ``at_seconds`` (platform seconds after the start), ``energy_kwh``, ``stay_minutes``.
    Optional: ``evse`` (1), ``phases`` (the station's), ``soc`` (0.3), ``id_token``, ``profile``, ``tells_soc``, and the
    numbers that describe an EV (`twinev.simulator.ev.Ev`).

    Raises
    ------
    BadInput
        Names the entry and the key.
    """
    if not isinstance(entries, list):
        raise BadInput("arrivals", entries, "a list of arrivals")
    evses = {station.id: station.evses for station in stations}
    found: dict[tuple[str, int], list[dict[str, Any]]] = {
        (station.id, evse_id): [] for station in stations for evse_id in range(1, station.evses + 1)
    }
    for position, entry in enumerate(entries):
        _check(f"arrivals[{position}]", entry, evses)
        found[entry["station"], entry.get("evse", 1)].append(entry)
    return {evse: sorted(listed, key=lambda entry: entry["at_seconds"]) for evse, listed in found.items()}


def _check(where: str, entry: Any, evses: Mapping[str, int]) -> None:
    if not isinstance(entry, dict):
        raise BadInput(where, entry, "an object")
    if unknown := entry.keys() - set(NUMBERS) - set(OTHERS):
        raise BadInput(where, sorted(unknown), f"the keys {', '.join((*OTHERS, *NUMBERS))}")
    if entry.get("station") not in evses:
        raise BadInput(f"{where}.station", entry.get("station"), "the id of a simulated station")
    count = evses[entry["station"]]
    if entry.get("evse", 1) not in range(1, count + 1):
        raise BadInput(f"{where}.evse", entry["evse"], f"a number from 1 to {count}")
    for key in NUMBERS:
        if key in REQUIRED or key in entry:
            require_finite(f"{where}.{key}", entry.get(key), at_least=0)
