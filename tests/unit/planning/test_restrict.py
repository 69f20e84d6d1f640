"""Who may restrict, what an order must say, and what is left of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from twinev.domain.grid import Enforcement
from twinev.domain.users import Role
from twinev.errors import BadInput, Conflict, Forbidden, NotFound
from twinev.services.restrict import RestrictionOrder, current_state, restrict, revoke_restriction


def order_of(make, **changes):
    values = {
        "station_ids": ("A", "B", "A"),
        "limit_kw": 5.0,
        "start": make.NOW,
        "end": make.NOW + timedelta(hours=1),
    } | changes
    return RestrictionOrder(**values)


def restrict_as(make, memory, *roles, **changes):
    user = make.user(*roles)
    return restrict(order_of(make, **changes), user=user, unit_of_work=memory.unit_of_work, clock=make.clock())


def revoke_as_read(restriction_id, memory, **others):
    """Revoke an order that nobody changed since it was read."""
    return revoke_restriction(
        restriction_id, require_unchanged=lambda _order: None, unit_of_work=memory.unit_of_work, **others
    )


@pytest.mark.parametrize("role", [Role.GRID_OPERATOR, Role.ADMINISTRATOR])
def test_grid_operators_and_administrators_may_restrict(make, memory, role):
    restriction = restrict_as(make, memory, role)

    assert memory.restrictions[restriction.id].station_ids == ("A", "B")
    (event,) = memory.events_of("restriction.created")
    assert event["site_id"] == "site"
    assert event["restriction_id"] == restriction.id


@pytest.mark.parametrize(
    "roles", [(Role.DRIVER,), (Role.CHARGE_POINT_OPERATOR,), (Role.DRIVER, Role.CHARGE_POINT_OPERATOR), ()]
)
def test_nobody_else_may(make, memory, roles):
    with pytest.raises(Forbidden):
        restrict_as(make, memory, *roles)

    assert not memory.restrictions
    assert not memory.events


@pytest.mark.parametrize("roles", [(Role.DRIVER,), (Role.CHARGE_POINT_OPERATOR,), ()])
def test_nobody_else_may_revoke(make, memory, roles):
    memory.add(make.restriction("A"))

    with pytest.raises(Forbidden):
        revoke_as_read("restriction", memory, user=make.user(*roles), clock=make.clock())

    assert memory.restrictions["restriction"].revoked_at is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"station_ids": ("A", "nobody")}, "station_ids[1]"),
        ({"end": -1}, "end"),
        ({"start": 2, "end": 1}, "end"),
        ({"limit_kw": -1.0}, "limit_kw"),
        ({"station_ids": ()}, "station_ids"),
    ],
    ids=["unknown station", "over already", "ends before it begins", "negative", "no station"],
)
def test_order_that_cannot_be_is_refused_by_name(make, memory, changes, key):
    changes = {
        name: make.NOW + timedelta(hours=value) if name in ("start", "end") else value
        for name, value in changes.items()
    }

    with pytest.raises(BadInput) as refusal:
        restrict_as(make, memory, Role.GRID_OPERATOR, **changes)

    assert refusal.value.key == key
    assert not memory.restrictions


def test_revoking_keeps_the_restriction_in_the_history(make, memory):
    memory.add(make.restriction("A"))
    operator, clock = make.user(Role.GRID_OPERATOR), make.clock()

    for _ in range(2):
        revoke_as_read("restriction", memory, user=operator, clock=clock)

    assert memory.restrictions["restriction"].revoked_at == make.NOW
    assert len(memory.events_of("restriction.revoked")) == 1


def test_revoking_what_is_over_or_unknown_is_an_error(make, memory):
    memory.add(make.restriction("A"))
    operator, clock = make.user(Role.GRID_OPERATOR), make.clock()
    clock.advance(hours=3)

    with pytest.raises(Conflict):
        revoke_as_read("restriction", memory, user=operator, clock=clock)
    with pytest.raises(NotFound):
        revoke_as_read("none", memory, user=operator, clock=clock)


@pytest.mark.parametrize(
    ("hours", "kept", "state"),
    [
        (-1, None, Enforcement.SCHEDULED),
        (0.5, None, Enforcement.PENDING),
        (0.5, {"state": "scheduled"}, Enforcement.PENDING),
        (0.5, {"state": "enforced"}, Enforcement.ENFORCED),
        (3, {"state": "enforced"}, Enforcement.ENDED),
    ],
)
def test_state_shown_follows_the_clock_and_the_record(make, hours, kept, state):
    restriction = make.restriction("A")

    assert current_state(restriction, kept, make.NOW + timedelta(hours=hours)) is state
