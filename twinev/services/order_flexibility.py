"""A DSO orders flexibility of a site, and takes an order back.

Orders come over REST and from other modules over NATS; both are kept here, and what holds is the series
``flexibility_kw`` of the site, from which it is planned.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from twinev.domain.charge_points import Site
from twinev.domain.flexibility import FlexibilityOrder
from twinev.domain.users import User
from twinev.errors import BadInput, Conflict
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.put_series import put_series
from twinev.services.restrict import require_may_restrict


def order_flexibility(
    *,
    site_id: str,
    start: datetime,
    step_minutes: int,
    values_kw: tuple[float, ...],
    user: User,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
) -> FlexibilityOrder:
    """Keep the order and have the site planned by it.

    Raises
    ------
    Forbidden
        The user is neither a grid operator nor an administrator.
    NotFound
        No site has that id.
    BadInput
        It is over already, or moves the limit by more than itself.
    """
    require_may_restrict(user)
    now = clock.now()
    order = FlexibilityOrder(
        id=uuid.uuid4().hex,
        site_id=site_id,
        start=start,
        step_minutes=step_minutes,
        values_kw=values_kw,
        ordered_by=user.username,
        ordered_at=now,
    )
    if order.end <= now:
        told = now.isoformat(timespec="seconds")
        raise BadInput("start", start.isoformat(), f"values that end after now; it is {told}")
    with unit_of_work() as work:
        require_within_supply(values_kw, work.sites.get(site_id), key="values_kw")
        keep_flexibility_order(order, work=work, source=user.username, message_id=order.id)
        work.commit()
    return order


def keep_flexibility_order(order: FlexibilityOrder, *, work: UnitOfWork, **said_by: Any) -> None:
    """Keep an order that was found good; the caller commits. ``said_by`` as in `put_series`."""
    work.flexibility_orders.save(order)
    put_series(order.series, work=work, **said_by)


def revoke_flexibility_order(
    order_id: str, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock
) -> FlexibilityOrder:
    """Take an order back: what the others ask for holds again. Revoking it again changes nothing.

    Raises
    ------
    Forbidden, NotFound
        Who may not order; no such order.
    Conflict
        It is over.
    """
    require_may_restrict(user)
    now = clock.now()
    with unit_of_work() as work:
        order = work.flexibility_orders.get_to_edit(order_id)
        if order.revoked_at is not None:
            return order
        if order.end <= now:
            raise Conflict(f"flexibility order {order_id} ended at {order.end.isoformat()}: nothing to revoke")
        revoked = replace(order, revoked_by=user.username, revoked_at=now)
        work.flexibility_orders.save(revoked)
        put_series(
            replace(order.series, values=(0.0,) * len(order.values_kw)),
            work=work,
            source=user.username,
            message_id=order_id,
        )
        for other in work.flexibility_orders.open(order.site_id, now):
            work.series.put(other.series)
        work.commit()
    return revoked


def require_within_supply(values_kw: tuple[float, ...], site: Site, *, key: str) -> None:
    """Raise `BadInput` for an offset that is larger than the import limit which it moves."""
    for place, value in enumerate(values_kw):
        if abs(value) > site.supply_max_kw:
            highest = f"a power of at most {site.supply_max_kw:g} kW at site {site.id}"
            raise BadInput(f"{key}[{place}]", value, f"{highest}: an order moves the import limit by at most itself")
