"""Made-up sites of any size for the benchmarks: the same ones every time."""

from __future__ import annotations

from typing import Any

import numpy as np

from twinev.sct import Problem

START = "2026-11-22T06:00:00+01:00"


def car_park(n_sessions: int, n_slots: int, seed: int, **changes: Any) -> dict[str, Any]:
    """A scenario: arrivals in the first half, stays of 4 to 10 hours, a limit at a third of what all could draw.

    Every target fits: a session asks for at most 70 % of what its stay allows.
    """
    rng = np.random.default_rng(seed)
    power_kw = rng.choice([7.4, 11.0, 22.0], n_sessions)
    sessions = [_session(n, float(power_kw[n]), n_slots, rng) for n in range(n_sessions)]
    scenario = {
        "slot_minutes": 15,
        "start": START,
        "supply_point": {"max_kw": float(power_kw.sum()) / 3 + 8, "min_kw": 0},
        "demand_kw": [float(kw) for kw in rng.uniform(2, 8, n_slots)],
        "price_eur_per_kwh": [float(price) for price in np.round(rng.uniform(0.05, 0.3, n_slots), 4)],
        "sessions": sessions,
    }
    return {**scenario, **changes}


def _session(n: int, power_kw: float, n_slots: int, rng: np.random.Generator) -> dict[str, Any]:
    arrival = int(rng.integers(0, max(n_slots // 2, 1)))
    departure = min(arrival + int(rng.integers(16, 40)), n_slots - 1)
    need_kwh = min(float(rng.uniform(5, 40)), 0.7 * power_kw * 0.25 * (departure - arrival + 1))
    return {
        "id": f"EV{n}",
        "capacity_kwh": 80,
        "soc_kwh": 20,
        "evse_power_kw": power_kw,
        "target_soc": (20 + need_kwh) / 80,
        "arrival_slot": arrival,
        "departure_slot": departure,
        "target_slot": departure,
    }


def with_discharge(scenario: dict[str, Any]) -> dict[str, Any]:
    """Every EV can give back at the power at which it charges, and the site may export as much as it may import."""
    sessions = [{**session, "evse_discharge_power_kw": session["evse_power_kw"]} for session in scenario["sessions"]]
    max_kw = scenario["supply_point"]["max_kw"]
    return {**scenario, "sessions": sessions, "supply_point": {"max_kw": max_kw, "min_kw": -max_kw}}


def with_negative_prices(scenario: dict[str, Any], seed: int) -> dict[str, Any]:
    """A quarter of the prices below zero, and in half of the slots a surplus that may be exported."""
    rng, n_slots = np.random.default_rng(seed), len(scenario["demand_kw"])
    max_kw = scenario["supply_point"]["max_kw"]
    return {
        **scenario,
        "price_eur_per_kwh": [float(price) for price in np.round(rng.uniform(-0.1, 0.3, n_slots), 4)],
        "production_kw": [float(kw) for kw in rng.uniform(0, max_kw / 2, n_slots) * (rng.random(n_slots) < 0.5)],
        "supply_point": {"max_kw": max_kw, "min_kw": -max_kw},
    }


def with_one_unservable(scenario: dict[str, Any]) -> dict[str, Any]:
    """One EV asks for more than its EVSE can give while it stays."""
    first, *others = scenario["sessions"]
    stay_hours = (first["departure_slot"] - first["arrival_slot"] + 1) / 4
    capacity_kwh = 1.5 * first["evse_power_kw"] * stay_hours
    greedy = {**first, "capacity_kwh": capacity_kwh, "soc_kwh": 0, "target_soc": 1.0}
    return {**scenario, "sessions": [greedy, *others]}


def problem_of(scenario: dict[str, Any]) -> Problem:
    """The scenario as the optimiser reads it."""
    return Problem.from_dict(scenario)


def all_at_start(scenario: dict[str, Any]) -> dict[str, Any]:
    """Everyone is there from the first slot to the last, as in the paper: hard, as no order is given."""
    last = len(scenario["demand_kw"]) - 1
    stay = {"arrival_slot": 0, "departure_slot": last, "target_slot": last}
    return {**scenario, "sessions": [{**session, **stay} for session in scenario["sessions"]]}
