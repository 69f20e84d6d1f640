"""The solvers' side is loaded in the background: who has no time for it gets a plan without it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from twinev.sct.loading import _Load, staging_within

SCENARIO = (
    "{'slot_minutes': 15, 'start': '2026-11-22T18:00:00+01:00', 'slots': 4,"
    " 'supply_point': {'max_kw': 20, 'min_kw': 0},"
    " 'sessions': [{'id': 'EV0', 'capacity_kwh': 20, 'soc_kwh': 10, 'evse_power_kw': 8, 'target_soc': 0.75,"
    " 'target_slot': 3}]}"
)


def run_fresh(code):
    """In a process of its own, in which nothing is loaded yet."""
    command = [sys.executable, "-c", f"from twinev.sct import Problem, optimise\n{code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def test_first_plan_in_too_little_time_is_rule_based_and_ends_the_process_cleanly():
    told = run_fresh(f"print(optimise(Problem.from_dict({SCENARIO}), time_limit=0.05).method)")

    assert told.stdout.startswith("rule-based")
    assert told.stderr == ""


def test_what_was_loading_serves_the_next_plan():
    told = run_fresh(
        f"problem = Problem.from_dict({SCENARIO})\n"
        "print(optimise(problem, time_limit=0.05).method)\nprint(optimise(problem).method)"
    )

    first, second = told.stdout.splitlines()
    assert first.startswith("rule-based")
    assert second == "optimum"


def test_importing_the_package_loads_no_solver():
    told = run_fresh(
        "import sys\nprint(sorted({'cvxpy', 'pyscipopt', 'highspy', 'pandas', 'altair'} & set(sys.modules)))"
    )

    assert told.stdout.strip() == "[]"


def test_failed_import_is_raised_to_who_waits():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _Load("twinev.no_such_module").within(10)


def test_loaded_module_finds_plans():
    assert callable(staging_within(60).find_plan)
