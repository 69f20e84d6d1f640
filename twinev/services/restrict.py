"""A grid operator restricts stations, and takes a restriction back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twinev.domain.grid import Enforcement, Restriction
from twinev.domain.users import Role, User
from twinev.errors import BadInput, Conflict, Forbidden, NotFound
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

MAY_RESTRICT = frozenset({Role.GRID_OPERATOR, Role.ADMINISTRATOR})


@dataclass(frozen=True, kw_only=True)
class RestrictionOrder:
    """What a grid operator asks for: the sum of ``station_ids`` at most ``limit_kw`` within [start, end)."""

    station_ids: tuple[str, ...]
    limit_kw: float
    start: datetime
    end: datetime
    v2g: bool = False


def restrict(order: RestrictionOrder, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock) -> Restriction:
    """Keep the order as the desired state; planning and sending follow from its event.

    Raises
    ------
    Forbidden
        The user is neither a grid operator nor an administrator.
    BadInput
        A station that nobody knows, or a window that is over or empty.
    """
    require_may_restrict(user)
    restriction = draft_restriction(order, restriction_id=uuid.uuid4().hex, user=user, now=clock.now())
    with unit_of_work() as work:
        site_ids = sites_of(work, restriction.station_ids)
        work.restrictions.save(restriction)
        work.events.add("restriction.created", _event(restriction, site_ids))
        work.commit()
    return restriction


def revoke_restriction(
    restriction_id: str, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock
) -> Restriction:
    """End a restriction before its time; it stays in the history. Revoking it again changes nothing.

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
        restriction = work.restrictions.get(restriction_id)
        if restriction.revoked_at is not None:
            return restriction
        if restriction.end <= now:
            raise Conflict(f"restriction {restriction_id} ended at {restriction.end.isoformat()}: nothing to revoke")
        revoked = replace(restriction, revoked_at=now)
        work.restrictions.save(revoked)
        work.events.add("restriction.revoked", _event(revoked, sites_of(work, revoked.station_ids, removed_too=True)))
        work.commit()
    return revoked


def require_may_restrict(user: User) -> None:
    """Raise `Forbidden` unless the user may limit what stations draw."""
    if user.roles.isdisjoint(MAY_RESTRICT):
        roles = ", ".join(sorted(user.roles)) or "no role"
        raise Forbidden(f"{user.username} ({roles}) may not restrict stations; a grid operator or administrator may")


def draft_restriction(order: RestrictionOrder, *, restriction_id: str, user: User, now: datetime) -> Restriction:
    """Return the order as a restriction; a station named twice counts once."""
    if order.end <= now:
        raise BadInput("end", order.end.isoformat(), f"a time to come; it is {now.isoformat(timespec='seconds')}")
    return Restriction(
        id=restriction_id,
        station_ids=tuple(dict.fromkeys(order.station_ids)),
        limit_kw=order.limit_kw,
        start=order.start,
        end=order.end,
        v2g=order.v2g,
        created_by=user.username,
        created_at=now,
    )


def sites_of(work: UnitOfWork, station_ids: Sequence[str], *, removed_too: bool = False) -> list[str]:
    """Return the sites of the stations; an unknown station is named."""
    site_ids: set[str] = set()
    for place, station_id in enumerate(station_ids):
        try:
            station = work.stations.get(station_id)
            if station.removed_at is not None and not removed_too:
                raise NotFound("charging station", station_id)
            site_ids.add(station.site_id)
        except NotFound as error:
            raise BadInput(f"station_ids[{place}]", station_id, "the id of a station that is registered") from error
    return sorted(site_ids)


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


def _event(restriction: Restriction, site_ids: list[str]) -> dict[str, Any]:
    return {
        "site_id": site_ids[0],
        "site_ids": site_ids,
        "restriction_id": restriction.id,
        "station_ids": list(restriction.station_ids),
        "limit_kw": restriction.limit_kw,
        "start": restriction.start.isoformat(),
        "end": restriction.end.isoformat(),
        "created_by": restriction.created_by,
    }
