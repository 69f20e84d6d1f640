"""Whether a plan comes back in time: many kinds of sites, sizes and limits, from 0.05 s up.

    .venv/bin/python benchmarks/time_limits.py [--sizes 10 50 200 1000 3000] [--slots 96] [--limits 0.05 0.3 1 3]

A call may take its limit + 0.3 s + 20 µs per session and slot; `optimise` verifies every plan before it returns it.
Prints how many calls came from which rung, the worst of each kind against what it may take, and every one too late.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from measured_on import measured_on
from sites import car_park, problem_of, with_discharge, with_negative_prices

from twinev.sct import optimise

PACKAGES = ("cvxpy", "highspy", "numpy")
Scenario = dict[str, Any]


def each_session(scenario: Scenario, **changes: Any) -> Scenario:
    return {**scenario, "sessions": [{**session, **changes} for session in scenario["sessions"]]}


def crowded(scenario: Scenario) -> Scenario:
    supply = scenario["supply_point"]
    return {**scenario, "supply_point": {**supply, "max_kw": 0.4 * supply["max_kw"]}}


def mixed(scenario: Scenario) -> Scenario:
    names = ("fast", "green", "cheap", "default")
    sessions = [{**session, "profile": names[n % 4]} for n, session in enumerate(scenario["sessions"])]
    return {**scenario, "sessions": sessions}


def lossy(scenario: Scenario) -> Scenario:
    losses = {"charge_efficiency": 0.92, "discharge_efficiency": 0.92, "wear_eur_per_kwh": 0.03}
    return each_session(with_discharge(scenario), **losses)


def waiting(scenario: Scenario) -> Scenario:
    return {**scenario, "opportunity_cost_eur_per_slot": 0.2}


KINDS: dict[str, tuple[str, Callable[[Scenario], Scenario]]] = {
    "cpo": ("cpo", lambda s: s),
    "cpo, negative prices": ("cpo", lambda s: with_negative_prices(s, 1)),
    "cpo, minimum power": ("cpo", lambda s: each_session(with_negative_prices(s, 1), min_power_kw=1.4)),
    "cpo, crowded": ("cpo", crowded),
    "default": ("cpo", lambda s: each_session(s, profile="default")),
    "profiles mixed": ("cpo", mixed),
    "profiles mixed, crowded": ("cpo", lambda s: crowded(mixed(s))),
    "v2g": ("v2g", with_discharge),
    "v2g, lossy": ("v2g", lossy),
    "grid, crowded": ("grid", lambda s: crowded(with_discharge(s))),
    "tradeoff": ("tradeoff", waiting),
    "tradeoff, crowded": ("tradeoff", lambda s: crowded(waiting(s))),
    "tradeoff, v2g": ("tradeoff", lambda s: waiting(with_discharge(s))),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 50, 200, 1000, 3000])
    parser.add_argument("--slots", type=int, default=96)
    parser.add_argument("--limits", type=float, nargs="+", default=[0.05, 0.3, 1, 3])
    options = parser.parse_args()
    optimise(problem_of(car_park(3, 40, 0)))
    late = calls = 0
    for kind, (formulation, change) in KINDS.items():
        rungs, worst, worst_told = Counter(), -np.inf, ""
        for n_sessions in options.sizes:
            problem = problem_of(change(car_park(n_sessions, options.slots, 1)))
            for limit_s in options.limits:
                started = time.perf_counter()
                schedule = optimise(problem, formulation, time_limit=limit_s)
                took_s = time.perf_counter() - started
                allowed_s = limit_s + 0.3 + 20e-6 * n_sessions * options.slots
                told = f"{n_sessions} EVs, limit {limit_s:g} s: {took_s:.2f} s of {allowed_s:.2f} s"
                calls += 1
                rungs[schedule.method.split(":")[0]] += 1
                if took_s / allowed_s > worst:
                    worst, worst_told = took_s / allowed_s, told
                if took_s > allowed_s:
                    late += 1
                    print(f"TOO LATE {kind}, {told}", flush=True)
        print(f"{kind:26}{worst_told:48}{', '.join(f'{rung} {n}' for rung, n in rungs.most_common())}", flush=True)
    print(f"{late} of {calls} calls too late")
    print(measured_on(PACKAGES))


if __name__ == "__main__":
    main()
