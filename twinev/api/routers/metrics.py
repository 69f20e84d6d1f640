"""How sites are used, without anybody in it: months for everybody, days and restrictions for staff."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from twinev.api.platform import Staff
from twinev.domain.usage import LEAST_USERS
from twinev.errors import BadInput
from twinev.services.measure_usage import MeasureUsage, UsageCell
from twinev.wire.rest.metrics import PublicMetrics, StaffMetrics, UsageOut

router = APIRouter(prefix="/api/v1/metrics", tags=["metrics"])

# What strangers are shown is rounded to these.
SESSIONS_STEP = 5
ENERGY_STEP_KWH = 10.0


async def measure_usage_of(request: Request) -> MeasureUsage:
    return request.app.state.measure_usage


TheUsage = Annotated[MeasureUsage, Depends(measure_usage_of)]
SiteId = Annotated[str, Query(min_length=1, max_length=64)]


@router.get("")
def list_metrics(
    usage: TheUsage,
    site_id: SiteId | None = None,
    months: Annotated[int, Query(ge=1, le=24, description="how many months back")] = 12,
) -> PublicMetrics:
    """List the past months of sites that are open to the public. No login is needed."""
    found = usage.months(number=months, site_id=site_id)
    return PublicMetrics(least_users=LEAST_USERS, items=tuple(_rounded(_out(one.month)) for one in found))


@router.get("/staff")
def get_staff_metrics(
    usage: TheUsage,
    _user: Staff,
    site_id: SiteId,
    month: Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="YYYY-MM")],
) -> StaffMetrics:
    """Show a past month of one site with its days."""
    found = usage.month(site_id, _first_of(month))
    return StaffMetrics(
        least_users=LEAST_USERS,
        month=_out(found.month),
        days=tuple(_out(day) for day in found.days),
        restrictions=found.restrictions,
        restrictions_kept=found.restrictions_kept,
    )


def _first_of(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise BadInput("month", month, "a month as YYYY-MM") from error
    # The days around it have to be dates too.
    if not 2000 <= first.year < 9999:
        raise BadInput("month", month, "a month from 2000-01 on")
    return first


def _out(cell: UsageCell) -> UsageOut:
    span, figures = cell.span, cell.figures
    head = {"site_id": cell.site_id, "period": span.name, "start": span.start, "end": span.end}
    if figures is None:
        return UsageOut(**head, shown=False)
    return UsageOut(
        **head,
        shown=True,
        sessions=figures.sessions,
        energy_kwh=round(figures.energy_kwh, 3),
        occupancy=round(figures.occupancy, 4),
        utilisation=round(figures.utilisation, 4),
        peak_kw=None if figures.peak_kw is None else round(figures.peak_kw, 3),
    )


def _rounded(out: UsageOut) -> UsageOut:
    if not out.shown:
        return out
    return out.model_copy(
        update={
            "sessions": SESSIONS_STEP * round(out.sessions / SESSIONS_STEP),
            "energy_kwh": ENERGY_STEP_KWH * round(out.energy_kwh / ENERGY_STEP_KWH),
            "occupancy": round(out.occupancy, 2),
            "utilisation": round(out.utilisation, 2),
            "peak_kw": None if out.peak_kw is None else float(round(out.peak_kw)),
        }
    )
