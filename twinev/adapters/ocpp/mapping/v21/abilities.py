"""OCPP 2.1: what a station can do with charging profiles; which EVSEs discharge is told by V2XChargingCtrlr.

An EVSE discharges on command where its controller is enabled and knows the operation mode CentralSetpoint (part 2, Q).
"""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, is_true
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.v201.abilities import ASKED, abilities_of, values_of

_COMPONENT = "V2XChargingCtrlr"
_ENABLED = "Enabled"
_MODES = "SupportedOperationModes"
CENTRAL_SETPOINT = "CentralSetpoint"


def abilities_call(station: Station) -> tuple[str, dict[str, Any]]:
    """The CALL that asks for them."""
    of_evses = [
        {"component": {"name": _COMPONENT, "evse": {"id": evse_id}}, "variable": {"name": name}}
        for evse_id in range(1, station.evse_count + 1)
        for name in (_ENABLED, _MODES)
    ]
    return "GetVariables", {"getVariableData": [*ASKED, *of_evses]}


def read_abilities(response: dict[str, Any], station: Station) -> Abilities:
    """Understand GetVariablesResponse; what is missing keeps its safe default."""
    values = values_of(response)
    discharging = frozenset(
        evse_id
        for evse_id in range(1, station.evse_count + 1)
        if is_true(values.get((_COMPONENT, evse_id, _ENABLED)))
        and CENTRAL_SETPOINT in _words(values.get((_COMPONENT, evse_id, _MODES)))
    )
    return abilities_of(values, discharging_evses=discharging)


def _words(text: str | None) -> set[str]:
    return {word.strip() for word in (text or "").split(",")}
