"""Asks the planner over NATS for a plan, and notices soon when the planner dies over it."""

from __future__ import annotations

import asyncio

import nats.errors
from nats.aio.client import Client

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import request
from twinev.errors import BadInput, ScenarioError, SolverFailure, Unavailable
from twinev.sct import Problem, Schedule
from twinev.wire.messages import decode, encode
from twinev.wire.planning import PlanReply, PlanRequest

# Beyond the solver's own limit: setting up the model, waiting for a plan that is being made, the way there and back.
GRACE_SECONDS = 8.0
PROBE_SECONDS = 1.0
PROBE = b""


class PlannerClient:
    """`twinev.services.ports.planning.Planner` over ``twinev.plan.request``.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    probe_seconds : float
        How often to look whether any planner is still there while one solves. [s]
    """

    def __init__(self, *, client: Client, probe_seconds: float = PROBE_SECONDS) -> None:
        self._client = client
        self._probe_seconds = probe_seconds

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
        """Return the planner's plan.

        Raises
        ------
        ScenarioError
            The problem cannot be used.
        SolverFailure
            The planner failed at it.
        Unavailable
            No planner answers.
        """
        request = PlanRequest(
            scenario=problem.to_dict(),
            formulation=formulation,
            profile=profile,
            solver=solver,
            gap=gap,
            time_limit_seconds=time_limit_seconds,
        )
        reply = await self._ask(encode(request), timeout_seconds=time_limit_seconds + GRACE_SECONDS)
        if reply.schedule is None:
            raise _error_of(reply)
        return Schedule.from_dict(reply.schedule, problem)

    async def check(self) -> str:
        """Return when a planner is there and well.

        Raises
        ------
        Unavailable
            None answers, or the one that does says what is amiss.
        """
        if not self._client.is_connected:
            raise Unavailable("whether a planner is there is not known: NATS is not connected")
        reply = await self._request(PROBE, self._probe_seconds)
        if reply.error is not None:
            raise Unavailable(f"the planner is not well: {reply.error}")
        return "a planner answers"

    async def _ask(self, body: bytes, *, timeout_seconds: float) -> PlanReply:
        answering = asyncio.create_task(self._request(body, timeout_seconds))
        try:
            while not answering.done():
                await asyncio.wait({answering}, timeout=self._probe_seconds)
                if not answering.done() and not await self._somebody_listens():
                    raise Unavailable("the planner died over this plan; it is asked again when it is back")
            return answering.result()
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _request(self, body: bytes, timeout_seconds: float) -> PlanReply:
        try:
            message = await request(self._client, subjects.PLAN_REQUEST, body, timeout_seconds=timeout_seconds)
            return decode(PlanReply, message.data)
        except nats.errors.NoRespondersError as error:
            raise Unavailable("no planner is running; start it with `twinev planner`") from error
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"the planner did not answer within {timeout_seconds:.0f} s: {error!r}") from error
        except BadInput as error:
            raise Unavailable(f"the planner's answer is unusable: {error}") from error

    async def _somebody_listens(self) -> bool:
        """Tell whether any planner is there; if none is, who was solving is dead."""
        try:
            await request(self._client, subjects.PLAN_REQUEST, PROBE, timeout_seconds=self._probe_seconds)
        except nats.errors.NoRespondersError:
            return False
        except (nats.errors.Error, TimeoutError):
            # A busy planner or a server that restarts: the request's own time limit decides.
            return True
        return True


def _error_of(reply: PlanReply) -> Exception:
    if reply.key is not None:
        return ScenarioError(reply.key, reply.value, reply.allowed or reply.error or "another value")
    return SolverFailure(reply.error or "the planner returned neither a plan nor a reason")
