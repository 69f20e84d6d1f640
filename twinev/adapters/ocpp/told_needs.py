"""Tells a driver's wish that is sent again from one that is expressed again: OCPP gives it no time and no number.

A station that got no answer sends the same needs once more. As a fact of its own the repetition would be younger than
the wish is. Needs alone cannot be the natural key either: the next EV may want the same, and a driver who changes the
departure and changes it back means it. So equal needs at an EVSE are one fact, told when they were first heard, as long
as they come within two minutes and no other needs and no transaction came in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from twinev.adapters.ocpp.mapping.steps import Step, Tell, TellAndAsk
from twinev.domain.facts import ChargingNeedsNotified, TransactionEnded, TransactionStarted

#: Longer than stations wait for an answer and try again; of the platform's time.
REPETITION = timedelta(minutes=2)


class ToldNeeds:
    """Remembers the last needs of each EVSE, for all sockets of a gateway: a repetition often comes on a new one."""

    def __init__(self) -> None:
        self._last: dict[str, dict[int, Tell]] = {}

    def settle(self, station_id: str, step: Step) -> Step:
        """Return ``step``, or the one that it repeats."""
        if not isinstance(step, Tell | TellAndAsk):
            return step
        if isinstance(step.fact, TransactionStarted | TransactionEnded):
            self._last.pop(station_id, None)
        if not isinstance(step, Tell) or not isinstance(step.fact, ChargingNeedsNotified):
            return step
        told = self._last.setdefault(station_id, {})
        earlier = told.get(step.fact.evse_id)
        if earlier is not None and _repeats(step.fact, earlier.fact):
            return earlier
        told[step.fact.evse_id] = step
        return step


def _repeats(needs: ChargingNeedsNotified, earlier: ChargingNeedsNotified) -> bool:
    equal = replace(needs, timestamp=earlier.timestamp) == earlier
    return equal and needs.timestamp - earlier.timestamp < REPETITION
