"""OCPP 2.1: NotifyEVChargingNeeds, which also knows EVs that discharge, and needs that were heard while offline."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import Step
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.adapters.ocpp.mapping.v201.charging_needs import read_charging_needs as read_as_in_201


def read_charging_needs(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    # Heard at ``timestamp``, which a station adds that was offline then.
    heard_at = read_time(payload["timestamp"]) if "timestamp" in payload else now
    step = read_as_in_201(station, payload, heard_at)
    bidirectional = payload["chargingNeeds"].get("v2xChargingParameters")
    if bidirectional is None:
        return step
    fact = step.fact
    energy_kwh, max_kw = _energy_kwh(bidirectional), _max_charge_kw(bidirectional)
    return replace(
        step,
        fact=replace(
            fact,
            energy_kwh=fact.energy_kwh if energy_kwh is None else energy_kwh,
            max_kw=fact.max_kw if max_kw is None else max_kw,
            max_discharge_kw=_max_discharge_kw(bidirectional),
        ),
    )


def _energy_kwh(bidirectional: dict[str, Any]) -> float | None:
    energy_wh = bidirectional.get("evTargetEnergyRequest")
    # Negative: the battery holds more than its target already.
    return None if energy_wh is None else max(energy_wh, 0) / 1000


def _max_charge_kw(bidirectional: dict[str, Any]) -> float | None:
    return _sum_kw(bidirectional, "maxChargePower")


def _max_discharge_kw(bidirectional: dict[str, Any]) -> float | None:
    """As a magnitude: some EVs tell it as a negative power."""
    power_kw = _sum_kw(bidirectional, "maxDischargePower")
    return None if power_kw is None else abs(power_kw)


def _sum_kw(bidirectional: dict[str, Any], name: str) -> float | None:
    """The sum of the phases, or phase L1 where L2 and L3 have values of their own (V2XChargingParametersType)."""
    watts = [bidirectional.get(f"{name}{phase}") for phase in ("", "_L2", "_L3")]
    return None if watts[0] is None else sum(watt or 0 for watt in watts) / 1000
