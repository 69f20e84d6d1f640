"""Time as the planner sees it: equal slots, of which the first may have begun already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.checks import require_finite, require_utc
from twinev.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """``slots`` slots of ``slot_minutes`` from ``start``, a slot boundary.

    ``first_slot_minutes`` is what is left of slot 0 when the plan is made in its middle: the end of a slot is always
    on a boundary, so prices and limits that are given per slot keep their meaning.
    """

    start: datetime
    slot_minutes: float
    slots: int
    first_slot_minutes: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", require_utc("start", self.start))
        require_finite("slot_minutes", self.slot_minutes, at_least=0.1, at_most=1440)
        if isinstance(self.slots, bool) or not isinstance(self.slots, int) or self.slots < 1:
            raise BadInput("slots", self.slots, "a whole number of at least 1")
        if self.first_slot_minutes is None:
            object.__setattr__(self, "first_slot_minutes", float(self.slot_minutes))
        require_finite("first_slot_minutes", self.first_slot_minutes, at_least=0.001, at_most=self.slot_minutes)

    @classmethod
    def from_now(cls, now: datetime, *, slot_minutes: float, slots: int) -> Horizon:
        """Build the horizon whose slot 0 holds ``now``; boundaries are multiples of the slot since midnight UTC."""
        now = require_utc("now", now)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        slot = timedelta(minutes=slot_minutes)
        start = midnight + ((now - midnight) // slot) * slot
        left_minutes = (start + slot - now).total_seconds() / 60
        return cls(start=start, slot_minutes=slot_minutes, slots=slots, first_slot_minutes=max(left_minutes, 0.001))

    @property
    def slot_hours(self) -> tuple[float, ...]:
        """Duration of each slot, shape (n_slots,). [h]"""
        return (self.first_slot_minutes / 60, *([self.slot_minutes / 60] * (self.slots - 1)))

    @property
    def now(self) -> datetime:
        """The instant from which energy can flow: the start, or later when slot 0 has begun."""
        return self.slot_end(0) - timedelta(minutes=self.first_slot_minutes)

    @property
    def end(self) -> datetime:
        return self.slot_end(self.slots - 1)

    def slot_start(self, slot: int) -> datetime:
        """When energy can first flow in ``slot``."""
        return self.now if slot == 0 else self.start + timedelta(minutes=self.slot_minutes) * slot

    def slot_end(self, slot: int) -> datetime:
        return self.start + timedelta(minutes=self.slot_minutes) * (slot + 1)

    def last_slot_ending_by(self, instant: datetime) -> int:
        """The last slot that ends at or before ``instant``; −1 when none does."""
        elapsed = require_utc("instant", instant) - self.start
        return min(int(elapsed // timedelta(minutes=self.slot_minutes)) - 1, self.slots - 1)

    def slots_touched(self, start: datetime, end: datetime) -> range:
        """The slots that [start, end) overlaps, if only in part."""
        slot = timedelta(minutes=self.slot_minutes)
        first = max(0, int((require_utc("start", start) - self.start) // slot))
        last = -int((self.start - require_utc("end", end)) // slot)
        return range(min(first, self.slots), max(min(last, self.slots), min(first, self.slots)))
