"""Who comes when: the visits of EVs to stations, drawn from a seed or read from a scenario.

A visit is determined by the seed, the station and its number alone, so that a run can be repeated and continued.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from twinev.domain.checks import require_finite
from twinev.errors import BadInput
from twinev.simulator.ev import VOLTAGE_V, Ev
from twinev.simulator.fleet import StationSpec

# Batteries and the current per phase of cars that are common in a Dutch car park. [kWh], [A]
CARS = ((40.0, 16), (52.0, 16), (58.0, 16), (60.0, 16), (77.0, 16), (82.0, 16), (52.0, 32), (64.0, 32))
OCCUPIED_AT_START = 2 / 3

# What a scenario says of each station's EVs, in order of time.
Arrivals = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One EV at one station: from plug-in to departure.

    ``energy_kwh`` is what its driver asks for (and where the EV stops), ``profile`` the preference that is told along.
    """

    arrives_at: datetime
    stay_seconds: float
    ev: Ev
    soc: float
    energy_kwh: float
    id_token: str
    profile: str = "default"


class Visits(Protocol):
    """Tells a station's next visitor."""

    def next_visit(self, station: StationSpec, *, number: int, free_since: datetime, started: bool) -> Visit | None:
        """The ``number``-th visit (from 0) to a station that is free since ``free_since``; None: nobody comes any more.

        ``started`` says that the station's process has just started, and nobody has come since.
        """


class SeededVisits:
    """A plausible day at a car park, for as long as one looks.

    Two thirds of the stations get their first EV within ``settle_in_seconds`` of the start, one after the other; the
    others follow within the first hour, and after each departure the next EV comes within a quarter to an hour.
    """

    def __init__(
        self, *, seed: int, stations: Sequence[StationSpec], id_tokens: Sequence[str], settle_in_seconds: float
    ) -> None:
        self._seed = seed
        self._places = {station.id: place for place, station in enumerate(stations)}
        self._id_tokens = id_tokens
        order = [station.id for station in stations]
        random.Random(f"{seed}/occupied").shuffle(order)
        early = order[: round(len(order) * OCCUPIED_AT_START)]
        spacing = settle_in_seconds / max(1, len(early))
        self._early_seconds = {station_id: spacing * (place + 0.5) for place, station_id in enumerate(early)}

    def next_visit(self, station: StationSpec, *, number: int, free_since: datetime, started: bool) -> Visit | None:
        """Draw the visit; see `Visits`."""
        # Not for secrets: a seed must give the same visits again.
        dice = random.Random(f"{self._seed}/{station.id}/{number}")
        gap_seconds = dice.uniform(15 * 60, 60 * 60)
        if started:
            gap_seconds = self._early_seconds.get(station.id, gap_seconds)
        stay_hours = min(10.0, max(1.5, dice.gauss(5.0, 2.0)))
        battery_kwh, current_a = dice.choice(CARS)
        phases = station.phases
        max_kw = current_a * VOLTAGE_V * phases / 1000
        soc = dice.uniform(0.15, 0.6)
        # Up to 90 % full, and not more than a grid that is shared can give in the stay.
        room_kwh = (0.9 - soc) * battery_kwh
        energy_kwh = min(room_kwh, dice.lognormvariate(2.9, 0.4), 0.6 * min(max_kw, station.max_kw) * stay_hours)
        return Visit(
            arrives_at=free_since + timedelta(seconds=gap_seconds),
            stay_seconds=round(stay_hours * 3600),
            ev=Ev(
                battery_kwh=battery_kwh,
                max_kw=max_kw,
                phases=phases,
                ramp_kw_per_second=max_kw / 4,
                tells_soc=dice.random() < 0.5,
            ),
            soc=round(soc, 3),
            energy_kwh=round(energy_kwh, 1),
            id_token=self._id_token(station, number),
            profile="cheap" if dice.random() < 0.4 else "default",
        )

    def _id_token(self, station: StationSpec, number: int) -> str:
        # Each station has its own share of the cards: one card is never at two stations at once.
        stations = len(self._places)
        share = max(1, len(self._id_tokens) // stations)
        place = self._places[station.id] + stations * (number % share)
        return self._id_tokens[place % len(self._id_tokens)]


class ScriptedVisits:
    """Visits at given times after ``origin``; one whose station is still occupied comes as soon as it is free."""

    def __init__(self, *, arrivals: Arrivals, origin: datetime, id_tokens: Sequence[str]) -> None:
        self._arrivals = arrivals
        self._origin = origin
        self._places = {station_id: place for place, station_id in enumerate(arrivals)}
        self._id_tokens = id_tokens

    def next_visit(self, station: StationSpec, *, number: int, free_since: datetime, started: bool) -> Visit | None:
        """Look the visit up; see `Visits`."""
        visits = self._arrivals.get(station.id, ())
        if number >= len(visits):
            return None
        entry = visits[number]
        max_kw, phases = entry.get("max_kw", station.max_kw), entry.get("phases", station.phases)
        place = self._places[station.id] % len(self._id_tokens)
        return Visit(
            arrives_at=max(free_since, self._origin + timedelta(seconds=entry["at_seconds"])),
            stay_seconds=entry["stay_minutes"] * 60,
            ev=Ev(
                battery_kwh=entry.get("battery_kwh", 60.0),
                max_kw=max_kw,
                phases=phases,
                ramp_kw_per_second=max(0.5, max_kw / 4),
            ),
            soc=entry.get("soc", 0.3),
            energy_kwh=entry["energy_kwh"],
            id_token=entry.get("id_token", self._id_tokens[place]),
            profile=entry.get("profile", "default"),
        )


def read_arrivals(entries: Any, stations: Sequence[StationSpec]) -> Arrivals:
    """Read a scenario's arrivals: a list of objects; by station, in order of time.

    Required keys: ``station``, ``at_seconds`` (platform seconds after the start), ``energy_kwh``, ``stay_minutes``.
    Optional: ``max_kw``, ``phases`` (the station's), ``battery_kwh`` (60), ``soc`` (0.3), ``id_token``, ``profile``.

    Raises
    ------
    BadInput
        Names the entry and the key.
    """
    if not isinstance(entries, list):
        raise BadInput("arrivals", entries, "a list of arrivals")
    by_station: dict[str, list[dict[str, Any]]] = {station.id: [] for station in stations}
    for position, entry in enumerate(entries):
        _check_entry(f"arrivals[{position}]", entry, by_station)
        by_station[entry["station"]].append(entry)
    return {station: sorted(found, key=lambda entry: entry["at_seconds"]) for station, found in by_station.items()}


NUMBERS = {
    "at_seconds": True,
    "energy_kwh": True,
    "stay_minutes": True,
    "max_kw": False,
    "battery_kwh": False,
    "soc": False,
}
TEXTS = ("station", "phases", "id_token", "profile")


def _check_entry(where: str, entry: Any, stations: Mapping[str, Any]) -> None:
    if not isinstance(entry, dict):
        raise BadInput(where, entry, "an object")
    if unknown := entry.keys() - NUMBERS.keys() - set(TEXTS):
        raise BadInput(where, sorted(unknown), f"the keys {', '.join((*TEXTS, *NUMBERS))}")
    if entry.get("station") not in stations:
        raise BadInput(f"{where}.station", entry.get("station"), "the id of a simulated station")
    for key, required in NUMBERS.items():
        if required or key in entry:
            require_finite(f"{where}.{key}", entry.get(key), at_least=0)
