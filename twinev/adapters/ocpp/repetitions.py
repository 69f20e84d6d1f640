"""Tells a message that is sent again from one that is meant again, where OCPP gives it no time and no number.

A station that got no answer sends the same once more: the driver's needs, the state of an update. As a fact of its own
the repetition would be younger than what it tells of. The content alone cannot be the natural key either: the next EV
may want the same, and a second download may fail as the first one did. So equal messages on one subject (an EVSE's
needs, a station's firmware) are one fact, told when it was first heard, as long as they come within two minutes and
nothing else on that subject, and no transaction, came in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from twinev.adapters.ocpp.mapping.steps import Step, Tell, TellAndAsk
from twinev.domain.facts import TransactionEnded, TransactionStarted

#: Longer than stations wait for an answer and try again; of the platform's time.
REPETITION = timedelta(minutes=2)


class Repetitions:
    """Remembers the last message on each subject, for all sockets: a repetition often comes on a new one."""

    def __init__(self) -> None:
        self._last: dict[str, dict[tuple[str, int | None], Tell]] = {}

    def settle(self, station_id: str, step: Step) -> Step:
        """Return ``step``, or the one that it repeats."""
        if not isinstance(step, Tell | TellAndAsk):
            return step
        if isinstance(step.fact, TransactionStarted | TransactionEnded):
            self._last.pop(station_id, None)
        if not isinstance(step, Tell) or step.subject is None:
            return step
        told = self._last.setdefault(station_id, {})
        earlier = told.get(step.subject)
        if earlier is not None and _repeats(step, earlier):
            return earlier
        told[step.subject] = step
        return step


def _repeats(step: Tell, earlier: Tell) -> bool:
    equal = replace(step.fact, timestamp=earlier.fact.timestamp) == earlier.fact
    return equal and step.fact.timestamp - earlier.fact.timestamp < REPETITION
