"""Dates and times as OCPP writes them (RFC 3339)."""

from __future__ import annotations

from datetime import UTC, datetime

from twinev.adapters.ocpp.mapping.steps import UnusablePayload


def read_time(text: str) -> datetime:
    """The instant that a station named, in its own time zone; its schema has checked the form."""
    try:
        # RFC 3339 allows a small t and z, which Python does not read.
        instant = datetime.fromisoformat(text.upper())
        if instant.tzinfo is None:
            raise UnusablePayload(f"{text!r} has no time zone")
        # At the ends of the calendar a zone leads out of it, which would fail when the instant is stored.
        instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnusablePayload(f"{text!r} is no instant: {error}") from error
    return instant


def write_time(instant: datetime) -> str:
    """UTC to the millisecond, for a clock to be set by."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_whole_second(instant: datetime) -> str:
    """UTC to the second, as stations read a schedule's start."""
    return instant.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
