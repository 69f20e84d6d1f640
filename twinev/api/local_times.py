"""Days and times as drivers read them and choose them on a form: those of the place's time zone, in their language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twinev.api.driver_texts import LANGUAGE, fill, texts_for_templates
from twinev.domain.time_window import STEP, TimeWindow
from twinev.errors import BadInput

_CENTURY = range(2000, 2101)


def clock_time(instant: datetime, zone: str) -> str:
    """An instant as the clock on the wall there shows it."""
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"


def day_name(day: date) -> str:
    """A day with its weekday and month, as people write them."""
    t = texts_for_templates(LANGUAGE).common
    weekday, month = t.weekdays[day.weekday()], t.months[day.month - 1]
    return fill(t.day, weekday=weekday, day=day.day, month=month)


def day_time(instant: datetime, zone: str) -> str:
    """An instant with its day."""
    return f"{day_name(instant.astimezone(ZoneInfo(zone)).date())}, {clock_time(instant, zone)}"


def window_text(window: TimeWindow, zone: str, now: datetime) -> str:
    """From when until when; today is called so, and the end's day is told where it is another."""
    first, last = (instant.astimezone(ZoneInfo(zone)).date() for instant in (window.start, window.end))
    today = now.astimezone(ZoneInfo(zone)).date()
    t = texts_for_templates(LANGUAGE).common
    end = clock_time(window.end, zone) if first == last else day_time(window.end, zone)
    return f"{t.today if first == today else day_name(first)}, {clock_time(window.start, zone)} – {end}"


@dataclass(frozen=True, kw_only=True)
class DayChoice:
    """A day of a form: its value, and how it is called."""

    value: str
    label: str


def days_ahead(now: datetime, zone: str, *, days: int) -> list[DayChoice]:
    """Return today and the days after it."""
    t = texts_for_templates(LANGUAGE).common
    first = now.astimezone(ZoneInfo(zone)).date()
    names = {0: t.today, 1: t.tomorrow}
    choices = ((ahead, first + timedelta(days=ahead)) for ahead in range(days))
    return [DayChoice(value=day.isoformat(), label=names.get(ahead) or day_name(day)) for ahead, day in choices]


def instant_of(day: str, clock: str, zone: str) -> datetime:
    """The instant at which the clock on the wall there shows this.

    Raises
    ------
    BadInput
        It is no day, or no time.
    """
    allowed = "a day of this century such as 2026-12-01, and a time such as 14:30"
    try:
        read = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise BadInput("start", f"{day} {clock}"[:40], allowed) from error
    if read.year not in _CENTURY:
        # Near the first and the last year that a datetime knows, nothing can be added to it.
        raise BadInput("start", f"{day} {clock}"[:40], allowed)
    return read.astimezone(UTC)


def next_step(now: datetime) -> datetime:
    """The next instant for which something can be booked."""
    return now + (datetime(1970, 1, 1, tzinfo=now.tzinfo) - now) % STEP


def day_and_clock(instant: datetime, zone: str) -> tuple[str, str]:
    """The two values of a form for an instant."""
    local = instant.astimezone(ZoneInfo(zone))
    return local.date().isoformat(), f"{local:%H:%M}"
