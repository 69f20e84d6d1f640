"""Accounts, login sessions and tickets on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from twinev.adapters.database.accounts import DatabaseAccounts
from twinev.adapters.database.engine import open_engine
from twinev.domain.login import Account, EndReason, LoginSession, SessionKind
from twinev.domain.users import Role, User
from twinev.errors import Conflict, NotFound

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
OLGA = Account(
    user=User(id="1", username="Olga", display_name="Olga O.", roles=frozenset({Role.DRIVER, Role.GRID_OPERATOR})),
    password_hash="hash",
)
SESSION = LoginSession(
    id="s",
    user_id="1",
    kind=SessionKind.BROWSER,
    secret_hash="secret hash",
    created_at=NOW,
    expires_at=NOW + timedelta(hours=12),
)


@pytest.fixture
def accounts(url: str) -> Iterator[DatabaseAccounts]:
    engine = open_engine(url)
    accounts = DatabaseAccounts(engine=engine)
    accounts.add(OLGA)
    accounts.open_session(SESSION)
    yield accounts
    engine.dispose()


def test_account_comes_back_as_it_was(accounts: DatabaseAccounts) -> None:
    assert accounts.by_id("1") == OLGA
    assert accounts.by_username("oLGa") == OLGA
    assert accounts.list() == [OLGA]
    assert accounts.by_username("nobody") is None
    with pytest.raises(NotFound):
        accounts.by_id("nobody")


def test_account_without_password_or_roles_is_kept(accounts: DatabaseAccounts) -> None:
    bare = Account(user=User(id="2", username="bare", roles=frozenset()))

    accounts.add(bare)

    assert accounts.by_id("2") == bare


def test_taken_username_adds_none_of_several(accounts: DatabaseAccounts) -> None:
    new = replace(OLGA, user=replace(OLGA.user, id="2", username="new"))
    taken = replace(OLGA, user=replace(OLGA.user, id="3", username="OLGA"))

    with pytest.raises(Conflict, match="taken"):
        accounts.add(new, taken)

    assert accounts.list() == [OLGA]


def test_session_is_found_by_id_and_by_secret(accounts: DatabaseAccounts) -> None:
    assert accounts.session("s") == (SESSION, OLGA)
    assert accounts.session_of_secret("secret hash") == (SESSION, OLGA)
    assert accounts.session("x") is None
    assert accounts.session_of_secret("x") is None


def test_session_ends_once(accounts: DatabaseAccounts) -> None:
    accounts.end_session("s", EndReason.LOGGED_OUT, NOW)
    accounts.end_session("s", EndReason.DISABLED, NOW + timedelta(hours=1))

    session, _ = accounts.session("s")
    assert (session.ended_at, session.end_reason) == (NOW, EndReason.LOGGED_OUT)


def test_saving_an_account_ends_only_its_own_open_sessions(accounts: DatabaseAccounts) -> None:
    accounts.add(Account(user=User(id="2", username="other", roles=frozenset())))
    accounts.open_session(replace(SESSION, id="t", user_id="2", secret_hash="t"))
    changed = replace(OLGA, user=replace(OLGA.user, roles=frozenset()))

    accounts.save(changed, end_sessions=EndReason.ROLES_CHANGED, at=NOW)

    session, account = accounts.session("s")
    assert account == changed
    assert session.end_reason is EndReason.ROLES_CHANGED
    assert accounts.session("t")[0].ended_at is None


def test_ticket_is_taken_once_by_one_of_many_at_once(accounts: DatabaseAccounts) -> None:
    accounts.add_ticket("t", "s", NOW + timedelta(seconds=30))

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: accounts.take_ticket("t", NOW), range(16)))

    assert sorted(taken, key=str) == [None] * 15 + ["s"]


def test_ticket_expires(accounts: DatabaseAccounts) -> None:
    accounts.add_ticket("t", "s", NOW + timedelta(seconds=30))

    assert accounts.take_ticket("t", NOW + timedelta(seconds=30)) is None
    assert accounts.take_ticket("unknown", NOW) is None


def test_what_expired_is_forgotten_with_its_tickets(accounts: DatabaseAccounts) -> None:
    accounts.add_ticket("old", "s", NOW)
    accounts.add_ticket("young", "s", NOW + timedelta(days=1))

    assert accounts.forget_expired(NOW + timedelta(seconds=1)) == 1
    assert accounts.forget_expired(NOW + timedelta(hours=13)) == 1

    assert accounts.session("s") is None
    assert accounts.take_ticket("young", NOW) is None


def test_a_look_up_does_not_wait_for_a_writer(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    accounts = DatabaseAccounts(engine=engine)
    accounts.add(OLGA)

    with engine.begin() as writer:
        writer.execute(text("UPDATE users SET display_name = 'x'"))
        assert accounts.by_id("1").user.display_name == "Olga O."
    engine.dispose()
