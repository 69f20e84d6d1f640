"""A plan as a meter would tell it: what charging is priced by before it begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from twinev.services.pricing.energy_curve import RESOLUTION_KWH, EnergyCurve, Reading
from twinev.services.session_progress import PlannedStep


def planned_curve(start: datetime, plan: Iterable[PlannedStep], end: datetime) -> EnergyCurve:
    """Return the curve from ``start`` until the session's ``end``; between the plan's steps nothing flows."""
    readings = [Reading(at=start, kwh=Decimal(0))]
    sum_kwh = Decimal(0)
    for step in plan:
        if step.start >= end:
            break
        until = min(step.end, end)
        if step.start > readings[-1].at:
            readings.append(Reading(at=step.start, kwh=sum_kwh))
        step_kwh = step.power_kw * ((until - step.start) / timedelta(hours=1))
        sum_kwh += Decimal(repr(step_kwh)).quantize(RESOLUTION_KWH)
        readings.append(Reading(at=until, kwh=sum_kwh))
    if end > readings[-1].at:
        readings.append(Reading(at=end, kwh=sum_kwh))
    return EnergyCurve(readings=tuple(readings))
