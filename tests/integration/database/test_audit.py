"""The audit log on both databases: in the change's own transaction, without secrets, and only ever longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from twinev.adapters.database.accounts import DatabaseAccounts
from twinev.domain.audit import Actor
from twinev.domain.login import Account
from twinev.domain.users import Role, User
from twinev.services.ports.audit import AuditFilter, acting

OLGA = Actor(
    user_id="u1",
    username="olga",
    roles=("charge_point_operator",),
    app="night-shift/2",
    action="PUT /api/v1/sites/{site_id}",
    subject="sites/s",
)


@contextmanager
def on_behalf_of(actor: Actor) -> Iterator[None]:
    token = acting.set(lambda: actor)
    try:
        yield
    finally:
        acting.reset(token)


@pytest.fixture
def entries(fleet) -> Callable:
    def read(**wanted):
        with fleet.reading() as work:
            return work.audit.list(AuditFilter(**wanted), limit=100)

    return read


def change_supply(fleet, supply_max_kw: float, *, actor: Actor = OLGA, commit: bool = True) -> None:
    with on_behalf_of(actor), fleet.unit_of_work() as work:
        work.sites.save(replace(work.sites.get("s"), supply_max_kw=supply_max_kw))
        if commit:
            work.commit()


def test_audit_tells_who_changed_what_from_what_to_what(fleet, entries, clock):
    change_supply(fleet, 60)

    (entry,) = entries()
    assert entry.actor == OLGA
    assert entry.at == clock.now()
    (change,) = entry.changes
    assert (change.record, change.kind) == ("sites/s", "changed")
    assert (change.before, change.after) == ({"supply_max_kw": 50.0}, {"supply_max_kw": 60})


def test_audit_of_what_is_rolled_back_is_rolled_back_too(fleet, entries):
    change_supply(fleet, 60, commit=False)

    assert entries() == []


def test_audit_has_nothing_of_what_the_platform_does_by_itself(fleet, entries):
    with fleet.unit_of_work() as work:
        work.stations.set_last_seen("A", work.audit._clock.now())
        work.commit()

    assert entries() == []


def test_audit_has_nothing_of_bookkeeping_alone(fleet, entries, clock):
    with on_behalf_of(OLGA), fleet.unit_of_work() as work:
        work.idempotency.claim("u1", "k", b"hash", clock.now())
        work.commit()

    assert entries() == []


def test_audit_tells_updates_and_removals_by_condition(fleet, entries, clock):
    with on_behalf_of(OLGA), fleet.unit_of_work() as work:
        number = work.stations.add_pending_key("A", b"a key's hash", clock.now())
        work.commit()
    with on_behalf_of(OLGA), fleet.unit_of_work() as work:
        work.stations.set_last_seen("A", clock.now())
        work.stations.forget_pending_key("A", number)
        work.commit()

    removal, adding = entries()
    assert [change.kind for change in adding.changes] == ["made"]
    assert [(change.record, change.kind) for change in removal.changes] == [
        ("stations/A", "changed"),
        (f"pending_station_keys/{number}", "removed"),
    ]
    assert removal.changes[0].after == {"last_seen": clock.now().isoformat()}


def test_audit_keeps_no_secret(fleet, entries):
    with on_behalf_of(OLGA), fleet.unit_of_work() as work:
        work.stations.set_key_hmac("A", b"the hash of a key")
        work.commit()
    accounts = DatabaseAccounts(engine=fleet._engine)
    with on_behalf_of(OLGA):
        user = User(id="u2", username="piet", roles=frozenset({Role.DRIVER}))
        accounts.add(Account(user=user, password_hash="$argon2$what nobody may read"))

    account, station = entries()
    assert station.changes[0].after == {"key_hmac": "(hidden)"}
    assert account.changes[0].after["password_hash"] == "(hidden)"
    assert account.changes[0].after["username"] == "piet"


def test_audit_note_goes_into_the_same_entry(fleet, entries):
    with on_behalf_of(OLGA), fleet.unit_of_work() as work:
        work.audit.note("keycloak/users/7", before={"enabled": True}, after={"enabled": False})
        work.commit()

    (entry,) = entries()
    assert entry.changes[0].record == "keycloak/users/7"


def test_audit_of_many_rows_is_short(fleet, entries):
    with on_behalf_of(OLGA), fleet.unit_of_work() as work:
        for n in range(200):
            work.tokens.save(f"card {n}", "Accepted")
        work.commit()

    (entry,) = entries()
    assert len(entry.changes) == 51
    assert entry.changes[-1].record == "and 150 more"


def test_audit_is_found_by_person_subject_action_and_time(fleet, entries, clock):
    piet = replace(OLGA, username="piet", subject="sites/s/extra")
    neighbour = replace(OLGA, subject="sites/square", action="PATCH /api/v1/sites/{site_id}")
    change_supply(fleet, 60)
    later = clock.advance(hours=1)
    change_supply(fleet, 70, actor=piet)
    change_supply(fleet, 80, actor=neighbour)

    def numbers(**wanted):
        return [entry.number for entry in entries(**wanted)]

    assert numbers() == [3, 2, 1]
    assert numbers(username="piet") == [2]
    assert numbers(subject="sites/s") == [2, 1]
    assert numbers(action="PATCH /api/v1/sites/{site_id}") == [3]
    assert numbers(since=later) == [3, 2]
    assert numbers(until=later) == [1]


def test_audit_pages_go_on_where_they_stopped(fleet):
    for kw in (60, 70, 80):
        change_supply(fleet, kw)

    with fleet.reading() as work:
        first = work.audit.list(AuditFilter(), limit=2)
        second = work.audit.list(AuditFilter(), limit=2, before=first[-1].number)
    assert [entry.number for entry in (*first, *second)] == [3, 2, 1]


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET username = 'nobody'", "DELETE FROM audit_entries"])
def test_audit_refuses_to_be_changed_by_anybody(fleet, entries, statement):
    change_supply(fleet, 60)

    with pytest.raises(DatabaseError, match="the audit log can only grow"), fleet._engine.begin() as connection:
        connection.execute(text(statement))

    assert [entry.actor.username for entry in entries()] == ["olga"]
