"""OCPP 1.6: configuration keys, which the platform calls variables without a component."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.domain.operating_commands import GetVariables, SetVariables, Variable
from twinev.errors import BadInput


def write_change(command: SetVariables) -> StationCall:
    """ChangeConfiguration, which sets one key."""
    if len(command.values) != 1:
        raise BadInput("values", f"{len(command.values)} variables", "one at a time in OCPP 1.6")
    (wanted,) = command.values
    return StationCall(action="ChangeConfiguration", payload={"key": _key(wanted.variable), "value": wanted.value})


def read_change(command: SetVariables, response: dict[str, Any]) -> StationOutcome:
    """ChangeConfiguration.conf, whose NotSupported means a key that the station does not know (1.6 ed. 2, §5.3)."""
    status = response["status"]
    told = "UnknownVariable" if status == "NotSupported" else status
    result = {"attributeStatus": told, "variable": {"name": command.values[0].variable.variable}}
    return StationOutcome(outcome=outcome_of_status(status), status=status, response={"setVariableResult": [result]})


def write_configuration_question(command: GetVariables) -> StationCall:
    """GetConfiguration; without keys it asks for all (1.6 ed. 2, §5.8)."""
    keys = [_key(variable) for variable in command.variables]
    return StationCall(action="GetConfiguration", payload={"key": keys} if keys else {})


def read_configuration(response: dict[str, Any]) -> StationOutcome:
    """GetConfiguration.conf."""
    known = [
        {
            "attributeStatus": "Accepted",
            "attributeValue": entry.get("value", ""),
            "variable": {"name": entry["key"]},
            "mutability": "ReadOnly" if entry["readonly"] else "ReadWrite",
        }
        for entry in response.get("configurationKey", ())
    ]
    unknown = [
        {"attributeStatus": "UnknownVariable", "variable": {"name": key}} for key in response.get("unknownKey", ())
    ]
    status = "UnknownVariable" if unknown else "Accepted"
    return StationOutcome(
        outcome=outcome_of_status(status), status=status, response={"getVariableResult": known + unknown}
    )


def _key(variable: Variable) -> str:
    said = {
        "component": variable.component,
        "component_instance": variable.component_instance,
        "variable_instance": variable.variable_instance,
        "evse_id": variable.evse_id,
        "connector_id": variable.connector_id,
        "attribute": None if variable.attribute == "Actual" else variable.attribute,
    }
    for name, value in said.items():
        if value is not None:
            raise BadInput(name, value, "none: a configuration key of OCPP 1.6 has a name alone")
    return variable.variable
