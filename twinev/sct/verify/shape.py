"""What must be right before anything can be computed: the scenario, the formulation, who is planned, the lengths."""

from __future__ import annotations

from itertools import zip_longest

from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule
from twinev.sct.verify.broken import Findings
from twinev.sct.verify.facts import COUNTED


def check_shape(problem: Problem, schedule: Schedule, findings: Findings) -> None:
    """One plan for every session of this scenario, one value for every slot."""

    def expect(rule: str, where: str, found: object, allowed: object) -> None:
        if found != allowed:
            findings.add(rule, where, found, allowed)

    expect("the schedule answers this scenario", "scenario_sha256", schedule.scenario_sha256, problem.sha256)
    if schedule.formulation not in COUNTED:
        findings.add("the formulation is known", "formulation", schedule.formulation, ", ".join(COUNTED))
    expect("the tie-break is the scenario's", "tie_break", schedule.tie_break, problem.tie_break)
    _check_order(problem, schedule, findings)
    for session in schedule.sessions:
        for name in ("energy_kwh", "soc_kwh"):
            expect("one value per slot", f"session {session.id}, {name}", len(getattr(session, name)), problem.slots)
    for name in ("imported_kwh", "exported_kwh", "limit_excess_kwh"):
        expect("one value per slot", f"supply_point.{name}", len(getattr(schedule.supply_point, name)), problem.slots)


def _check_order(problem: Problem, schedule: Schedule, findings: Findings) -> None:
    planned, asked = (session.id for session in schedule.sessions), (session.id for session in problem.sessions)
    for place, (found, right) in enumerate(zip_longest(planned, asked)):
        if found != right:
            allowed = "no further plan" if right is None else right
            findings.add("one plan per session, in order", f"sessions[{place}]", found or "no plan", allowed)
            return
