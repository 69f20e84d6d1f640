"""How far an order has come: ordered, planned, sent, accepted, read back, and the meters under the limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from twinev.domain.grid import Enforcement
from twinev.ui import formats, texts
from twinev.ui.limits_panel import METER_TOLERANCE_KW, state_html, stations_html
from twinev.ui.live import Snapshot
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.plans import PlanOut
from twinev.wire.rest.restrictions import RestrictionOut

StepState = Literal["done", "doing", "waiting", "failed"]
FINAL_STATES = frozenset({Enforcement.ENFORCED, Enforcement.ENDED, Enforcement.REVOKED})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: its name, how it stands, when it was done, and a word more."""

    name: str
    state: StepState
    at: datetime | None = None
    detail: str = ""


def steps_of(
    restriction: RestrictionOut, plans: Sequence[PlanOut], commands: Sequence[CommandOut], snapshot: Snapshot,
    *, since: datetime | None = None,
) -> list[Step]:  # fmt: skip
    """The six steps, from what the API knows of plans, commands and meters since the order, or since it was changed."""
    since = since or restriction.created_at
    sites = {station.site_id for station in snapshot.stations if station.id in restriction.station_ids}
    planned = _first_per(((plan.site_id, plan.made_at) for plan in plans if plan.made_at >= since), sites)
    own = [c for c in commands if c.sent_at >= since and c.station_id in restriction.station_ids]
    profiles = [command for command in own if command.action == "SetChargingProfile"]
    read_backs = [command for command in own if command.action == "GetCompositeSchedule"]
    told = {command.station_id for command in profiles}
    under, under_at = _under_limit(restriction, snapshot, since)
    steps = [
        Step(name=texts.STEP_ORDERED, state="done", at=since),
        _counted(texts.STEP_PLANNED, planned, sites),
        _counted(texts.STEP_SENT, _first_per(((c.station_id, c.sent_at) for c in profiles), told), told),
        _counted(texts.STEP_ACCEPTED, _accepted(profiles), told),
        _counted(texts.STEP_READ_BACK, _accepted(read_backs), told),
        Step(name=texts.STEP_UNDER_LIMIT, state="done" if under else "doing", at=under_at, detail=_power(restriction)),
    ]
    return _settled(steps, restriction, snapshot, nothing_to_send=not told)


def progress_html(
    restriction: RestrictionOut, plans: Sequence[PlanOut], commands: Sequence[CommandOut], snapshot: Snapshot,
    *, since: datetime | None = None,
) -> str:  # fmt: skip
    """The steps as a list, with the seconds since the order, and what each station that does not follow says."""
    zone = snapshot.zone
    window = texts.LIMIT_FROM.format(
        start=formats.near(restriction.start, zone, now=snapshot.now),
        end=formats.near(restriction.end, zone, now=snapshot.now),
    )
    items = "".join(
        _step_html(step, since or restriction.created_at, snapshot.speed)
        for step in steps_of(restriction, plans, commands, snapshot, since=since)
    )
    title = texts.PROGRESS_TITLE.format(limit=formats.limit_kw(restriction.limit_kw))
    reasons = "".join(
        f"<li><b>{formats.safe(station.station_id)}</b> {formats.safe(station.reason)}</li>"
        for station in restriction.stations
        if station.reason
    )
    return (
        f'<section class="tv-progress" aria-live="polite"><h3>{formats.safe(title)} {state_html(restriction)}</h3>'
        f'<p class="tv-detail">{stations_html(restriction, snapshot)}, {formats.safe(window)}</p><ol>{items}</ol>'
        f"{f'<ul class=tv-reasons>{reasons}</ul>' if reasons else ''}</section>"
    )


def _step_html(step: Step, since: datetime, speed: float) -> str:
    seconds = texts.STEP_SECONDS.format(seconds=formats.seconds_text(step.at - since, speed=speed)) if step.at else ""
    return (
        f'<li class="tv-step-{step.state}"><span>{formats.safe(step.name)}</span>'
        f"<em>{formats.safe(step.detail)}</em><b>{formats.safe(seconds)}</b></li>"
    )


def _settled(
    steps: list[Step], restriction: RestrictionOut, snapshot: Snapshot, *, nothing_to_send: bool
) -> list[Step]:
    """Say "done" where nothing was left to do, and "waiting" for what comes after a step that is not done."""
    ordered, planned, *sending, under = steps
    if nothing_to_send and under.state == "done" and planned.state == "done":
        sending = [Step(name=step.name, state="done", detail=texts.PROGRESS_NOTHING_TO_SEND) for step in sending]
    elif nothing_to_send:
        sending = [Step(name=step.name, state="waiting") for step in sending]
    if restriction.start > snapshot.now:
        zone = snapshot.zone
        detail = texts.STEP_WAITS.format(start=formats.near(restriction.start, zone, now=snapshot.now))
        under = Step(name=under.name, state="waiting", detail=detail)
    return [ordered, planned, *sending, under]


def _counted(name: str, done: dict[str, datetime], expected: Iterable[str]) -> Step:
    wanted = set(expected)
    finished = {key: at for key, at in done.items() if key in wanted}
    complete = bool(wanted) and len(finished) == len(wanted)
    detail = texts.STEP_COUNT.format(done=len(finished), total=len(wanted)) if len(wanted) > 1 else ""
    at = max(finished.values()) if complete else None
    return Step(name=name, state="done" if complete else "doing", at=at, detail=detail)


def _first_per(pairs: Iterable[tuple[str | None, datetime]], wanted: Iterable[str]) -> dict[str, datetime]:
    keys = set(wanted)
    first: dict[str, datetime] = {}
    for key, at in pairs:
        if key in keys:
            first[key] = min(at, first.get(key, at))
    return first


def _accepted(commands: Iterable[CommandOut]) -> dict[str, datetime]:
    answered = [c for c in commands if c.outcome == "accepted" and c.answered_at is not None]
    return _first_per(((c.station_id, c.answered_at) for c in answered), {c.station_id for c in answered})


def _under_limit(restriction: RestrictionOut, snapshot: Snapshot, since: datetime) -> tuple[bool, datetime | None]:
    begun = restriction.start <= snapshot.now
    measured_under = restriction.power_kw <= restriction.limit_kw + METER_TOLERANCE_KW
    first = restriction.first_enforced_at
    # Of an order that was changed the first time was before the change, and says nothing of it.
    return begun and measured_under, first if measured_under and first is not None and first >= since else None


def _power(restriction: RestrictionOut) -> str:
    return texts.STEP_POWER.format(power=formats.kw(restriction.power_kw), limit=formats.limit_kw(restriction.limit_kw))
