"""The plan that always exists: slot by slot, the session with the least laxity first; no solver needed.

Laxity is the time that a session could still wait: what it could take until its target slot, minus what it needs, in
hours at full power. A session of higher priority goes before one of lower. The plan keeps every hard limit; it is made
before any solver runs and stands in for one that finds nothing in time.
"""

from __future__ import annotations

import numpy as np

from twinev.sct.inputs import Inputs

LEAST_KWH = 1e-9


def plan_by_rule(inputs: Inputs) -> np.ndarray:
    """Return the energy of a plan that keeps physics and group limits, shape (n_sessions, n_slots). [kWh]

    It never discharges, never adds to an excess over an import limit, and absorbs a surplus that may not be exported.
    """
    energy_kwh = np.zeros(inputs.shape)
    if not energy_kwh.size:
        return energy_kwh
    missing_kwh = inputs.need_kwh / inputs.charge_efficiency
    room_kwh = inputs.room_kwh / inputs.charge_efficiency
    takeable_kwh = inputs.charge_limit_kwh * inputs.until_target
    still_takeable_kwh = takeable_kwh[:, ::-1].cumsum(axis=1)[:, ::-1]
    fastest_kwh = np.maximum(inputs.charge_limit_kwh.max(axis=1), LEAST_KWH)
    limits_kwh = inputs.row_ceiling_kwh - inputs.row_base_kwh
    for t in range(inputs.shape[1]):
        laxity = (still_takeable_kwh[:, t] - missing_kwh) / fastest_kwh
        order = np.lexsort((laxity, -inputs.priority))
        least_kwh = inputs.least_charge_kwh[:, t]
        wish_kwh = np.where(missing_kwh > LEAST_KWH, np.maximum(missing_kwh, least_kwh), 0.0)
        wish_kwh = np.minimum(np.minimum(wish_kwh, takeable_kwh[:, t]), room_kwh)
        slot_kwh = _ration(wish_kwh, order, limits_kwh[:, t], inputs, t)
        surplus_kwh = inputs.row_lower_kwh[0, t] - inputs.base_kwh[t] - slot_kwh.sum()
        if surplus_kwh > 0:
            spare_kwh = np.minimum(inputs.charge_limit_kwh[:, t], room_kwh)
            site_kwh = min(slot_kwh.sum() + surplus_kwh, limits_kwh[0, t])
            slot_kwh = _ration(spare_kwh, order, np.array([site_kwh, *limits_kwh[1:, t]]), inputs, t)
        energy_kwh[:, t] = slot_kwh
        missing_kwh = np.maximum(missing_kwh - slot_kwh, 0)
        room_kwh = np.maximum(room_kwh - slot_kwh, 0)
    return energy_kwh


def _ration(wish_kwh: np.ndarray, order: np.ndarray, row_kwh: np.ndarray, inputs: Inputs, slot: int) -> np.ndarray:
    """Grant wishes in order until a group's, a phase's or the site's energy is used up; too little to start is none."""
    granted_kwh = wish_kwh
    weights = np.vstack([inputs.members, inputs.share])
    limits_kwh = np.concatenate([inputs.group_limit_kwh[:, slot], row_kwh])
    for weight, limit_kwh in zip(weights, limits_kwh, strict=True):
        granted_kwh = np.where(weight > 0, _first_come(granted_kwh, weight, order, limit_kwh), granted_kwh)
    return np.where(granted_kwh >= inputs.least_charge_kwh[:, slot], granted_kwh, 0.0)


def _first_come(wish_kwh: np.ndarray, weight: np.ndarray, order: np.ndarray, available_kwh: float) -> np.ndarray:
    drawn_kwh = (wish_kwh * weight)[order]
    left_kwh = available_kwh - (np.cumsum(drawn_kwh) - drawn_kwh)
    granted_kwh = np.empty_like(wish_kwh)
    granted_kwh[order] = np.clip(left_kwh, 0, drawn_kwh) / np.where(weight > 0, weight, 1)[order]
    return granted_kwh
