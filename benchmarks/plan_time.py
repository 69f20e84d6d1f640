"""How long a plan takes: a site of 50 EVs × 96 slots, prices ≥ 0, with a grid operator's restriction as a group.

    .venv/bin/python benchmarks/plan_time.py [--sessions 50] [--slots 96] [--runs 30] [--profile default]

Prints p50 and p99 over warm runs (each a different random site, the same ones every time), the first plan of the
process apart, for it loads CVXPY, and the machine and versions that they hold for.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from measured_on import measured_on

from twinev.sct import Problem, optimise, verify

PACKAGES = ("cvxpy", "highspy", "pyscipopt", "numpy")


def random_site(n_sessions: int, n_slots: int, seed: int) -> Problem:
    """A car park: arrivals in the first half, stays of 4 to 10 hours, a limit at a third of what all could draw."""
    rng = np.random.default_rng(seed)
    power_kw = rng.choice([7.4, 11.0, 22.0], n_sessions)
    sessions = [_random_session(n, float(power_kw[n]), n_slots, rng) for n in range(n_sessions)]
    limit_kw = float(power_kw.sum()) / 3
    return Problem.from_dict(
        {
            "slot_minutes": 15,
            "start": "2026-11-22T06:00:00+01:00",
            "supply_point": {"max_kw": limit_kw + 8, "min_kw": 0},
            "demand_kw": [float(kw) for kw in rng.uniform(2, 8, n_slots)],
            "price_eur_per_kwh": [float(price) for price in np.round(rng.uniform(0.05, 0.3, n_slots), 4)],
            "sessions": sessions,
            "groups": [
                {"id": "restriction", "session_ids": [f"EV{n}" for n in range(n_sessions // 2)], "max_kw": limit_kw / 2}
            ],
        }
    )


def _random_session(n: int, power_kw: float, n_slots: int, rng: np.random.Generator) -> dict:
    arrival = int(rng.integers(0, n_slots // 2))
    departure = min(arrival + int(rng.integers(16, 40)), n_slots - 1)
    # At most 70 % of what the stay allows: a usual case, in which every target fits.
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--slots", type=int, default=96)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--formulation", default="cpo")
    parser.add_argument("--profile", default=None)
    options = parser.parse_args()
    seconds, gaps = [], []
    for run in range(options.runs + 1):
        problem = random_site(options.sessions, options.slots, seed=run)
        started = time.perf_counter()
        schedule = optimise(problem, formulation=options.formulation, profile=options.profile)
        seconds.append(time.perf_counter() - started)
        gaps.append(schedule.gap or 0.0)
        assert schedule.status == "optimal", f"run {run} is {schedule.status}"
        assert verify(problem, schedule).holds
    first, warm = seconds[0], np.array(seconds[1:]) * 1000
    profile = f", profile {options.profile}" if options.profile else ""
    print(f"{options.sessions} EVs × {options.slots} slots, {options.formulation}{profile}, {options.runs} warm runs")
    print(f"plan, verified: p50 {np.percentile(warm, 50):.0f} ms, p99 {np.percentile(warm, 99):.0f} ms")
    print(f"first plan of a process (loads CVXPY): {first:.1f} s; largest proven gap {max(gaps):.1e}")
    print(measured_on(PACKAGES))


if __name__ == "__main__":
    main()
