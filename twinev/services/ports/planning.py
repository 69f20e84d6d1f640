"""Who solves a problem, and where calculations run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twinev.sct import Problem, Schedule


class Planner(Protocol):
    """Solves a problem somewhere: in the planner process, or in a pool."""

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
        """Return a verified plan.

        Raises
        ------
        ScenarioError
            The problem cannot be used.
        Unavailable
            No planner answers.
        """


class Executor(Protocol):
    """Runs a calculation beside the event loop: in a pool of processes here, or on other machines."""

    async def run(self, function: Callable[..., Any], /, *args: object, timeout_seconds: float) -> Any:
        """Return what ``function(*args)`` returns; both and the result can be pickled.

        Raises
        ------
        SolverFailure
            It took longer than ``timeout_seconds``; it has been stopped.
        Unavailable
            The process died over it, and again at the second try.
        """
