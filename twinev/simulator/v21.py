"""OCPP 2.1 as a charging station speaks it: 2.0.1's messages, but for an EV that can discharge, which says so."""

from __future__ import annotations

from datetime import datetime

from ocpp.v21 import call, datatypes

from twinev.simulator.dialect import Request, to_request
from twinev.simulator.ev import MIN_CURRENT_A, VOLTAGE_V, Ev
from twinev.simulator.memory import PluggedEv
from twinev.simulator.meter import timestamp
from twinev.simulator.v201 import V201


class V21(V201):
    """`twinev.simulator.dialect.Dialect` for OCPP 2.1."""

    version = "2.1"
    subprotocol = "ocpp2.1"

    def needs(self, evse_id: int, plugged: PluggedEv, departs_at: datetime) -> Request:
        """NotifyEVChargingNeeds; with v2xChargingParameters from an EV that can discharge (Q01)."""
        ev = plugged.visit.ev
        if ev.max_discharge_kw <= 0:
            return super().needs(evse_id, plugged, departs_at)
        return to_request(
            call.NotifyEVChargingNeeds(
                evse_id=evse_id,
                charging_needs=datatypes.ChargingNeedsType(
                    requested_energy_transfer="AC_BPT",
                    departure_time=timestamp(departs_at),
                    v2x_charging_parameters=_bidirectional(ev, plugged),
                ),
            )
        )


def _bidirectional(ev: Ev, plugged: PluggedEv) -> datatypes.V2XChargingParametersType:
    least_w = MIN_CURRENT_A * VOLTAGE_V * ev.phases
    return datatypes.V2XChargingParametersType(
        min_charge_power=least_w,
        max_charge_power=round(ev.max_kw * 1000, 1),
        min_discharge_power=least_w,
        max_discharge_power=round(ev.max_discharge_kw * 1000, 1),
        ev_target_energy_request=round(plugged.wanted_kwh * 1000, 1),
        # How far it may be charged and discharged from where it is.
        ev_max_energy_request=round((ev.battery_kwh - plugged.state.battery_energy_kwh) * 1000, 1),
        ev_min_energy_request=round(-plugged.state.available_kwh * 1000, 1),
    )
