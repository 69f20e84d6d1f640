"""The Smart Charging Tool: a problem in, a verified schedule out. Pure: no I/O but its own files, no clock."""

from twinev.sct.problem import Problem, SessionGroup, SessionRequest, SupplyPoint
from twinev.sct.schedule import Schedule, SessionSchedule, Stage, SupplyPointSchedule

__all__ = [
    "Problem",
    "Schedule",
    "SessionGroup",
    "SessionRequest",
    "SessionSchedule",
    "Stage",
    "SupplyPoint",
    "SupplyPointSchedule",
]
