"""What an EVSE may draw from now on: as it was planned, as its profiles come to, and as the station itself says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.fact_list import Markup, paragraph_html
from twinev.ui.step_chart import Step, StepChart, largest
from twinev.wire.rest.sessions import SessionProgressOut
from twinev.wire.rest.station_limits import EvseLimitsOut, LimitDifference

SHORTEST = timedelta(hours=2)
LONGEST = timedelta(hours=24)
#: Below this two powers are the same for a person. [kW]
SAME_KW = 0.05


def plan_html(evse: EvseLimitsOut, progress: SessionProgressOut | None, *, now: datetime, zone: ZoneInfo) -> Markup:
    """The chart of one EVSE, with its present and its next power in words."""
    planned = planned_steps(progress)
    expected = [(step.start, step.limit_kw) for step in evse.expected]
    reported = [(step.start, step.limit_kw) for step in evse.reported]
    if evse.reported_until is not None:
        reported.append((evse.reported_until, None))
    until = now + min(max(_last_change((planned, expected), now), SHORTEST), LONGEST)
    shown = [[step for step in steps if step[0] < until] for steps in (planned, expected, reported)]
    values = [value for steps in shown for _, value in steps if value is not None]
    if not values:
        return paragraph_html(texts.PLAN_UNKNOWN.format(id=evse.evse_id))
    chart = StepChart(start=now, until=until, values=values, zone=zone)
    chart.add_steps("limit", texts.PLAN_EXPECTED, shown[1])
    if evse.reported_at is not None:
        chart.add_steps("before", texts.PLAN_REPORTED.format(time=formats.clock(evse.reported_at, zone)), shown[2])
    chart.add_steps("after", texts.PLAN_CALCULATED, shown[0])
    words = now_next(planned or expected, now=now, zone=zone)
    description = texts.PLAN_DESCRIPTION.format(
        id=evse.evse_id,
        start=formats.clock(now, zone),
        end=formats.day_and_clock(until, zone),
        kw=formats.kw(largest(values)),
    )
    title = texts.PLAN_EVSE.format(id=evse.evse_id, now=words)
    return Markup(chart.html(title=title, description=description) + _differences(evse.differences, zone))


def planned_steps(progress: SessionProgressOut | None) -> list[Step]:
    """The plan of the session at the EVSE as steps; nothing after its end."""
    if progress is None or not progress.plan:
        return []
    return [*((step.start, step.power_kw) for step in progress.plan), (progress.plan[-1].end, None)]


def now_next(steps: Sequence[Step], *, now: datetime, zone: ZoneInfo) -> str:
    """``7.4 kW now, 3.2 kW from 14:15``."""
    current = next((value for start, value in reversed(steps) if start <= now), None)
    later = next(((start, value) for start, value in steps if start > now and not _same(value, current)), None)
    if later is None:
        return texts.PLAN_NOW_ONLY.format(now=power_words(current))
    start, value = later
    time = formats.near(start, zone, now=now)
    return texts.PLAN_NOW_NEXT.format(now=power_words(current), next=power_words(value), time=time)


def power_words(value_kw: float | None) -> str:
    return texts.PLAN_NOTHING if value_kw is None else texts.PLAN_KW.format(kw=formats.kw(value_kw))


def _same(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else abs(one - other) < SAME_KW


def _last_change(curves: Iterable[Sequence[Step]], now: datetime) -> timedelta:
    """Until when something happens: what comes after it would press the rest together."""
    changes = [start for steps in curves for (_, before), (start, value) in pairwise(steps) if not _same(before, value)]
    return max(changes, default=now) - now + timedelta(minutes=30)


def _differences(found: Sequence[LimitDifference], zone: ZoneInfo) -> str:
    if not found:
        return ""
    items = (
        texts.DIFFERENCE.format(
            expected=formats.kw(one.expected_kw),
            reported=formats.kw(one.reported_kw),
            start=formats.clock(one.start, zone),
            end=formats.clock(one.end, zone),
        )
        for one in found
    )
    return paragraph_html(texts.DIFFERENCES.format(items="; ".join(items)), look="tv-answer tv-answer-bad")
