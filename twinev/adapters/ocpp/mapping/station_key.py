"""A station's new key: what each version of OCPP calls it, and what the answer means."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.domain.commands import SetBasicAuthPassword


def key_call_16(command: SetBasicAuthPassword) -> StationCall:
    """1.6 wants it in hexadecimal (security whitepaper ed. 2, A01 and A00.FR.205), which the platform's keys are."""
    payload = {"key": "AuthorizationKey", "value": command.password}
    return StationCall(action="ChangeConfiguration", payload=payload)


def key_outcome_16(response: dict[str, Any]) -> StationOutcome:
    return _outcome(response["status"])


def key_call_2x(command: SetBasicAuthPassword) -> StationCall:
    """2.x takes it as it is (part 2, A01)."""
    data = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": command.password,
    }
    return StationCall(action="SetVariables", payload={"setVariableData": [data]})


def key_outcome_2x(response: dict[str, Any]) -> StationOutcome:
    return _outcome(response["setVariableResult"][0]["attributeStatus"])


def _outcome(status: str) -> StationOutcome:
    # A key that the station uses after a restart it has taken.
    outcome = "accepted" if status == "RebootRequired" else outcome_of_status(status)
    return StationOutcome(outcome=outcome, status=status)
