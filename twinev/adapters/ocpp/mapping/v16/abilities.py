"""OCPP 1.6: what a station can do with charging profiles, from its configuration keys (1.6 ed. 2, §9.4)."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, count_of, rate_unit_of

_RATE_UNIT = "ChargingScheduleAllowedChargingRateUnit"
_MAX_PERIODS = "ChargingScheduleMaxPeriods"
_MAX_STACK_LEVEL = "ChargeProfileMaxStackLevel"

ABILITIES_CALL = ("GetConfiguration", {"key": [_RATE_UNIT, _MAX_PERIODS, _MAX_STACK_LEVEL]})


def read_abilities(response: dict[str, Any]) -> Abilities:
    """Understand GetConfiguration.conf; what is missing keeps its safe default."""
    values = {entry["key"]: entry.get("value") for entry in response.get("configurationKey", ())}
    return Abilities(
        rate_unit=rate_unit_of((values.get(_RATE_UNIT) or "").split(","), watt="Power", ampere="Current"),
        max_periods=count_of(values.get(_MAX_PERIODS), at_least=1),
        max_stack_level=count_of(values.get(_MAX_STACK_LEVEL), at_least=0),
    )
