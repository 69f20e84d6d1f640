"""Stored plans looked at again: made a second time, and compared with each other."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from twinev.api.platform import LongReading, Platform, Staff, ThePlatform
from twinev.domain.plan import StoredPlan
from twinev.sct.summary import SessionSummary
from twinev.services.compare_plans import PlanFigures, SessionPair, compare_plans
from twinev.services.reproduce_plan import reproduce_plan
from twinev.wire.rest.plan_checks import (
    PlanComparisonOut,
    PlanFiguresOut,
    ReproductionOut,
    SessionComparisonOut,
    SessionFiguresOut,
)

router = APIRouter(prefix="/api/v1/plans", tags=["plans"])

PlanId = Annotated[str, Query(max_length=64)]


@router.get("/compare", responses={404: {}})
def compare_stored_plans(a: PlanId, b: PlanId, work: LongReading, _user: Staff) -> PlanComparisonOut:
    """Compare two plans: cost, peak, energy, shortfall, and every session."""
    plan_a, plan_b = work.plans.get(a), work.plans.get(b)
    found = compare_plans(plan_a, plan_b)
    return PlanComparisonOut(
        same_scenario=found.same_scenario,
        a=_figures(plan_a, found.a),
        b=_figures(plan_b, found.b),
        sessions=tuple(_pair(pair) for pair in found.sessions),
    )


@router.post("/{plan_id}/reproductions")
async def reproduce_stored_plan(plan_id: str, request: Request, platform: ThePlatform, _user: Staff) -> ReproductionOut:
    """Make a plan again from its stored inputs and compare the files, byte for byte; nothing is kept."""
    plan = await run_in_threadpool(_plan, platform, plan_id)
    with request.app.state.plan_slots.taken():
        found = await reproduce_plan(plan, planner=platform.planner)
    return ReproductionOut(
        plan_id=plan_id,
        same=found.same,
        repeatable=found.repeatable,
        differs=found.differs,
        stored_sha256=found.stored_sha256,
        again_sha256=found.again_sha256,
        schedule=found.schedule,
    )


def _plan(platform: Platform, plan_id: str) -> StoredPlan:
    with platform.reading() as work:
        return work.plans.get(plan_id)


def _figures(plan: StoredPlan, figures: PlanFigures) -> PlanFiguresOut:
    return PlanFiguresOut(
        plan_id=plan.id, formulation=plan.formulation, status=plan.schedule["status"], **asdict(figures)
    )


def _pair(pair: SessionPair) -> SessionComparisonOut:
    a, b = pair.a, pair.b
    both = a is not None and b is not None
    return SessionComparisonOut(
        id=pair.id,
        a=None if a is None else _session(a),
        b=None if b is None else _session(b),
        energy_difference_kwh=b.energy_kwh - a.energy_kwh if both else None,
        shortfall_difference_kwh=b.short_kwh - a.short_kwh if both else None,
        cost_difference_eur=b.cost_eur - a.cost_eur if both else None,
    )


def _session(summary: SessionSummary) -> SessionFiguresOut:
    return SessionFiguresOut(
        energy_kwh=summary.energy_kwh,
        peak_kw=summary.peak_kw,
        shortfall_kwh=summary.short_kwh,
        cost_eur=summary.cost_eur,
        reached=summary.reached,
    )
