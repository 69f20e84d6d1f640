"""Makes the two samples beside it: a made-up day at a made-up car park, and made-up prices. Seeded: always the same.

.venv/bin/python data/samples/make.py
"""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent
ZONE = ZoneInfo("Europe/Amsterdam")
MIDNIGHT = datetime(2026, 11, 16, tzinfo=ZONE)
STATIONS = 32
SEED = 20261116
# Single-phase EVs of 3.7 and 7.4 kW, as at a car park with one-phase EVSEs of 32 A.
EV_KW = (3.7, 3.7, 7.0, 7.0, 7.0)


def make_sessions(chance: random.Random) -> list[dict]:
    """About forty drivers: commuters in the morning, visitors through the day, some who stay the night."""
    arrivals = (
        [("commuter", chance.gauss(8.4, 0.6)) for _ in range(19)]
        + [("visitor", chance.uniform(9.5, 17.5)) for _ in range(16)]
        + [("resident", chance.gauss(18.6, 0.8)) for _ in range(6)]
    )
    free_from = dict.fromkeys(range(STATIONS), 0.0)
    sessions = []
    for number, (kind, hour) in enumerate(sorted(arrivals, key=lambda arrival: arrival[1])):
        free = [station for station, since in free_from.items() if since < hour]
        station = chance.choice(free)
        session, leaves = make_session(chance, number, kind, hour, station)
        free_from[station] = leaves + 0.1
        sessions.append(session)
    return sessions


def make_session(chance: random.Random, number: int, kind: str, hour: float, station: int) -> tuple[dict, float]:
    """Return one session and the hour at which its EV leaves; drivers err about both, as real ones do."""
    stay = {"commuter": chance.gauss(8.3, 0.9), "visitor": chance.uniform(1.0, 3.5), "resident": chance.gauss(12.5, 1)}
    hours = max(0.6, stay[kind])
    ev_kw = chance.choice(EV_KW)
    wanted_kwh = max(2.0, chance.gauss({"commuter": 16, "visitor": 8, "resident": 22}[kind], 6))
    delivered_kwh = min(wanted_kwh, 0.97 * ev_kw * hours)
    arrived = at(hour)
    done = arrived + timedelta(hours=delivered_kwh / ev_kw)
    session = {
        "_id": f"{number:024x}",
        "clusterID": "0001",
        "connectionTime": rfc1123(arrived),
        "disconnectTime": rfc1123(at(hour + hours)),
        "doneChargingTime": rfc1123(done) if delivered_kwh == wanted_kwh else None,
        "kWhDelivered": round(delivered_kwh, 3),
        "sessionID": f"sample_{station:02d}_{arrived:%Y-%m-%d_%H%M%S}",
        "siteID": "0001",
        "spaceID": f"P{station:02d}",
        "stationID": f"CP-{station:02d}",
        "timezone": ZONE.key,
        "userID": None,
        "userInputs": None,
    }
    if chance.random() > 0.1:
        session["userID"] = f"{1000 + number}"
        session["userInputs"] = [say(chance, number, arrived, hours, wanted_kwh)]
    return session, hour + hours


def say(chance: random.Random, number: int, arrived: datetime, hours: float, wanted_kwh: float) -> dict:
    """What the driver tells the app: mostly a departure shortly before the real one and a little too much energy.

    Two are odd on purpose: number 11 asks for far too much, number 23 declares a departure before the arrival.
    """
    declared = hours * (chance.uniform(1.2, 2.2) if chance.random() < 0.12 else chance.gauss(0.94, 0.04))
    minutes = max(15, 15 * round(declared * 4))
    if number == 23:
        minutes = -60
    asked_kwh = wanted_kwh * (0.7 if chance.random() < 0.05 else chance.uniform(1.0, 1.25))
    return {
        "WhPerMile": 300,
        "kWhRequested": round(60.0 if number == 11 else asked_kwh, 1),
        "milesRequested": round(asked_kwh / 0.3),
        "minutesAvailable": minutes,
        "modifiedAt": rfc1123(arrived + timedelta(seconds=chance.randint(5, 90))),
        "paymentRequired": True,
        "requestedDeparture": rfc1123(arrived + timedelta(minutes=minutes)),
        "userID": 1000 + number,
    }


def make_prices(chance: random.Random) -> list[tuple[datetime, float]]:
    """Hourly prices of a month: a morning and an evening peak, cheap nights, some windy days. [EUR/MWh]"""
    first = datetime(2026, 11, 1, tzinfo=ZONE).astimezone(UTC)
    last = datetime(2026, 12, 1, tzinfo=ZONE).astimezone(UTC)
    wind = {day: chance.choice((0, 0, 0, -15, -35)) for day in range(1, 31)}
    prices = []
    for position in range(int((last - first) / timedelta(hours=1))):
        start = first + timedelta(hours=position)
        local = start.astimezone(ZONE)
        peaks = 45 * bump(local.hour, 8.5, 1.6) + 70 * bump(local.hour, 18, 1.9) - 18 * bump(local.hour, 13, 2.2)
        night = -22 * bump(local.hour, 3, 3)
        prices.append((start, round(82 + peaks + night + wind[local.day] + chance.gauss(0, 3), 2)))
    return prices


def bump(hour: float, centre: float, width: float) -> float:
    return math.exp(-(((hour - centre) / width) ** 2) / 2)


def at(hour: float) -> datetime:
    return (MIDNIGHT + timedelta(seconds=round(hour * 3600))).astimezone(UTC)


def rfc1123(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def main() -> None:
    chance = random.Random(SEED)
    sessions = json.dumps(make_sessions(chance), indent=1) + "\n"
    (FOLDER / "car_park_2026-11-16.json").write_text(sessions, encoding="utf-8")
    rows = [f"{start:%Y-%m-%dT%H:%M:%SZ},{price}" for start, price in make_prices(chance)]
    (FOLDER / "prices_2026-11.csv").write_text("\n".join(["utc,eur_per_mwh", *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
