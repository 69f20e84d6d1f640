"""Checks a schedule against its problem from first principles: no solver, and none of the code that made the plan.

Everything follows anew from the plan's energies and the scenario, in the reading of the formulations that is written
down here once more (`facts`). Tolerances: 1e-6 kWh per constraint, 1e-6·max(1, |objective|) on money.
"""

from __future__ import annotations

from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule
from twinev.sct.verify.broken import BrokenRule, Findings, Verification
from twinev.sct.verify.claims import check_claims
from twinev.sct.verify.facts import gather_facts
from twinev.sct.verify.sessions import check_sessions
from twinev.sct.verify.shape import check_shape
from twinev.sct.verify.site import check_site

__all__ = ["BrokenRule", "Verification", "verify"]


def verify(problem: Problem, schedule: Schedule) -> Verification:
    """Check that a schedule answers this problem and breaks none of its rules.

    Whether it is the best plan is not checked, only that it does not claim to beat its own bounds.

    Returns
    -------
    Verification
        Truthy when everything holds; else with the broken rules, the first place of each.
    """
    findings = Findings()
    check_shape(problem, schedule, findings)
    if not findings.broken:
        facts = gather_facts(problem, schedule)
        check_sessions(facts, findings)
        check_site(facts, findings)
        check_claims(facts, findings)
    return Verification(broken=tuple(findings.broken))
