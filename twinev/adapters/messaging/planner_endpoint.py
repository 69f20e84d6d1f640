"""The planner's side of ``twinev.plan.request``: problems in, plans out; several planners share the work."""

from __future__ import annotations

import asyncio
import logging

import nats.errors
from nats.aio.msg import Msg

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import StayingClient
from twinev.adapters.messaging.watchdog import link_health
from twinev.errors import BadInput, TwinEVError
from twinev.sct import Problem
from twinev.services.ports.planning import Planner
from twinev.wire.messages import decode, encode
from twinev.wire.planning import PlanReply, PlanRequest

QUEUE = "planner"
SHOWN_CHARACTERS = 200

_log = logging.getLogger(__name__)


class PlannerEndpoint:
    """Answers each request by a plan or by what is wrong with it.

    Parameters
    ----------
    client : StayingClient
        A connection as the user ``planner``.
    planner : Planner
        Does the solving.
    """

    def __init__(self, *, client: StayingClient, planner: Planner) -> None:
        self._client = client
        self._planner = planner

    async def run(self) -> None:
        """Answer for ever; after a reconnection the subscription stands again by itself."""
        subscription = await self._client.subscribe(subjects.PLAN_REQUEST, queue=QUEUE)
        try:
            async with asyncio.TaskGroup() as answering:
                async for message in subscription.messages:
                    answering.create_task(self._answer(message))
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    async def _answer(self, message: Msg) -> None:
        reply = await self._reply_to(message.data) if message.data else self._how_it_is()
        try:
            await message.respond(encode(reply))
        except nats.errors.Error as error:
            _log.warning("a plan is lost on its way back: %r", error)

    def _how_it_is(self) -> PlanReply:
        """An empty request only asks whether somebody is here, and whether all is well."""
        health = link_health(self._client)
        return PlanReply(error=None if health.ok else health.detail)

    async def _reply_to(self, body: bytes) -> PlanReply:
        try:
            request = decode(PlanRequest, body)
            schedule = await self._planner.plan(
                Problem.from_dict(request.scenario),
                formulation=request.formulation,
                profile=request.profile,
                solver=request.solver,
                gap=request.gap,
                time_limit_seconds=request.time_limit_seconds,
            )
            return PlanReply(schedule=schedule.to_dict())
        except BadInput as error:
            shown = repr(error.value)[:SHOWN_CHARACTERS]
            return PlanReply(error=str(error), key=error.key, value=shown, allowed=error.allowed)
        except TwinEVError as error:
            _log.warning("no plan: %s", error)
            return PlanReply(error=str(error))
        except Exception as error:
            _log.exception("no plan")
            return PlanReply(error=f"{type(error).__name__}: {error}")
