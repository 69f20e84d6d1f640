"""Money: Eq. (1), and what a site may pay or earn beside it.

cost = Σ_t price·imported − export price·exported + Σ wear·discharged + demand charge · highest import
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.equations import Model
from twinev.sct.inputs import Inputs
from twinev.sct.switch import Switch


def cost_of_energy(model: Model, sessions: np.ndarray) -> Aim:
    """The site's cost of energy if of all EVs only these charged. [€]

    Parameters
    ----------
    sessions : (n_sessions,) of bool
        Whose energy counts.
    """
    flow_kwh = flow_with(model, sessions)
    aim = cost_of_flow(flow_kwh, model.inputs, sessions)
    return aim.plus(_wear(model, sessions)).plus(_demand_charge(flow_kwh, model.inputs, sessions))


def cost_of_flow(
    flow_kwh: cp.Expression,
    inputs: Inputs,
    sessions: np.ndarray,
    price: np.ndarray | None = None,
    export_price: np.ndarray | None = None,
) -> Aim:
    """Eq. (1): Σ price · imported − export price · exported, for the flow through the supply point. [€]

    Import is the positive part of the net flow, so the cost of a slot is export price · flow + (price − export price)
    · import. Where the flow's sign is certain that is linear; where price ≥ export price minimising makes import what
    it is; only a price below the export price on a flow of uncertain sign needs the binary of Eq. (12), without which
    import could be claimed that never flows.

    Parameters
    ----------
    price, export_price : (n_slots,), optional
        In place of the site's own. [€/kWh]
    """
    price = inputs.price_eur_per_kwh if price is None else price
    export_price = inputs.export_price_eur_per_kwh if export_price is None else export_price
    least_kwh, most_kwh = _flow_range(inputs, sessions)
    linear = np.where(least_kwh >= 0, price, export_price)
    open_sign = (price != export_price) & (least_kwh < 0) & (most_kwh > 0)
    convex, concave = (
        np.flatnonzero(open_sign & (price > export_price)),
        np.flatnonzero(open_sign & (price < export_price)),
    )
    aim = Aim(value=linear @ flow_kwh)
    if convex.size:
        imported_kwh = cp.Variable(convex.size, nonneg=True)
        extra = (price - export_price)[convex] @ imported_kwh
        aim = aim.plus(Aim(value=extra, constraints=[imported_kwh >= flow_kwh[convex]]))
    if concave.size:
        extra = (price - export_price)[concave]
        aim = aim.plus(_import_or_export(flow_kwh[concave], extra, least_kwh[concave], most_kwh[concave]))
    return aim


def flow_with(model: Model, sessions: np.ndarray) -> cp.Expression:
    """The flow through the supply point if of all EVs only these charged, (n_slots,). [kWh]"""
    if sessions.all():
        return model.row_flow_kwh[0]
    return model.inputs.base_kwh + sessions.astype(float) @ model.energy.net_kwh


def _import_or_export(flow_kwh: cp.Expression, price: np.ndarray, least_kwh: np.ndarray, most_kwh: np.ndarray) -> Aim:
    """Eq. (9), (12), (14): the supply point imports or exports, never both; with the tightest constants."""
    importing = Switch.make(flow_kwh.shape, suggest=lambda: flow_kwh.value > 0)
    imported_kwh, exported_kwh = (cp.Variable(flow_kwh.shape, nonneg=True) for _ in range(2))
    constraints = [
        imported_kwh - exported_kwh == flow_kwh,
        imported_kwh <= cp.multiply(most_kwh, importing.relaxed),
        exported_kwh <= cp.multiply(-least_kwh, 1 - importing.relaxed),
    ]
    return Aim(value=price @ imported_kwh, constraints=constraints, switches=[importing])


def _wear(model: Model, sessions: np.ndarray) -> Aim:
    """Ours: the battery's wear, per kWh given back. [€]"""
    givers = np.flatnonzero(model.inputs.discharging)
    wear = (model.inputs.wear_eur_per_kwh * sessions)[givers]
    if not wear.any():
        return Aim(value=cp.Constant(0.0))
    return Aim(value=wear @ cp.sum(model.energy.discharge_kwh, axis=1))


def _demand_charge(flow_kwh: cp.Expression, inputs: Inputs, sessions: np.ndarray) -> Aim:
    """Ours: the charge on the highest import. [€]"""
    slots = np.flatnonzero(_flow_range(inputs, sessions)[1] > 0)
    if not inputs.demand_charge_eur_per_kw or not slots.size:
        return Aim(value=cp.Constant(0.0))
    peak_kw = cp.Variable(nonneg=True)
    reached = [peak_kw >= cp.multiply(1 / inputs.hours[slots], flow_kwh[slots])]
    return Aim(value=inputs.demand_charge_eur_per_kw * peak_kw, constraints=reached)


def _flow_range(inputs: Inputs, sessions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and most flow if every EV discharges, charges at its limit, (n_slots,) each. [kWh]"""
    least_kwh = inputs.base_kwh - inputs.discharge_limit_kwh[sessions].sum(axis=0)
    return least_kwh, inputs.base_kwh + inputs.charge_limit_kwh[sessions].sum(axis=0)
