"""Makes a stored plan again from what is stored with it, and tells whether it comes out the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twinev.domain.plan import StoredPlan
from twinev.errors import Conflict
from twinev.sct import Problem
from twinev.services.ports.planning import Planner

# How long it took is the one thing in a schedule file that the machine decides.
NOT_COMPARED = "solve_seconds"


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """How a plan came out at the second time.

    ``differs`` names the keys of the schedule file whose values are others. ``repeatable`` is whether the stored plan
    was proven optimal: then it must come out the same, by the same packages. One that its time limit ended need not.
    The two hashes are of the schedule files' bytes without ``solve_seconds``.
    """

    differs: tuple[str, ...]
    repeatable: bool
    stored_sha256: str
    again_sha256: str
    schedule: dict[str, Any]

    @property
    def same(self) -> bool:
        return self.stored_sha256 == self.again_sha256


async def reproduce_plan(plan: StoredPlan, *, planner: Planner) -> Reproduction:
    """Solve the stored scenario with what was asked for then.

    Raises
    ------
    Conflict
        What was asked for is not on record.
    Unavailable
        No planner answers.
    """
    if plan.solver is None or plan.gap is None or plan.time_limit_seconds is None:
        raise Conflict(f"plan {plan.id} was kept without what the solver was asked for: it cannot be made again")
    schedule = await planner.plan(
        Problem.from_dict(plan.scenario),
        formulation=plan.formulation,
        profile=plan.profile,
        solver=plan.solver,
        gap=plan.gap,
        time_limit_seconds=plan.time_limit_seconds,
    )
    stored, again = plan.schedule, schedule.to_dict()
    return Reproduction(
        differs=tuple(_differences(stored, again)),
        repeatable=stored["status"] != "feasible",
        stored_sha256=_hash(stored),
        again_sha256=_hash(again),
        schedule=again,
    )


def _differences(stored: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(stored.keys() | again.keys()):
        if key != NOT_COMPARED and _text(stored.get(key)) != _text(again.get(key)):
            yield key


def _hash(schedule: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text({k: v for k, v in schedule.items() if k != NOT_COMPARED}).encode()).hexdigest()


def _text(part: object) -> str:
    return json.dumps(part, ensure_ascii=False, allow_nan=False)
