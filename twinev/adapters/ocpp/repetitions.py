"""Tells a message that is sent again from one that is meant again, where OCPP gives it no time and no number.

A station that got no answer sends the same once more: the driver's needs, the state of an update. As a fact of its own
the repetition would be younger than what it tells of. The content alone cannot be the natural key either: the next EV
may want the same, and a second download may fail as the first one did. So equal messages on one subject (an EVSE's
needs, a station's firmware) are one fact, told when it was first heard, as long as they come within two minutes and
nothing else on that subject, and no transaction, came in between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from twinev.adapters.ocpp.mapping.steps import Step, Tell, TellAndAsk
from twinev.domain.facts import TransactionEnded, TransactionStarted

#: Longer than stations wait for an answer and try again; of the platform's time.
REPETITION = timedelta(minutes=2)
#: More than any real station has; one that invents EVSEs makes the gateway forget, not grow.
MOST_SUBJECTS = 200

_ANY_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What is remembered of a message: enough to know it again, and to tell its repetition as it was told."""

    content: bytes
    timestamp: datetime
    key: tuple[Any, ...]


class Repetitions:
    """Remembers the last message on each subject, for all sockets: a repetition often comes on a new one."""

    def __init__(self) -> None:
        self._last: dict[str, dict[tuple[str, int | None], _Told]] = {}

    def settle(self, station_id: str, step: Step) -> Step:
        """Return ``step``, with the time and key of the one that it repeats."""
        if not isinstance(step, Tell | TellAndAsk):
            return step
        if isinstance(step.fact, TransactionStarted | TransactionEnded):
            self._last.pop(station_id, None)
        if not isinstance(step, Tell) or step.subject is None:
            return step
        told = self._last.setdefault(station_id, {})
        content, timestamp = _content(step), step.fact.timestamp
        earlier = told.pop(step.subject, None)
        if earlier is None or earlier.content != content or timestamp - earlier.timestamp >= REPETITION:
            earlier = _Told(content=content, timestamp=timestamp, key=step.key)
        told[step.subject] = earlier
        if len(told) > MOST_SUBJECTS:
            del told[next(iter(told))]
        return replace(step, key=earlier.key, fact=replace(step.fact, timestamp=earlier.timestamp))


def _content(step: Tell) -> bytes:
    """What the fact says, its time apart."""
    return hashlib.sha256(repr(replace(step.fact, timestamp=_ANY_TIME)).encode()).digest()
