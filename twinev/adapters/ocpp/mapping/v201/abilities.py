"""OCPP 2.0.1: what a station can do with charging profiles, from its device model (part 2, SmartChargingCtrlr)."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, count_of, rate_unit_of

_COMPONENT = "SmartChargingCtrlr"
_RATE_UNIT = "RateUnit"
_MAX_PERIODS = "PeriodsPerSchedule"
_MAX_STACK_LEVEL = "ProfileStackLevel"

ABILITIES_CALL = (
    "GetVariables",
    {
        "getVariableData": [
            {"component": {"name": _COMPONENT}, "variable": {"name": name}}
            for name in (_RATE_UNIT, _MAX_PERIODS, _MAX_STACK_LEVEL)
        ]
    },
)


def read_abilities(response: dict[str, Any]) -> Abilities:
    """Understand GetVariablesResponse; what is missing keeps its safe default."""
    values = {
        result["variable"]["name"]: result.get("attributeValue")
        for result in response["getVariableResult"]
        if result["attributeStatus"] == "Accepted"
    }
    return Abilities(
        rate_unit=rate_unit_of((values.get(_RATE_UNIT) or "").split(","), watt="W", ampere="A"),
        max_periods=count_of(values.get(_MAX_PERIODS), at_least=1),
        max_stack_level=count_of(values.get(_MAX_STACK_LEVEL), at_least=0),
    )
