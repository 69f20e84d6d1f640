"""The Smart Charging Tool: a problem in, a verified schedule out. Pure: no I/O but its own files.

>>> from twinev.sct import Problem, optimise, verify
>>> problem = Problem.from_json("data/scenarios/paper_3.json")
>>> schedule = optimise(problem)
>>> verify(problem, schedule).holds
True
"""

from twinev.sct.insight import BindingLimit, Insight, RestrictionCost, explain
from twinev.sct.optimiser import optimise
from twinev.sct.problem import Problem, SupplyPoint
from twinev.sct.schedule import Schedule, SessionSchedule, Stage, SupplyPointSchedule
from twinev.sct.session_request import SessionGroup, SessionRequest
from twinev.sct.verify import BrokenRule, Verification, verify

__all__ = [
    "BindingLimit",
    "BrokenRule",
    "Insight",
    "Problem",
    "RestrictionCost",
    "Schedule",
    "SessionGroup",
    "SessionRequest",
    "SessionSchedule",
    "Stage",
    "SupplyPoint",
    "SupplyPointSchedule",
    "Verification",
    "explain",
    "optimise",
    "verify",
]
