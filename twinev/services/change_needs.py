"""Changes what the driver of a running session asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twinev.domain.charge_order import BatteryState, ChargeOrder
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds
from twinev.errors import BadInput, Conflict
from twinev.services.ports.unit_of_work import UnitOfWork


def change_needs(session_id: str, changes: Mapping[str, Any], *, work: UnitOfWork) -> ChargingSession:
    """Replace the named fields of the session's `ChargingNeeds`, and have its site planned again; the caller commits.

    Raises
    ------
    NotFound, Conflict, BadInput
        No such session, it has ended, or a value cannot be used.
    """
    session = work.sessions.get(session_id)
    if not session.active:
        raise Conflict(f"session {session_id} ended at {session.ended_at.isoformat()}")
    changed = replace(session, needs=replace(session.needs, **changes))
    order = work.charge_orders.of_session(session_id)
    if order is not None:
        work.charge_orders.save(_changed_order(order, changed.needs))
    work.sessions.save(changed)
    named = {
        "site_id": session.site_id,
        "station_id": session.station_id,
        "evse_id": session.evse_id,
        "session_id": session.id,
    }
    work.events.add("session.needs", named)
    return changed


def _changed_order(order: ChargeOrder, needs: ChargingNeeds) -> ChargeOrder:
    """The order follows: by it the session is stopped, and it goes before what the EV tells."""
    if order.stop_at is not None and needs.departure_at is not None and needs.departure_at > order.stop_at:
        raise BadInput(
            "departure_at", needs.departure_at.isoformat(), f"until {order.stop_at.isoformat()}, as reserved"
        )
    battery = order.battery
    if battery is not None and needs.energy_kwh is not None and needs.energy_kwh != order.needs.energy_kwh:
        battery = BatteryState(
            battery_kwh=battery.battery_kwh, soc=battery.soc, target_soc=battery.soc_after(needs.energy_kwh)
        )
    return replace(order, needs=needs, battery=battery)
