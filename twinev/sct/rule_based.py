"""The plan that always exists: slot by slot, the session with the least laxity first; no solver needed.

Laxity is the time that a session could still wait: what it could take until its target slot, minus what it needs, in
hours at full power. The plan keeps every hard limit; it is made before any solver runs and stands in for one that
finds nothing in time.
"""

from __future__ import annotations

import numpy as np

from twinev.sct.inputs import Inputs


def plan_by_rule(inputs: Inputs) -> np.ndarray:
    """Return the energy of a plan that keeps physics and group limits, shape (n_sessions, n_slots). [kWh]

    It never discharges, never adds to an excess over the import limit, and absorbs a surplus that may not be exported.
    """
    energy_kwh = np.zeros(inputs.shape)
    if not energy_kwh.size:
        return energy_kwh
    missing_kwh, room_kwh = inputs.need_kwh.copy(), inputs.room_kwh.copy()
    takeable_kwh = inputs.charge_limit_kwh * inputs.until_target
    still_takeable_kwh = takeable_kwh[:, ::-1].cumsum(axis=1)[:, ::-1]
    fastest_kwh = np.maximum(inputs.charge_limit_kwh.max(axis=1), 1e-9)
    for t in range(inputs.shape[1]):
        order = np.argsort((still_takeable_kwh[:, t] - missing_kwh) / fastest_kwh, kind="stable")
        wish_kwh = np.minimum(takeable_kwh[:, t], missing_kwh)
        headroom_kwh = inputs.ceiling_kwh[t] - inputs.base_kwh[t]
        slot_kwh = _ration(wish_kwh, order, headroom_kwh, inputs, t)
        surplus_kwh = min(inputs.lower_kwh[t] - inputs.base_kwh[t] - slot_kwh.sum(), headroom_kwh - slot_kwh.sum())
        if surplus_kwh > 0:
            spare_kwh = np.minimum(inputs.charge_limit_kwh[:, t], room_kwh)
            slot_kwh = _ration(spare_kwh, order, slot_kwh.sum() + surplus_kwh, inputs, t)
        energy_kwh[:, t] = slot_kwh
        missing_kwh = np.maximum(missing_kwh - slot_kwh, 0)
        room_kwh = np.maximum(room_kwh - slot_kwh, 0)
    return energy_kwh


def _ration(wish_kwh: np.ndarray, order: np.ndarray, site_kwh: float, inputs: Inputs, slot: int) -> np.ndarray:
    """Grant wishes in order until a group's or the site's energy is used up."""
    granted_kwh = wish_kwh
    for members, limit_kwh in zip(inputs.members, inputs.group_limit_kwh[:, slot], strict=True):
        within_kwh = _first_come(granted_kwh * members, order, limit_kwh)
        granted_kwh = np.where(members > 0, within_kwh, granted_kwh)
    return _first_come(granted_kwh, order, site_kwh)


def _first_come(wish_kwh: np.ndarray, order: np.ndarray, available_kwh: float) -> np.ndarray:
    in_order_kwh = wish_kwh[order]
    left_kwh = available_kwh - (np.cumsum(in_order_kwh) - in_order_kwh)
    granted_kwh = np.empty_like(wish_kwh)
    granted_kwh[order] = np.clip(left_kwh, 0, in_order_kwh)
    return granted_kwh
