"""OCPP 2.0.1: variables of the device model, asked for and set (part 2, B05 and B06)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twinev.adapters.ocpp.mapping.payloads import without_nones
from twinev.adapters.ocpp.mapping.steps import StationOutcome, outcome_of_status
from twinev.domain.operating_commands import GetVariables, SetVariables, Variable
from twinev.errors import BadInput


def write_variable_changes(command: SetVariables) -> dict[str, Any]:
    """SetVariablesRequest."""
    if not command.values:
        raise BadInput("values", command.values, "at least one variable")
    return {"setVariableData": [{**_variable(v.variable), "attributeValue": v.value} for v in command.values]}


def write_variable_questions(command: GetVariables) -> dict[str, Any]:
    """GetVariablesRequest."""
    if not command.variables:
        raise BadInput("variables", command.variables, "at least one in OCPP 2.x; GetBaseReport asks for all")
    return {"getVariableData": [_variable(variable) for variable in command.variables]}


def read_variable_results(results: Sequence[dict[str, Any]]) -> StationOutcome:
    """Accepted when every variable was; else the first refusal is the status."""
    statuses = [result["attributeStatus"] for result in results]
    refused = [status for status in statuses if outcome_of_status(status) != "accepted"]
    # Of those that were taken, the one that asks for a reboot says more.
    status = refused[0] if refused else max(statuses, key=lambda word: word == "RebootRequired")
    return StationOutcome(outcome=outcome_of_status(status), status=status)


def _variable(variable: Variable) -> dict[str, Any]:
    if variable.component is None:
        raise BadInput("component", None, f"the component of {variable.variable}, such as OCPPCommCtrlr, in OCPP 2.x")
    evse = None
    if variable.evse_id is not None:
        evse = without_nones({"id": variable.evse_id, "connectorId": variable.connector_id})
    component = {"name": variable.component, "instance": variable.component_instance, "evse": evse}
    named = {"name": variable.variable, "instance": variable.variable_instance}
    # Actual is what OCPP means when nothing is said.
    attribute = None if variable.attribute == "Actual" else variable.attribute
    return without_nones(
        {
            "component": without_nones(component),
            "variable": without_nones(named),
            "attributeType": attribute,
        }
    )
