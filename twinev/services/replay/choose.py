"""Which of a file's sessions a replay takes, and which it must leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from twinev.errors import BadInput
from twinev.services.replay.oddities import Oddity, is_possible
from twinev.services.replay.record import RecordedSession


@dataclass(frozen=True, kw_only=True)
class Days:
    """Whole days on the site's calendar, ``last`` included."""

    first: date
    last: date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadInput("--to", self.last.isoformat(), f"a day not before --from, {self.first}")

    @property
    def begin(self) -> datetime:
        """Midnight, the site's, before the first day."""
        return datetime.combine(self.first, time(), self.zone).astimezone(UTC)

    def hold(self, instant: datetime) -> bool:
        """Whether ``instant`` falls on one of the days."""
        return self.first <= instant.astimezone(self.zone).date() <= self.last

    def __str__(self) -> str:
        return self.first.isoformat() if self.first == self.last else f"{self.first} to {self.last}"


def choose_sessions(sessions: Sequence[RecordedSession], days: Days) -> tuple[list[RecordedSession], list[Oddity]]:
    """Return the sessions that arrive on ``days`` and can be replayed, and the table's rows of those left out.

    Raises
    ------
    BadInput
        None can be replayed; the message names the days that could be.
    """
    arriving = [s for s in sessions if days.hold(s.connected_at)]
    unique = {s.id: s for s in reversed(arriving)}
    chosen = [s for s in arriving if unique.get(s.id) is s and is_possible(s)]
    if not chosen:
        raise BadInput("--day", str(days), tell_days(sessions, days.zone))
    left_out = [
        _left_out("repeated_id", "has the id of an earlier session", [s for s in arriving if unique[s.id] is not s]),
        _left_out(
            "left_before_arrival",
            "left before, or as, it arrived",
            [s for s in arriving if unique[s.id] is s and not is_possible(s)],
        ),
        _left_out(
            "already_there",
            "was plugged in before the first day began",
            [s for s in sessions if s.connected_at < days.begin < s.disconnected_at],
        ),
    ]
    return chosen, left_out


def _left_out(key: str, what: str, sessions: list[RecordedSession]) -> Oddity:
    return Oddity(
        key=key, what=what, done="left out of the replay", session_ids=tuple(s.id for s in sessions), replayed=False
    )


def tell_days(sessions: Sequence[RecordedSession], zone: ZoneInfo) -> str:
    """Return which days can be replayed, in words for an error."""
    days = sorted({s.connected_at.astimezone(zone).date() for s in sessions if is_possible(s)})
    if not days:
        return "a file with at least one session that ends after it begins"
    return f"a day with sessions; the file's first is {days[0]}, its last {days[-1]}"
