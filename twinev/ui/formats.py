"""How numbers and times are written on a screen: powers to 0.1 kW, times in the site's zone, always named."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUS = "−"


def kw(power_kw: float) -> str:
    """Power with one decimal; a true minus sign; never −0.0."""
    rounded = round(power_kw, 1) + 0.0
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.1f}"


def kwh(energy_kwh: float) -> str:
    """Energy with two decimals below 10 kWh, else one."""
    return f"{energy_kwh:,.2f}" if abs(energy_kwh) < 10 else f"{energy_kwh:,.1f}"


def limit_kw(value_kw: float) -> str:
    """A limit as somebody would type it: no decimals that say nothing."""
    return f"{value_kw:,.1f}".removesuffix(".0")


def plain_number(value: float) -> str:
    """A number as it is typed into a field: no thousands, no decimals that say nothing."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def short_kw(power_kw: float) -> str:
    """Power for a pin, in at most four characters: ``0``, ``7.4``, ``11``, ``−5.2``."""
    rounded = round(power_kw, 1)
    digits = f"{abs(rounded):.1f}" if 0 < abs(rounded) < 10 else f"{abs(power_kw):.0f}"
    return f"{MINUS if rounded < 0 else ''}{digits.removesuffix('.0')}"


def percent(share: float) -> str:
    """A share of 0 to 1 in whole percents; 100 % only when nothing is missing, 0 % only when nothing is there."""
    rounded = round(100 * share)
    if share < 1 and rounded == 100:
        return "> 99 %"
    return "< 1 %" if share > 0 and rounded == 0 else f"{rounded} %"


def euros(amount_eur: float) -> str:
    """An amount with its sign, for changes."""
    cents = round(amount_eur, 2) + 0.0
    sign = MINUS if cents < 0 else "+" if cents > 0 else ""
    return f"{sign}€ {abs(cents):,.2f}"


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock(instant: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """``14:05`` or ``14:05:09`` in that zone."""
    return instant.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def zone_name(instant: datetime, zone: ZoneInfo) -> str:
    """``CET (Europe/Amsterdam)``: what the clocks there are called at that instant."""
    return f"{instant.astimezone(zone).tzname()} ({zone.key})"


def zone_short(instant: datetime, zone: ZoneInfo) -> str:
    """``CET``: what the clocks there are called at that instant."""
    return instant.astimezone(zone).tzname() or zone.key


def day_and_clock(instant: datetime, zone: ZoneInfo) -> str:
    """``Mon 23 Nov 14:05``."""
    local = instant.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def day(instant: datetime, zone: ZoneInfo) -> str:
    """``23 Nov`` in that zone."""
    local = instant.astimezone(zone)
    return f"{local.day} {local:%b}"


def near(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """The clock time alone on today's date, with the day on any other."""
    same_day = instant.astimezone(zone).date() == now.astimezone(zone).date()
    return clock(instant, zone) if same_day else day_and_clock(instant, zone)


def seconds_text(duration: timedelta, *, speed: float = 1.0) -> str:
    """A duration of the platform's clock as seconds of the wall's: one decimal below ten."""
    seconds = max(0.0, duration.total_seconds() / speed)
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:,.0f}"


def duration(lasted: timedelta) -> str:
    """``45 s``, ``12 min`` or ``3 h 05 min``."""
    seconds = max(0, round(lasted.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def safe(text: object) -> str:
    """Text that may stand anywhere in HTML."""
    return escape(str(text), quote=True)


def css_string(text: str) -> str:
    """Text as a string of a style sheet; nothing in it can end the string, the rule or the sheet."""
    plain = (character if character.isalnum() or character in " .,:()-" else None for character in text)
    return '"' + "".join(p if p is not None else f"\\{ord(c):06x} " for p, c in zip(plain, text, strict=True)) + '"'
