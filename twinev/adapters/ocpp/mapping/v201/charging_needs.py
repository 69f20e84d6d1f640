"""OCPP 2.0.1: NotifyEVChargingNeeds, what the EV asks for over ISO 15118."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import Step, Tell, UnusablePayload
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.domain.facts import ChargingNeedsNotified

_AC_PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}


def read_charging_needs(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    evse_id = int(payload["evseId"])
    if evse_id < 1:
        raise UnusablePayload(f"evseId: {evse_id} is not usable; allowed: at least 1")
    needs = payload["chargingNeeds"]
    departure = needs.get("departureTime")
    fact = ChargingNeedsNotified(
        evse_id=evse_id,
        timestamp=now,
        energy_kwh=_energy_kwh(needs),
        departure_at=None if departure is None else read_time(departure),
        max_kw=_max_kw(needs, station),
    )
    return Tell(
        fact=fact,
        key=(evse_id, now.isoformat()),
        payload={"status": "Accepted"},
        subject=("ChargingNeeds", evse_id),
    )


def _energy_kwh(needs: dict[str, Any]) -> float | None:
    energy_wh = needs.get("acChargingParameters", {}).get("energyAmount")
    if energy_wh is None:
        energy_wh = needs.get("dcChargingParameters", {}).get("energyAmount")
    return None if energy_wh is None else energy_wh / 1000


def _max_kw(needs: dict[str, Any], station: Station) -> float | None:
    ac, dc = needs.get("acChargingParameters"), needs.get("dcChargingParameters")
    if ac is not None:
        # Its voltage may be the one between phases: the station's own phase voltage is sure.
        phases = min(_AC_PHASES.get(needs["requestedEnergyTransfer"], station.phases), station.phases)
        return ac["evMaxCurrent"] * station.voltage_v * phases / 1000
    if dc is not None:
        return dc.get("evMaxPower", dc["evMaxCurrent"] * dc["evMaxVoltage"]) / 1000
    return None
