"""How a command went, in words."""

from __future__ import annotations

from twinev.ui import charge_points_texts as texts
from twinev.wire.rest.commands import CommandOut


def answer_of(command: CommandOut) -> str:
    """The outcome, with the station's own status where that says more."""
    outcome = texts.OUTCOMES.get(command.outcome, command.outcome)
    if not command.status or command.status.casefold() == outcome.replace(" ", "").casefold():
        return texts.ANSWER_WORDS.format(outcome=outcome)
    return texts.ANSWER_WITH_STATUS.format(outcome=outcome, status=command.status)


def round_trip_of(command: CommandOut) -> str:
    """From sending to the answer; nothing where none came."""
    return "" if command.round_trip_ms is None else texts.ROUND_TRIP.format(ms=f"{command.round_trip_ms:,.0f}")
