"""The form for reserving in the drivers' app: what it begins with, what it offers, and why it was refused, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from twinev.api.driver_texts import LANGUAGE, fill, texts_for_templates
from twinev.api.local_times import clock_time, day_and_clock, days_ahead, next_step
from twinev.api.platform import Platform
from twinev.domain.users import User
from twinev.services.find_evse import Wish
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.why_not_reserved import why_not_reserved

LENGTHS_MINUTES = (15, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720)
USUAL_MINUTES = 120


@dataclass(frozen=True, kw_only=True)
class ReserveForm:
    """What stands in the form; ``day`` and ``time`` are of the place's clock, "" is now; no ``evse_id`` is any EVSE.

    ``start`` is for who comes with an instant instead of a day and a time.
    """

    day: str = ""
    time: str = ""
    minutes: int = USUAL_MINUTES
    evse_id: int | None = None
    start: datetime | None = None

    @classmethod
    def of(cls, *, start: datetime | None, minutes: int | None, evse_id: int | None) -> ReserveForm:
        """Begin with an instant, and with the shortest offered time that is long enough."""
        wanted = USUAL_MINUTES if minutes is None else minutes
        offered = next((length for length in LENGTHS_MINUTES if length >= wanted), LENGTHS_MINUTES[-1])
        return cls(start=start, minutes=offered, evse_id=evse_id)

    def not_before(self, instant: datetime | None) -> ReserveForm:
        """Begin later, unless somebody has filled it in or nothing is in the way (None)."""
        if instant is None or self.day or self.time or (self.start is not None and self.start >= instant):
            return self
        return replace(self, start=instant)

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def day_and_time(self, now: datetime, latest: datetime, zone: str) -> tuple[str, str]:
        """The values of the two fields, within what can be reserved."""
        if self.day or self.time:
            return self.day, self.time
        return day_and_clock(next_step(min(max(now, self.start or now), latest)), zone)


def reserve_values(
    form: ReserveForm, *, user: User | None, work: UnitOfWork, platform: Platform, zone: str
) -> dict[str, Any]:
    """What the template of the form shows."""
    now, rules = platform.clock.now(), platform.reservation_rules
    day, time = form.day_and_time(now, now + rules.horizon, zone)
    return {
        "form": form,
        "day": day,
        "time": time,
        "days": days_ahead(now, zone, days=rules.horizon.days + 1),
        "lengths": [m for m in LENGTHS_MINUTES if rules.shortest <= timedelta(minutes=m) <= rules.longest],
        "grace_minutes": round(rules.grace_minutes),
        "active": 0 if user is None else len(work.reservations.active(user_id=user.id)),
        "most": rules.max_active,
    }


def why_not_text(wish: Wish | None, *, user: User, work: UnitOfWork, platform: Platform, zone: str) -> str:
    """Say why a wish was refused; None is one whose times make no sense."""
    t, rules, now = texts_for_templates(LANGUAGE).station, platform.reservation_rules, platform.clock.now()
    if wish is None:
        return fill(t.why_not_window, days=rules.horizon.days)
    why = why_not_reserved(wish, user_id=user.id, work=work, now=now, rules=rules)
    until = clock_time(why.until, zone) if why.until else ""
    return fill(getattr(t.why_not, why.hindrance), until=until, hours=round(rules.soon / timedelta(hours=1)))
