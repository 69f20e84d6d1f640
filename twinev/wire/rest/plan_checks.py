"""Plans looked at again: made a second time, and compared with each other."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from twinev.wire.base import WireModel


class ReproductionOut(WireModel):
    """A stored plan, made again: ``same`` is whether its file has the same bytes apart from ``solve_seconds``.

    ``differs`` names the keys that do not; ``repeatable`` is False where the stored plan was ended by its time limit,
    which another run may meet elsewhere. ``schedule`` is the new file.
    """

    plan_id: str
    same: bool
    repeatable: bool
    differs: tuple[str, ...]
    stored_sha256: str
    again_sha256: str
    schedule: dict[str, Any]


class PlanFiguresOut(WireModel):
    """A plan as a whole; ``cost_eur`` is the site's bill and the batteries' wear, whatever the formulation."""

    plan_id: str
    formulation: str
    status: str
    cost_eur: float
    peak_kw: float
    imported_kwh: float
    exported_kwh: float
    charged_kwh: float
    discharged_kwh: float
    shortfall_kwh: float
    limit_excess_kwh: float


class SessionFiguresOut(WireModel):
    """A session in one plan: energy at the EVSE, highest power either way, when its target is held (None: never)."""

    energy_kwh: float
    peak_kw: float
    shortfall_kwh: float
    cost_eur: float
    reached: AwareDatetime | None


class SessionComparisonOut(WireModel):
    """A session in both plans; None where a plan does not know it. ``_difference`` is b less a."""

    id: str
    a: SessionFiguresOut | None
    b: SessionFiguresOut | None
    energy_difference_kwh: float | None
    shortfall_difference_kwh: float | None
    cost_difference_eur: float | None


class PlanComparisonOut(WireModel):
    """Two stored plans beside each other."""

    same_scenario: bool
    a: PlanFiguresOut
    b: PlanFiguresOut
    sessions: tuple[SessionComparisonOut, ...]
