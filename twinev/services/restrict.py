"""A grid operator restricts stations, changes the order, and takes it back.

Orders on overlapping sets of stations all hold: the tightest wins where they speak of the same stations, and each keeps
its own sum. Who did what and when is kept with each order.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twinev.domain.area import Area
from twinev.domain.grid import Enforcement, Restriction, RestrictionAct, RestrictionChange
from twinev.domain.users import Role, User
from twinev.errors import BadInput, Conflict, Forbidden
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.select_stations import Selection, select_stations

MAY_RESTRICT = frozenset({Role.GRID_OPERATOR, Role.ADMINISTRATOR})


@dataclass(frozen=True, kw_only=True)
class RestrictionOrder:
    """What a grid operator asks for: the sum of the selected stations at most ``limit_kw`` within [start, end).

    The stations are those named, those of ``site_ids``, or those in ``area``; one of the three. With ``v2g`` their EVs
    may give energy back within the window; without it they may not.
    """

    limit_kw: float
    start: datetime
    end: datetime
    v2g: bool = False
    station_ids: tuple[str, ...] = ()
    site_ids: tuple[str, ...] = ()
    area: Area | None = None

    @property
    def selection(self) -> Selection:
        return Selection(station_ids=self.station_ids, site_ids=self.site_ids, area=self.area)


def restrict(order: RestrictionOrder, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock) -> Restriction:
    """Keep the order as the desired state; planning and sending follow from its event.

    Raises
    ------
    Forbidden
        The user is neither a grid operator nor an administrator.
    BadInput
        A station that nobody knows, a selection without any, or a window that is over or empty.
    """
    require_may_restrict(user)
    now = clock.now()
    with unit_of_work() as work:
        restriction = draft_restriction(order, restriction_id=uuid.uuid4().hex, user=user, now=now, work=work)
        work.restrictions.save(restriction)
        _note(restriction, RestrictionAct.ORDERED, user, now, work)
        work.events.add("restriction.created", _event(restriction, sites_of(work, restriction.station_ids)))
        work.commit()
    return restriction


def change_restriction(
    restriction_id: str,
    *,
    limit_kw: float | None = None,
    end: datetime | None = None,
    v2g: bool | None = None,
    require_unchanged: Callable[[Restriction], None],
    user: User,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
) -> Restriction:
    """Change an order that is not over; what is None stays.

    Parameters
    ----------
    require_unchanged : Callable
        Raises when the order is not the one that the change was made from.

    Raises
    ------
    Forbidden, NotFound
        Who may not restrict; no such restriction.
    Conflict
        It is over or revoked.
    BadInput
        An end that has passed, or before the start.
    """
    require_may_restrict(user)
    now = clock.now()
    with unit_of_work() as work:
        restriction = work.restrictions.get_to_edit(restriction_id)
        require_unchanged(restriction)
        _require_open(restriction, now, "change")
        if end is not None and end <= now:
            raise BadInput("end", end.isoformat(), f"a time to come; it is {now.isoformat(timespec='seconds')}")
        given = {"limit_kw": limit_kw, "end": end, "v2g": v2g}
        changed = replace(restriction, **{key: value for key, value in given.items() if value is not None})
        if changed == restriction:
            return restriction
        work.restrictions.save(changed)
        _note(changed, RestrictionAct.CHANGED, user, now, work)
        site_ids = sites_of(work, changed.station_ids, removed_too=True)
        work.events.add("restriction.changed", _event(changed, site_ids) | {"changed_by": user.username})
        work.commit()
    return changed


def revoke_restriction(
    restriction_id: str,
    *,
    require_unchanged: Callable[[Restriction], None],
    user: User,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
) -> Restriction:
    """End a restriction before its time; it stays in the history. Revoking it again changes nothing.

    Parameters
    ----------
    require_unchanged : Callable
        Raises when the order is not the one that was to be revoked.

    Raises
    ------
    Forbidden
        The user is neither a grid operator nor an administrator.
    NotFound
        No restriction has that id.
    Conflict
        It is over already.
    """
    require_may_restrict(user)
    now = clock.now()
    with unit_of_work() as work:
        restriction = work.restrictions.get_to_edit(restriction_id)
        if restriction.revoked_at is not None:
            return restriction
        require_unchanged(restriction)
        _require_open(restriction, now, "revoke")
        revoked = replace(restriction, revoked_at=now)
        work.restrictions.save(revoked)
        _note(revoked, RestrictionAct.REVOKED, user, now, work)
        work.events.add("restriction.revoked", _event(revoked, sites_of(work, revoked.station_ids, removed_too=True)))
        work.commit()
    return revoked


def require_may_restrict(user: User) -> None:
    """Raise `Forbidden` unless the user may limit what stations draw."""
    if user.roles.isdisjoint(MAY_RESTRICT):
        roles = ", ".join(sorted(user.roles)) or "no role"
        raise Forbidden(f"{user.username} ({roles}) may not restrict stations; a grid operator or administrator may")


def draft_restriction(
    order: RestrictionOrder, *, restriction_id: str, user: User, now: datetime, work: UnitOfWork
) -> Restriction:
    """Return the order as a restriction of the stations that it means now."""
    if order.end <= now:
        raise BadInput("end", order.end.isoformat(), f"a time to come; it is {now.isoformat(timespec='seconds')}")
    return Restriction(
        id=restriction_id,
        station_ids=select_stations(order.selection, work=work),
        limit_kw=order.limit_kw,
        start=order.start,
        end=order.end,
        v2g=order.v2g,
        created_by=user.username,
        created_at=now,
        site_ids=order.site_ids,
        area=order.area,
    )


def sites_of(work: UnitOfWork, station_ids: Sequence[str], *, removed_too: bool = False) -> list[str]:
    """Return the sites of the stations; one that was removed has none unless ``removed_too``."""
    found = work.stations.named(station_ids).values()
    return sorted({station.site_id for station in found if removed_too or station.removed_at is None})


def current_state(restriction: Restriction, kept: dict[str, Any] | None, now: datetime) -> Enforcement:
    """The state to show: what time and revocation alone decide needs no record."""
    if restriction.revoked_at is not None:
        return Enforcement.REVOKED
    if now >= restriction.end:
        return Enforcement.ENDED
    if now < restriction.start:
        return Enforcement.SCHEDULED
    state = Enforcement(kept["state"]) if kept and "state" in kept else Enforcement.PENDING
    return Enforcement.PENDING if state is Enforcement.SCHEDULED else state


def _require_open(restriction: Restriction, now: datetime, verb: str) -> None:
    ended = restriction.revoked_at or (restriction.end if restriction.end <= now else None)
    if ended is not None:
        how = "was revoked" if restriction.revoked_at else "ended"
        raise Conflict(f"restriction {restriction.id} {how} at {ended.isoformat()}: nothing to {verb}")


def _note(restriction: Restriction, act: RestrictionAct, user: User, now: datetime, work: UnitOfWork) -> None:
    work.restrictions.note(
        RestrictionChange(
            restriction_id=restriction.id,
            at=now,
            by=user.username,
            act=act,
            limit_kw=restriction.limit_kw,
            end=restriction.end,
            v2g=restriction.v2g,
        )
    )


def _event(restriction: Restriction, site_ids: list[str]) -> dict[str, Any]:
    return {
        "site_id": site_ids[0],
        "site_ids": site_ids,
        "restriction_id": restriction.id,
        "station_ids": list(restriction.station_ids),
        "limit_kw": restriction.limit_kw,
        "start": restriction.start.isoformat(),
        "end": restriction.end.isoformat(),
        "v2g": restriction.v2g,
        "created_by": restriction.created_by,
    }
