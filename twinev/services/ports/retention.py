"""What grows with every message and need not be kept for ever."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Passing(StrEnum):
    """What is kept for a time. Meter values, sessions and restrictions are records, and are not among it."""

    FACTS = "facts"
    SET_ASIDE_FACTS = "set_aside_facts"
    REPORTS = "reports"
    COMMANDS = "commands"
    PLANS = "plans"


class Retention(Protocol):
    def forget(self, what: Passing, *, before: datetime, at_most: int) -> int:
        """Delete up to ``at_most`` that are older than ``before``; return how many these were.

        The last plan of each site stays, however old it is, and so does a command that nobody has answered yet.
        """
