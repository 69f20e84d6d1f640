"""OCPP 2.0.1: what a station can do with charging profiles, from its device model (part 2, SmartChargingCtrlr)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, count_of, is_true, rate_unit_of
from twinev.adapters.ocpp.mapping.station import Station

COMPONENT = "SmartChargingCtrlr"
_RATE_UNIT = "RateUnit"
_MAX_PERIODS = "PeriodsPerSchedule"
_MAX_STACK_LEVEL = "ProfileStackLevel"
# The number that it keeps now is no limit; the highest that may be set is, where a station tells it. Others tell when
# it is reached, by the reason code TooManyProfiles.
_MAX_PROFILES = "Entries"
# 2.0.1 knows no discharging. A station that takes negative limits all the same can say so by a variable of our own.
_NEGATIVE_LIMITS = "TwinEVNegativeLimits"

ASKED: list[dict[str, Any]] = [
    *(
        {"component": {"name": COMPONENT}, "variable": {"name": name}}
        for name in (_RATE_UNIT, _MAX_PERIODS, _MAX_STACK_LEVEL)
    ),
    {
        "component": {"name": COMPONENT},
        "variable": {"name": _MAX_PROFILES, "instance": "ChargingProfiles"},
        "attributeType": "MaxSet",
    },
]
_ASKED_OF_DISCHARGING = {"component": {"name": COMPONENT}, "variable": {"name": _NEGATIVE_LIMITS}}


def abilities_call(station: Station) -> tuple[str, dict[str, Any]]:
    """The CALL that asks for them."""
    return "GetVariables", {"getVariableData": [*ASKED, _ASKED_OF_DISCHARGING]}


def read_abilities(response: dict[str, Any], station: Station) -> Abilities:
    """Understand GetVariablesResponse; what is missing keeps its safe default."""
    values = values_of(response)
    every_evse = frozenset(range(1, station.evse_count + 1))
    discharges = is_true(values.get((COMPONENT, None, _NEGATIVE_LIMITS)))
    return abilities_of(values, discharging_evses=every_evse if discharges else frozenset())


def values_of(response: dict[str, Any]) -> dict[tuple[str, int | None, str], str | None]:
    """What the station told, by component, EVSE and variable."""
    return {
        (
            result["component"]["name"],
            result["component"].get("evse", {}).get("id"),
            result["variable"]["name"],
        ): result.get("attributeValue")
        for result in response["getVariableResult"]
        if result["attributeStatus"] == "Accepted"
    }


def abilities_of(
    values: Mapping[tuple[str, int | None, str], str | None], *, discharging_evses: frozenset[int]
) -> Abilities:
    """What both 2.0.1 and 2.1 say alike."""

    def told(name: str) -> str | None:
        return values.get((COMPONENT, None, name))

    return Abilities(
        rate_unit=rate_unit_of((told(_RATE_UNIT) or "").split(","), watt="W", ampere="A"),
        max_periods=count_of(told(_MAX_PERIODS), at_least=1),
        max_stack_level=count_of(told(_MAX_STACK_LEVEL), at_least=0),
        max_profiles=count_of(told(_MAX_PROFILES), at_least=1),
        discharging_evses=discharging_evses,
    )
