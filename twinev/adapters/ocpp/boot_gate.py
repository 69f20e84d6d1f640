"""What may be said before a station's boot is accepted, in both directions.

OCPP 1.6 ed. 2 §4.2; 2.0.1 part 2, B01–B03. A station that connects without a boot is where it was.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

BOOT = "BootNotification"

_STARTS_AND_STOPS = frozenset(
    {"RemoteStartTransaction", "RemoteStopTransaction", "RequestStartTransaction", "RequestStopTransaction"}
)
_REPORTS = frozenset({"GetReport", "GetBaseReport"})
_SIGNED = "SignCertificate"


class Registration(StrEnum):
    """How the last boot was answered (OCPP RegistrationStatus)."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class BootGate:
    """Knows one station's registration, and what it was asked to send meanwhile."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration
        self._asked_for: set[str] = set()

    @property
    def accepted(self) -> bool:
        return self._registration is Registration.ACCEPTED

    @property
    def registration(self) -> Registration:
        return self._registration

    def decide(self, registration: Registration) -> None:
        """Take note of a boot's answer."""
        self._registration = registration
        self._asked_for.clear()

    def lets_in(self, action: str) -> bool:
        """Whether the station may send this: while pending, only what it was asked for (2.0.1 B02.FR.02, B02.FR.09)."""
        return self.accepted or action == BOOT or action in self._asked_for

    def lets_out(self, action: str) -> bool:
        """Whether the station may be sent this: no transactions while pending, nothing while rejected (B03.FR.03)."""
        match self._registration:
            case Registration.REJECTED:
                return False
            case Registration.PENDING:
                return action not in _STARTS_AND_STOPS
        return True

    def note_sent(self, action: str, payload: dict[str, Any]) -> None:
        """Let in what the station sends because of this CALL."""
        if self._registration is not Registration.PENDING:
            return
        if action in _REPORTS:
            self._asked_for.add("NotifyReport")
        elif action.endswith("TriggerMessage"):
            message = payload["requestedMessage"]
            # Three kinds of certificate are asked for by names of their own, and come by one action.
            self._asked_for.add(_SIGNED if message.startswith("Sign") else message)
