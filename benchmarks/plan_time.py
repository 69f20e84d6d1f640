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
from sites import car_park, problem_of

from twinev.sct import Problem, optimise, verify

PACKAGES = ("cvxpy", "highspy", "pyscipopt", "numpy")


def restricted_site(n_sessions: int, n_slots: int, seed: int) -> Problem:
    """A car park of which half the stations are held to half the site's limit."""
    scenario = car_park(n_sessions, n_slots, seed)
    limit_kw = (scenario["supply_point"]["max_kw"] - 8) / 2
    ids = [f"EV{n}" for n in range(n_sessions // 2)]
    return problem_of({**scenario, "groups": [{"id": "restriction", "session_ids": ids, "max_kw": limit_kw}]})


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
        problem = restricted_site(options.sessions, options.slots, seed=run)
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
