"""What `twinev doctor` says about NATS: each stream, reader, gateway and refused message, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.report import ConsumerSeen, MessagingReport, StreamSeen

MEBIBYTE = 1024 * 1024
FULL = 0.8
# The API takes in thousands of facts a second: more than this before it means that it does not.
MOST_WAITING = {subjects.FACTS_STREAM: 2000, subjects.INBOUND_STREAM: 100}
MOST_SKEW_SECONDS = 2.0
RECENT = timedelta(days=1)
SHOWN = 200

_MEANING = {
    subjects.FACTS_STREAM: "facts of stations",
    subjects.EVENTS_STREAM: "events",
    subjects.INBOUND_STREAM: "messages in",
    subjects.DEAD_STREAM: "refused",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``remedy`` is empty when it is well."""

    what: str
    seen: str
    remedy: str = ""


def messaging_findings(report: MessagingReport, now: datetime | None = None) -> Iterator[Finding]:
    """Go through the report; ``now`` is this machine's clock without it."""
    for stream in report.streams:
        yield _stream(stream)
    for name in report.missing_streams:
        yield Finding(what=f"stream {name}", seen="missing", remedy="start the API: it makes the streams (twinev api)")
    for consumer in report.consumers:
        yield _consumer(consumer)
    yield _dead_letters(report, now or datetime.now(UTC))
    yield from _gateways(report)
    yield _clock("this machine", report.clock_ahead_seconds)


def _stream(stream: StreamSeen) -> Finding:
    seen = (
        f"{stream.messages} {_MEANING[stream.name]}, {stream.size_bytes / MEBIBYTE:.1f} of "
        f"{stream.max_bytes / MEBIBYTE:.0f} MiB"
    )
    remedy = ""
    if stream.fill > FULL and stream.name == subjects.FACTS_STREAM:
        remedy = "the API must take facts in before it is full: see what the API's log and the database say"
    elif stream.fill > FULL and stream.name != subjects.DEAD_STREAM:
        remedy = "the oldest will be dropped: find out in the log who sends so much"
    return Finding(what=f"stream {stream.name}", seen=seen, remedy=remedy)


def _consumer(consumer: ConsumerSeen) -> Finding:
    seen = f"{consumer.waiting} waiting, {consumer.in_hand} in hand, {consumer.again} given again"
    limit = MOST_WAITING.get(consumer.stream)
    remedy = ""
    if limit is not None and consumer.waiting > limit:
        remedy = "the API lags: see its log; is the database slow or away?"
    return Finding(what=f"reader {consumer.name}", seen=seen, remedy=remedy)


def _dead_letters(report: MessagingReport, now: datetime) -> Finding:
    kept = report.newest_dead
    if kept is None:
        return Finding(what="dead letters", seen="none: no message was refused")
    letter = kept.letter
    # By the server's clock: the platform's may be an accelerated one.
    seen = (
        f"{report.dead} refused, the newest at {letter.received_at:%Y-%m-%d %H:%M:%S} UTC on {letter.subject}: "
        f"{letter.reason[:SHOWN]}"
    )
    recent = now - letter.received_at < RECENT
    remedy = f"{letter.remedy}; the whole of it: GET /api/v1/dead-letters" if recent else ""
    return Finding(what="dead letters", seen=seen, remedy=remedy)


def _gateways(report: MessagingReport) -> Iterator[Finding]:
    known = {gateway.sign.gateway_id: gateway for gateway in report.gateways}
    if not known and not report.stations_at:
        yield Finding(what="gateways", seen="none is connected", remedy="start one: twinev gateway")
    for gateway_id in sorted(known.keys() | report.stations_at.keys()):
        stations = report.stations_at.get(gateway_id, 0)
        seen = f"holds {stations} station{'' if stations == 1 else 's'}"
        gateway = known.get(gateway_id)
        if gateway is None:
            yield Finding(what=gateway_id, seen=f"{seen}, but gives no sign of life: it has just ended or is stuck")
            continue
        trouble = gateway.sign.trouble
        remedy = "compare its NATS rights with the table in docs/adr/0008-nats-roles.md" if trouble else ""
        yield Finding(what=gateway_id, seen=f"{seen}; {trouble}" if trouble else seen, remedy=remedy)
        if abs(gateway.clock_ahead_seconds) > MOST_SKEW_SECONDS:
            yield _clock(gateway_id, gateway.clock_ahead_seconds)


def _clock(whose: str, ahead_seconds: float) -> Finding:
    if abs(ahead_seconds) <= MOST_SKEW_SECONDS:
        return Finding(what="clocks", seen=f"{whose} and the NATS server agree to {abs(ahead_seconds):.2f} s")
    direction = "ahead of" if ahead_seconds > 0 else "behind"
    return Finding(
        what="clocks",
        seen=f"{whose} is {abs(ahead_seconds):.1f} s {direction} the NATS server",
        remedy="synchronise both by NTP (chrony, systemd-timesyncd)",
    )
