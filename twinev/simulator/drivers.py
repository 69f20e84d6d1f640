"""Who comes when: the visits of EVs to EVSEs, drawn from a seed (`twinev.simulator.arrivals` reads them from a file).

A visit is determined by the seed, the EVSE and its number alone, so that a run can be repeated and continued.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from twinev.simulator.ev import VOLTAGE_V, Ev
from twinev.simulator.fleet import StationSpec

# Batteries and the current per phase of cars that are common in a Dutch car park. [kWh], [A]
CARS = ((40.0, 16), (52.0, 16), (58.0, 16), (60.0, 16), (77.0, 16), (82.0, 16), (52.0, 32), (64.0, 32))
OCCUPIED_AT_START = 2 / 3
# Within the two minutes that a station waits for the plug.
PLUGS_IN_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One EV at one EVSE: from plug-in to departure.

    ``energy_kwh`` is what its driver asks for (and where the EV stops), ``profile`` the preference that is told along.
    ``id_token`` None: he shows no card, and starts from his phone.
    """

    arrives_at: datetime
    stay_seconds: float
    ev: Ev
    soc: float
    energy_kwh: float
    id_token: str | None
    profile: str = "default"


class Visits(Protocol):
    """Tells an EVSE's next visitor."""

    def next_visit(
        self, station: StationSpec, *, evse_id: int, number: int, free_since: datetime, started: bool
    ) -> Visit | None:
        """The ``number``-th visit (from 0) to an EVSE that is free since ``free_since``; None: nobody comes any more.

        ``started`` says that the station's process has just started, and nobody has come since.
        """

    def called(self, visit: Visit | None, at: datetime) -> Visit | None:
        """The next visit once somebody has started from his phone at the empty EVSE, at ``at``."""


class SeededVisits:
    """A plausible day at a car park, for as long as one looks.

    Two thirds of the EVSEs get their first EV within ``settle_in_seconds`` of the start, one after the other; the
    others follow within the first hour, and after each departure the next EV comes within a quarter to an hour.
    """

    def __init__(
        self, *, seed: int, stations: Sequence[StationSpec], id_tokens: Sequence[str], settle_in_seconds: float
    ) -> None:
        self._seed = seed
        order = [(station.id, evse_id) for station in stations for evse_id in range(1, station.evses + 1)]
        self._places = {evse: place for place, evse in enumerate(order)}
        self._id_tokens = id_tokens
        random.Random(f"{seed}/occupied").shuffle(order)
        early = order[: round(len(order) * OCCUPIED_AT_START)]
        spacing = settle_in_seconds / max(1, len(early))
        self._early_seconds = {evse: spacing * (place + 0.5) for place, evse in enumerate(early)}

    def next_visit(
        self, station: StationSpec, *, evse_id: int, number: int, free_since: datetime, started: bool
    ) -> Visit | None:
        """Draw the visit; see `Visits`."""
        # Not for secrets: a seed must give the same visits again.
        dice = random.Random(f"{self._seed}/{station.id}/{evse_id}/{number}")
        gap_seconds = dice.uniform(15 * 60, 60 * 60)
        if started:
            gap_seconds = self._early_seconds.get((station.id, evse_id), gap_seconds)
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
                # At a V2G-capable station every EV can discharge, as fast as it charges.
                max_discharge_kw=max_kw if station.bidirectional else 0.0,
            ),
            soc=round(soc, 3),
            energy_kwh=round(energy_kwh, 1),
            id_token=self._id_token((station.id, evse_id), number),
            profile="cheap" if dice.random() < 0.4 else "default",
        )

    def called(self, visit: Visit | None, at: datetime) -> Visit | None:
        """Who starts from his phone stands there with his EV, and plugs in."""
        if visit is None:
            return None
        return replace(visit, arrives_at=min(visit.arrives_at, at + PLUGS_IN_AFTER), id_token=None)

    def _id_token(self, evse: tuple[str, int], number: int) -> str:
        # Each EVSE has its own share of the cards: one card is never at two at once.
        evses = len(self._places)
        share = max(1, len(self._id_tokens) // evses)
        place = self._places[evse] + evses * (number % share)
        return self._id_tokens[place % len(self._id_tokens)]
