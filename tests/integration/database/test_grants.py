"""Grants of an identity server, and its users, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from twinev.adapters.database.accounts import DatabaseAccounts
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.grants import DatabaseGrants
from twinev.adapters.identity.sealing import SecretKeySealer
from twinev.domain.login import Account, EndReason, LoginSession, SessionKind
from twinev.domain.users import Role, User
from twinev.services.ports.identity_server import EndedLogin, Grant

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
OLGA = User(id="sub-1", username="olga", display_name="Olga O.", roles=frozenset({Role.GRID_OPERATOR}))
GRANT = Grant(refresh_token="refresh-me", server_session_id="sid-1", checked_until=NOW + timedelta(minutes=5))


@dataclass
class Kept:
    """The two stores over one database."""

    engine: Engine
    accounts: DatabaseAccounts
    grants: DatabaseGrants

    def open(self, session_id: str, grant: Grant = GRANT, user: User = OLGA) -> None:
        session = LoginSession(
            id=session_id,
            user_id=user.id,
            kind=SessionKind.BROWSER,
            secret_hash=f"hash of {session_id}",
            created_at=NOW,
            expires_at=NOW + timedelta(hours=12),
        )
        self.grants.open_session(session, grant)

    def end_reason(self, session_id: str) -> EndReason | None:
        return self.accounts.session(session_id)[0].end_reason


@pytest.fixture
def kept(url: str) -> Iterator[Kept]:
    engine = open_engine(url)
    sealer = SecretKeySealer(secret_key="k" * 64)
    kept = Kept(
        engine=engine,
        accounts=DatabaseAccounts(engine=engine),
        grants=DatabaseGrants(engine=engine, sealer=sealer),
    )
    kept.grants.keep_user(OLGA)
    yield kept
    engine.dispose()


def test_grant_comes_back_as_it_was(kept: Kept) -> None:
    kept.open("s")
    assert kept.grants.grant_of("s") == GRANT
    newer = replace(GRANT, refresh_token="the next one", checked_until=NOW + timedelta(minutes=10))
    kept.grants.replace_grant("s", newer)
    assert kept.grants.grant_of("s") == newer
    assert kept.grants.grant_of("another") is None


def test_refresh_token_cannot_be_read_from_the_database(kept: Kept) -> None:
    kept.open("s")
    with kept.engine.begin() as connection:
        row = connection.execute(text("SELECT * FROM login_grants")).one()
    assert not any(GRANT.refresh_token in str(value) for value in row)
    stranger = DatabaseGrants(engine=kept.engine, sealer=SecretKeySealer(secret_key="s" * 64))
    assert stranger.grant_of("s") is None


def test_grant_goes_with_its_session(kept: Kept) -> None:
    kept.open("s")
    kept.accounts.forget_expired(NOW + timedelta(days=1))
    assert kept.grants.grant_of("s") is None


def test_user_is_kept_by_id_and_follows_the_server(kept: Kept) -> None:
    renamed = replace(OLGA, username="olga.o", roles=frozenset({Role.DRIVER}))
    assert kept.grants.keep_user(renamed) == Account(user=renamed)
    assert [account.user for account in kept.accounts.list()] == [renamed]


def test_username_goes_to_who_has_it_at_the_server(kept: Kept) -> None:
    newcomer = User(id="sub-2", username="OLGA", roles=frozenset({Role.ADMINISTRATOR}))
    kept.grants.keep_user(newcomer)
    assert kept.accounts.by_username("olga").user == newcomer
    assert kept.accounts.by_id("sub-1").user.username == "~sub-1"
    assert kept.accounts.by_id("sub-1").user.roles == OLGA.roles


def test_user_who_is_met_is_added_and_never_changed(kept: Kept) -> None:
    kept.grants.meet_user(replace(OLGA, roles=frozenset({Role.ADMINISTRATOR})))
    newcomer = User(id="sub-2", username="nora", roles=frozenset())
    kept.grants.meet_user(newcomer)
    assert [account.user for account in kept.accounts.list()] == [newcomer, OLGA]


def test_user_who_comes_twice_at_once_is_one(kept: Kept) -> None:
    newcomer = User(id="sub-3", username="nora", roles=frozenset())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(kept.grants.keep_user, [newcomer] * 8))
    assert kept.accounts.by_username("nora").user == newcomer


def test_ended_login_ends_its_sessions_and_no_others(kept: Kept) -> None:
    kept.open("s")
    kept.open("same login")
    kept.open("other login", replace(GRANT, server_session_id="sid-2"))
    ended = EndedLogin(server_session_id="sid-1", user_id=None)
    assert kept.grants.end_sessions(ended, EndReason.IDENTITY_SERVER, NOW) == 2
    assert kept.end_reason("s") is kept.end_reason("same login") is EndReason.IDENTITY_SERVER
    assert kept.end_reason("other login") is None


def test_ended_user_loses_all_sessions(kept: Kept) -> None:
    other = kept.grants.keep_user(User(id="sub-2", username="otto", roles=frozenset())).user
    kept.open("s")
    kept.open("of otto", user=other)
    assert kept.grants.end_sessions(EndedLogin(server_session_id=None, user_id="sub-1"), EndReason.DISABLED, NOW) == 1
    assert kept.end_reason("of otto") is None
    assert kept.grants.end_sessions(EndedLogin(server_session_id=None, user_id=None), EndReason.DISABLED, NOW) == 0
