"""Says which commands a person may have sent once more."""

from __future__ import annotations

from twinev.domain.plan import PLANNING, SentCommand
from twinev.errors import Conflict
from twinev.services.hide_secrets import HIDDEN

#: Those that mean the same whenever they are sent. Planning keeps the profiles up by itself, reservations are told anew
#: by theirs, and a cost so far is soon wrong.
RETRIED = frozenset(
    {
        "ChangeAvailability",
        "ClearCache",
        "DataTransfer",
        "GetBaseReport",
        "GetCompositeSchedule",
        "GetLocalListVersion",
        "GetLog",
        "GetVariables",
        "RequestStartTransaction",
        "RequestStopTransaction",
        "Reset",
        "SendLocalList",
        "SetVariables",
        "TriggerMessage",
        "UnlockConnector",
        "UpdateFirmware",
    }
)


def why_not_retried(sent: SentCommand) -> str | None:
    """What is against sending it once more; None when nothing is."""
    if sent.action not in RETRIED or sent.issued_by == PLANNING:
        return f"{sent.action} is not sent again by hand: the part of the platform that it belongs to does so itself"
    if sent.outcome is None:
        return "it is still under way"
    if HIDDEN in str(sent.payload):
        return "it held a password, which is not kept; send it anew"
    return None


def require_retryable(sent: SentCommand) -> None:
    """Raise `Conflict` where the command is none to be sent again."""
    against = why_not_retried(sent)
    if against is not None:
        raise Conflict(f"command {sent.id}: {against}")
