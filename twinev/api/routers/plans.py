"""Plans: ask the Smart Charging Tool for one, and look at those that were made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from twinev.api.file_schemas import SCENARIO, reference_to
from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Platform, Reading, Staff, ThePlatform
from twinev.domain.plan import StoredPlan
from twinev.sct import Problem
from twinev.wire.rest.pages import Page
from twinev.wire.rest.plans import PlanAsked, PlanCreated, PlanOut

router = APIRouter(prefix="/api/v1/plans", tags=["plans"])

#: The planner's processes are few, and the running sites need them too.
AT_ONCE = 2


class PlanSlots:
    """Counts the plans that are being made for callers of the API; the next one too many is told to come again."""

    def __init__(self) -> None:
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        if self._taken >= AT_ONCE:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{AT_ONCE} plans are being made already, which is the most at once; try again in a few seconds",
                headers={"Retry-After": "5"},
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=PlanCreated,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "a scenario file of the Smart Charging Tool",
            "content": {"application/json": {"schema": reference_to(SCENARIO)}},
        }
    },
)
async def create_plan(
    *,
    request: Request,
    platform: ThePlatform,
    user: Staff,
    only_once: OnlyOnce,
    formulation: Annotated[str, Query(max_length=20)] = "cpo",
    profile: Annotated[str | None, Query(max_length=20)] = None,
    solver: Annotated[str, Query(max_length=20)] = "auto",
    gap: Annotated[float, Query(ge=0, le=1)] = 1e-4,
    time_limit: Annotated[float, Query(gt=0, le=600, description="seconds")] = 60.0,
) -> JSONResponse:
    """Plan a scenario. The plan is kept with its inputs; a scenario that cannot be used is named by its key."""
    body = await request.body()
    options = {
        "formulation": formulation,
        "profile": profile,
        "solver": solver,
        "gap": gap,
        "time_limit_seconds": time_limit,
    }

    async def make() -> PlanCreated:
        with request.app.state.plan_slots.taken():
            problem = await run_in_threadpool(Problem.from_text, body, "body")
            schedule = await platform.planner.plan(problem, **options)
        plan = StoredPlan(
            id=uuid.uuid4().hex,
            site_id=None,
            made_at=platform.clock.now(),
            trigger="api",
            scenario=problem.to_dict(),
            schedule=schedule.to_dict(),
            requested_by=user.username,
            **options,
        )
        await run_in_threadpool(_keep, plan, platform)
        return PlanCreated(id=plan.id, schedule=plan.schedule)

    return await only_once.answer(make)


@router.get("")
def list_plans(ask: WantedPage, work: Reading, _user: Staff, site_id: str | None = None) -> Page[PlanOut]:
    """List the plans without their files, the newest first."""
    rows = work.plans.summaries(limit=ask.one_more, before=ask.after, site_id=site_id)
    return page_of(rows, ask, out=_head, name=lambda plan: plan.id)


@router.get("/{plan_id}")
def get_plan(plan_id: str, work: Reading, _user: Staff) -> PlanOut:
    """Show one plan with its two files, from which it can be made again."""
    plan = work.plans.get(plan_id)
    return _head(plan).model_copy(update={"scenario": plan.scenario, "schedule": plan.schedule, "asked": _asked(plan)})


def _keep(plan: StoredPlan, platform: Platform) -> None:
    with platform.unit_of_work() as work:
        work.plans.add(plan)
        work.commit()


def _asked(plan: StoredPlan) -> PlanAsked | None:
    if plan.solver is None:
        return None
    return PlanAsked(profile=plan.profile, solver=plan.solver, gap=plan.gap, time_limit_seconds=plan.time_limit_seconds)


def _head(plan: StoredPlan) -> PlanOut:
    schedule = plan.schedule
    return PlanOut(
        id=plan.id,
        site_id=plan.site_id,
        made_at=plan.made_at,
        trigger=plan.trigger,
        formulation=plan.formulation,
        status=schedule["status"],
        solver=schedule["solver"],
        gap=schedule["gap"],
        objective=schedule["objective"],
        solve_seconds=schedule["solve_seconds"],
    )
