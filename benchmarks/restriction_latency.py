"""How soon a grid operator's order reaches the charging stations, and how soon their meters show it.

    .venv/bin/python benchmarks/restriction_latency.py [--tries 50]

Starts a whole system at normal speed with four EVs that charge all the time (two stations speak OCPP 1.6, two 2.0.1).
Each try orders a limit on the four, waits until it is kept, and revokes it. Two times per try, both from the moment
before the order is sent to the REST API:

accepted  until the last SetChargingProfile of the order's plan is accepted, by the platform's record of its commands
metered   until the sum of the four meters, as the API tells it, is under the limit (asked every 0.1 s; simulated EVs
          take seconds to come down, and meters report every 3 s and when the power has settled)
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from measured_on import measured_on

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from running_system import RunningSystem, system, wait_until

STATIONS = ("UTR-02", "UTR-03", "UTR-04", "UTR-05")
# In turn, so that each order changes what every station is told.
LIMITS_KW = (12.0, 18.0)
# The four EVs draw up to 44 kW; above this they count as charging freely, well over both limits.
FREE_KW = 30.0
# A meter reads in steps: 1 Wh, 1 W.
METER_KW = 0.05
# An access token lives 5 minutes.
TRIES_PER_LOGIN = 20
WITHIN_SECONDS = 60
QUIET_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Try:
    """One order: seconds until the last station accepted, and until the meters showed it."""

    accepted_seconds: float
    metered_seconds: float
    profiles: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        scenario = Path(directory) / "evs.json"
        scenario.write_text(json.dumps({"arrivals": [_ev(station) for station in STATIONS]}))
        running = system(Path(directory) / "data", "--scenario", str(scenario))
        running.start()
        try:
            tries = list(_tries(running, options.tries))
        finally:
            running.stop()
    profiles = [taken.profiles for taken in tries]
    limits = " and ".join(f"{limit_kw:g}" for limit_kw in LIMITS_KW)
    print(f"{len(tries)} orders over {len(STATIONS)} charging stations, limits of {limits} kW in turn")
    print(_told("accepted", [taken.accepted_seconds for taken in tries], "by the last of the stations"))
    print(_told("metered", [taken.metered_seconds for taken in tries], "sum of the meters under the limit"))
    print(f"profiles  {min(profiles)} to {max(profiles)} SetChargingProfile per order, all accepted")
    print(measured_on())


def _ev(station: str) -> dict[str, Any]:
    """An EV that needs full power for the whole of its stay."""
    return {
        "station": station,
        "at_seconds": 0,
        "energy_kwh": 100,
        "stay_minutes": 600,
        "max_kw": 11,
        "phases": 3,
        "battery_kwh": 120,
        "soc": 0.1,
    }


def _tries(running: RunningSystem, count: int) -> Iterator[Try]:
    for number in range(count):
        if number % TRIES_PER_LOGIN == 0:
            client = running.client("grid_operator")
        wait_until(
            lambda client=client: _power_kw(client) > FREE_KW and _quiet(client),
            within=WITHIN_SECONDS,
            what=f"the EVs draw more than {FREE_KW:g} kW and nobody is being told anything",
        )
        yield _order(client, LIMITS_KW[number % len(LIMITS_KW)])


def _order(client: httpx.Client, limit_kw: float) -> Try:
    now = datetime.now(UTC)
    body = {
        "station_ids": STATIONS,
        "limit_kw": limit_kw,
        "start": now.isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
    }
    confirmed, confirmed_at = time.monotonic(), datetime.now(UTC)
    answer = client.post("/restrictions", json=body)
    answer.raise_for_status()
    order = f"/restrictions/{answer.json()['id']}"
    wait_until(
        lambda: _get(client, order)["power_kw"] <= limit_kw + METER_KW,
        within=WITHIN_SECONDS,
        what=f"the meters of {STATIONS} are at {limit_kw:g} kW or below",
    )
    metered_seconds = time.monotonic() - confirmed
    wait_until(
        lambda: _get(client, order)["state"] == "enforced" and _told_profiles(client, answer.json()["id"]),
        within=WITHIN_SECONDS,
        what="the order counts as enforced and every station was read back",
    )
    told = _told_profiles(client, answer.json()["id"])
    client.delete(order).raise_for_status()
    assert {command["station_id"] for command in told} == set(STATIONS)
    # At normal speed the platform's clock is the wall's.
    last_at = max(datetime.fromisoformat(command["answered_at"]) for command in told)
    return Try(
        accepted_seconds=(last_at - confirmed_at).total_seconds(),
        metered_seconds=metered_seconds,
        profiles=len(told),
    )


def _told_profiles(client: httpx.Client, restriction_id: str) -> list[dict[str, Any]]:
    """What the order made the platform send, once all of it is accepted; nothing while it is being sent.

    A station is read back after all stations have accepted, so a plan whose stations are all read back was told
    wholly. A plan that another one overtook is not: then what the next one tells counts as well.
    """
    commands = _commands(client)
    ordered = [c for c in commands if c["restriction_id"] == restriction_id and c["action"] == "SetChargingProfile"]
    told: list[dict[str, Any]] = []
    for plan_id in dict.fromkeys(command["plan_id"] for command in ordered):
        sent = [command for command in ordered if command["plan_id"] == plan_id]
        told += [command for command in sent if command["outcome"] == "accepted"]
        read_back = {
            command["station_id"]
            for command in commands
            if command["plan_id"] == plan_id
            and command["action"] == "GetCompositeSchedule"
            and command["outcome"] == "accepted"
        }
        if {command["station_id"] for command in sent} <= read_back:
            return told
    return []


def _quiet(client: httpx.Client) -> bool:
    """Whether every command is answered, and the last one a while ago."""
    answered = [command["answered_at"] for command in _commands(client)]
    since = datetime.now(UTC) - timedelta(seconds=QUIET_SECONDS)
    return all(at is not None and datetime.fromisoformat(at) < since for at in answered)


def _commands(client: httpx.Client) -> list[dict[str, Any]]:
    """The latest commands, in the order of sending."""
    return _get(client, "/commands?limit=200")["items"][::-1]


def _power_kw(client: httpx.Client) -> float:
    stations = _get(client, "/stations?limit=100")["items"]
    return sum(station["power_kw"] for station in stations if station["id"] in STATIONS)


def _get(client: httpx.Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    answer.raise_for_status()
    return answer.json()


def _told(name: str, seconds: list[float], what: str) -> str:
    p50, p99 = np.percentile(seconds, (50, 99))
    return f"{name:<9} p50 {p50:.2f} s, p99 {p99:.2f} s, max {max(seconds):.2f} s, n {len(seconds)}: {what}"


if __name__ == "__main__":
    main()
