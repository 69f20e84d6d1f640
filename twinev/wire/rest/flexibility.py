"""Flexibility orders, as they are given and as they are kept."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment


class FlexibilityOrderIn(WireModel):
    """POST /flexibility-orders: offsets to the site's import limit, of equal steps; negative allows less. [kW]"""

    site_id: str = Field(min_length=1, max_length=64)
    start: Moment
    step_minutes: int = Field(default=15, ge=1, le=1440)
    values_kw: tuple[float, ...] = Field(min_length=1, max_length=4000)


class FlexibilityOrderOut(WireModel):
    """An order; ``state`` is scheduled, in_force, over or revoked. ``ordered_by`` is a user or a module."""

    id: str
    site_id: str
    start: AwareDatetime
    end: AwareDatetime
    step_minutes: int
    values_kw: tuple[float, ...]
    state: str
    ordered_by: str
    ordered_at: AwareDatetime
    revoked_by: str | None
    revoked_at: AwareDatetime | None
