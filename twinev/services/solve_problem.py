"""Solves problems in the processes of a fleet; quick plans never wait behind long ones."""

from __future__ import annotations

from twinev.sct import Problem, Schedule, optimise
from twinev.services.ports.planning import Executor

# Beyond the solver's time limit: reading the problem, setting up the model, and being third in the queue.
GRACE_SECONDS = 30.0
QUICK_SECONDS = 10.0


class SolveProblem:
    """`twinev.services.ports.planning.Planner` on processes of this machine or others.

    Parameters
    ----------
    quick, long : Executor
        Where plans with a time limit of at most ``QUICK_SECONDS`` are made (the running sites'), and all others.
    """

    def __init__(self, *, quick: Executor, long: Executor) -> None:
        self._quick = quick
        self._long = long

    async def plan(
        self,
        problem: Problem,
        *,
        formulation: str = "cpo",
        profile: str | None = None,
        solver: str = "auto",
        gap: float = 1e-4,
        time_limit_seconds: float = 60.0,
    ) -> Schedule:
        """Return a verified plan."""
        executor = self._quick if time_limit_seconds <= QUICK_SECONDS else self._long
        return await executor.run(
            optimise,
            problem,
            formulation,
            profile,
            solver,
            gap,
            time_limit_seconds,
            timeout_seconds=time_limit_seconds + GRACE_SECONDS,
        )


def warm_up() -> None:
    """Solve a tiny problem, so that CVXPY and the solvers are loaded."""
    optimise(
        Problem.from_dict(
            {
                "slot_minutes": 15,
                "start": "2026-01-01T00:00:00+00:00",
                "slots": 2,
                "supply_point": {"max_kw": 10, "min_kw": 0},
                "sessions": [
                    {
                        "id": "warm-up",
                        "capacity_kwh": 1,
                        "soc_kwh": 0,
                        "evse_power_kw": 7,
                        "target_soc": 1,
                        "target_slot": 1,
                    }
                ],
            }
        )
    )
