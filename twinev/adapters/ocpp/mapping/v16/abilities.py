"""OCPP 1.6: what a station can do with charging profiles, from its configuration keys (1.6 ed. 2, §9.4)."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, count_of, is_true, rate_unit_of
from twinev.adapters.ocpp.mapping.station import Station

_RATE_UNIT = "ChargingScheduleAllowedChargingRateUnit"
_MAX_PERIODS = "ChargingScheduleMaxPeriods"
_MAX_STACK_LEVEL = "ChargeProfileMaxStackLevel"
_MAX_PROFILES = "MaxChargingProfilesInstalled"
# 1.6 knows no discharging. A station that takes negative limits all the same can say so by a key of TwinEV's own.
_NEGATIVE_LIMITS = "TwinEVNegativeLimits"
_KEYS = [_RATE_UNIT, _MAX_PERIODS, _MAX_STACK_LEVEL, _MAX_PROFILES, _NEGATIVE_LIMITS]


def abilities_call(station: Station) -> tuple[str, dict[str, Any]]:
    """The CALL that asks for them."""
    return "GetConfiguration", {"key": _KEYS}


def read_abilities(response: dict[str, Any], station: Station) -> Abilities:
    """Understand GetConfiguration.conf; what is missing keeps its safe default."""
    values = {entry["key"]: entry.get("value") for entry in response.get("configurationKey", ())}
    discharges = is_true(values.get(_NEGATIVE_LIMITS))
    return Abilities(
        rate_unit=rate_unit_of((values.get(_RATE_UNIT) or "").split(","), watt="Power", ampere="Current"),
        max_periods=count_of(values.get(_MAX_PERIODS), at_least=1),
        max_stack_level=count_of(values.get(_MAX_STACK_LEVEL), at_least=0),
        max_profiles=count_of(values.get(_MAX_PROFILES), at_least=1),
        discharging_evses=frozenset(range(1, station.evse_count + 1)) if discharges else frozenset(),
    )
