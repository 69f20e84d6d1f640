"""Sessions that an identity server vouches for: asked when its last answer ends, at once where it matters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from twinev.adapters.identity.sealing import SecretKeySealer
from twinev.domain.login import Account, EndReason, LoggedIn, LoginSession, SessionKind
from twinev.domain.users import Role, User
from twinev.errors import Forbidden, NotAuthenticated, Unavailable
from twinev.services.check_login import CheckLogin
from twinev.services.keep_grant import KeepGrants
from twinev.services.log_in_elsewhere import LogInElsewhere
from twinev.services.ports.identity_server import EndedLogin, Grant, Identified, TokenHolder

OLGA = User(id="sub-1", username="olga", roles=frozenset({Role.GRID_OPERATOR}))
FOREIGN = "eyJ-a-token-of-the-server"


class FakeServer:
    """An identity server in memory."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.user = OLGA
        self.away = False
        self.ended = False
        self.refreshed: list[str] = []
        self.logged_out: list[str] = []

    def login_address(self, *, state: str, nonce: str, code_verifier: str) -> str:
        self._answer()
        return f"https://login.example.org/?state={state}"

    def identify(self, *, code: str, nonce: str, code_verifier: str) -> Identified:
        self._answer()
        if code != "right":
            raise NotAuthenticated("no such code")
        return Identified(user=self.user, grant=self._grant())

    def refresh(self, refresh_token: str) -> Identified:
        self._answer()
        self.refreshed.append(refresh_token)
        if self.ended:
            raise NotAuthenticated("ended")
        return Identified(user=self.user, grant=self._grant())

    def end(self, refresh_token: str) -> None:
        self._answer()
        self.logged_out.append(refresh_token)

    def holder_of(self, access_token: str) -> TokenHolder:
        if access_token != FOREIGN:
            raise NotAuthenticated("not ours")
        return TokenHolder(user=self.user, token_id="j", expires_at=self.clock.now() + timedelta(seconds=300))

    def require_active(self, access_token: str) -> None:
        self._answer()
        if self.ended:
            raise NotAuthenticated("ended")

    def ended_login(self, logout_token: str) -> EndedLogin:
        return EndedLogin(server_session_id=logout_token, user_id=None)

    def _grant(self) -> Grant:
        checked_until = self.clock.now() + timedelta(seconds=300)
        return Grant(
            refresh_token=f"refresh-{len(self.refreshed)}", server_session_id="sid-1", checked_until=checked_until
        )

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("away")


@dataclass
class MemoryGrants:
    """Grants beside the fake accounts."""

    accounts: object
    grants: dict[str, Grant] = field(default_factory=dict)

    def open_session(self, session: LoginSession, grant: Grant) -> None:
        self.accounts.open_session(session)
        self.grants[session.id] = grant

    def grant_of(self, session_id: str) -> Grant | None:
        return self.grants.get(session_id)

    def replace_grant(self, session_id: str, grant: Grant) -> None:
        self.grants[session_id] = grant

    def keep_user(self, user: User) -> Account:
        self.accounts.accounts[user.id] = Account(user=user)
        return self.accounts.accounts[user.id]

    def meet_user(self, user: User) -> None:
        self.accounts.accounts.setdefault(user.id, Account(user=user))

    def end_sessions(self, ended: EndedLogin, reason: EndReason, at) -> int:
        meant = [key for key, grant in self.grants.items() if grant.server_session_id == ended.server_session_id]
        for session_id in meant:
            self.accounts.end_session(session_id, reason, at)
        return len(meant)


@dataclass
class Elsewhere:
    """The services over the fakes."""

    desk: object
    server: FakeServer
    grants: MemoryGrants
    log_in: LogInElsewhere
    check: CheckLogin

    def opened(self):
        begun = self.log_in.begin("/there")
        return self.log_in.finish(code="right", state=begun.state, sealed=begun.sealed).opened

    def cookie(self) -> str:
        return self.check.cookie_of(self.opened().secret)


@pytest.fixture
def elsewhere(desk) -> Elsewhere:
    server, grants = FakeServer(desk.clock), MemoryGrants(desk.accounts)
    shared = {"server": server, "grants": grants, "accounts": desk.accounts, "clock": desk.clock}
    check = desk.new_check(KeepGrants(**shared))
    log_in = LogInElsewhere(sealer=SecretKeySealer(secret_key="k" * 64), **shared)
    return Elsewhere(desk=desk, server=server, grants=grants, log_in=log_in, check=check)


def test_login_leads_back_to_where_the_person_was(elsewhere: Elsewhere) -> None:
    begun = elsewhere.log_in.begin("/there")
    assert "verifier" not in begun.address
    returned = elsewhere.log_in.finish(code="right", state=begun.state, sealed=begun.sealed)
    assert returned.next_address == "/there"
    assert elsewhere.check.of_cookie(elsewhere.check.cookie_of(returned.opened.secret)).user == OLGA


def test_login_of_another_browser_is_refused(elsewhere: Elsewhere) -> None:
    begun, other = elsewhere.log_in.begin("/"), elsewhere.log_in.begin("/")
    for state, sealed in (
        (begun.state, None),
        (begun.state, "forged"),
        (begun.state, other.sealed),
        ("", begun.sealed),
    ):
        with pytest.raises(NotAuthenticated):
            elsewhere.log_in.finish(code="right", state=state, sealed=sealed)


def test_login_that_took_too_long_is_refused(elsewhere: Elsewhere) -> None:
    begun = elsewhere.log_in.begin("/")
    elsewhere.desk.clock.forward(minutes=16)
    with pytest.raises(NotAuthenticated, match="too long"):
        elsewhere.log_in.finish(code="right", state=begun.state, sealed=begun.sealed)


def test_server_is_asked_when_its_answer_has_ended_and_not_before(elsewhere: Elsewhere) -> None:
    cookie = elsewhere.cookie()
    elsewhere.desk.clock.forward(seconds=299)
    elsewhere.check.of_cookie(cookie)
    assert elsewhere.server.refreshed == []
    elsewhere.desk.clock.forward(seconds=1)
    elsewhere.check.of_cookie(cookie)
    elsewhere.check.of_cookie(cookie)
    assert elsewhere.server.refreshed == ["refresh-0"]


def test_many_requests_at_once_ask_once(elsewhere: Elsewhere) -> None:
    cookie = elsewhere.cookie()
    elsewhere.desk.clock.forward(seconds=301)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: elsewhere.check.of_cookie(cookie), range(64)))
    assert len(elsewhere.server.refreshed) == 1


def test_login_that_the_server_has_ended_ends_here(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    elsewhere.server.ended = True
    elsewhere.desk.clock.forward(seconds=301)
    assert not elsewhere.check.is_open(opened.login)
    session, _ = elsewhere.desk.accounts.session(opened.login.session_id)
    assert session.end_reason is EndReason.IDENTITY_SERVER


def test_changed_roles_end_the_session(elsewhere: Elsewhere) -> None:
    cookie = elsewhere.cookie()
    elsewhere.server.user = replace(OLGA, roles=frozenset({Role.DRIVER}))
    elsewhere.desk.clock.forward(seconds=301)
    with pytest.raises(NotAuthenticated, match="roles"):
        elsewhere.check.of_cookie(cookie)


def test_answer_about_somebody_else_ends_the_session(elsewhere: Elsewhere) -> None:
    cookie = elsewhere.cookie()
    elsewhere.server.user = replace(OLGA, id="sub-2", username="mallory")
    elsewhere.desk.clock.forward(seconds=301)
    with pytest.raises(NotAuthenticated):
        elsewhere.check.of_cookie(cookie)


def test_session_goes_on_while_the_server_is_away_until_its_answer_ends(elsewhere: Elsewhere) -> None:
    cookie = elsewhere.cookie()
    elsewhere.server.away = True
    elsewhere.desk.clock.forward(seconds=299)
    elsewhere.check.of_cookie(cookie)
    elsewhere.desk.clock.forward(seconds=2)
    with pytest.raises(Unavailable):
        elsewhere.check.of_cookie(cookie)
    elsewhere.server.away = False
    assert elsewhere.check.of_cookie(cookie).user == OLGA


def test_refresh_token_that_another_process_used_first_is_no_end(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    session_id = opened.login.session_id
    newer = replace(
        elsewhere.grants.grants[session_id],
        refresh_token="of-the-other-process",
        checked_until=elsewhere.desk.clock.now() + timedelta(seconds=900),
    )

    def refused(_refresh_token: str) -> Identified:
        elsewhere.grants.grants[session_id] = newer
        raise NotAuthenticated("used before")

    elsewhere.server.refresh = refused
    elsewhere.desk.clock.forward(seconds=301)
    assert elsewhere.check.is_open(opened.login)


def test_confirming_asks_at_once(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    elsewhere.check.confirm(opened.login, None)
    elsewhere.server.ended = True
    assert elsewhere.check.is_open(opened.login)
    with pytest.raises(NotAuthenticated):
        elsewhere.check.confirm(opened.login, None)


def test_confirming_fails_while_the_server_is_away(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    elsewhere.server.away = True
    with pytest.raises(Unavailable):
        elsewhere.check.confirm(opened.login, None)


def test_session_of_a_local_account_does_not_count_beside_a_server(elsewhere: Elsewhere, log_in) -> None:
    local = log_in.with_password("driver", "correct horse battery", address="1", kind=SessionKind.BROWSER)
    with pytest.raises(NotAuthenticated):
        elsewhere.check.of_cookie(elsewhere.check.cookie_of(local.secret))


def test_token_of_the_server_counts_as_long_as_it_lives(elsewhere: Elsewhere) -> None:
    login: LoggedIn = elsewhere.check.of_token(FOREIGN)
    assert (login.user, login.kind) == (OLGA, SessionKind.FOREIGN_TOKEN)
    elsewhere.check.confirm(login, FOREIGN)
    for refused in (elsewhere.check.token_of, elsewhere.check.issue_ticket):
        with pytest.raises(Forbidden):
            refused(login)
    elsewhere.desk.clock.forward(seconds=301)
    assert not elsewhere.check.is_open(login)


def test_older_token_gives_a_session_no_role_back(elsewhere: Elsewhere) -> None:
    elsewhere.server.user = replace(OLGA, roles=frozenset({Role.DRIVER}))
    cookie = elsewhere.cookie()
    elsewhere.server.user = OLGA
    assert elsewhere.check.of_token(FOREIGN).roles == OLGA.roles
    assert elsewhere.check.of_cookie(cookie).roles == {Role.DRIVER}


def test_token_of_the_server_that_ended_is_not_confirmed(elsewhere: Elsewhere) -> None:
    login = elsewhere.check.of_token(FOREIGN)
    elsewhere.server.ended = True
    with pytest.raises(NotAuthenticated):
        elsewhere.check.confirm(login, FOREIGN)


def test_logout_ends_here_even_while_the_server_is_away(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    elsewhere.server.away = True
    elsewhere.log_in.log_out(opened.login)
    elsewhere.server.away = False
    assert not elsewhere.check.is_open(opened.login)


def test_logout_ends_the_login_at_the_server(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    elsewhere.log_in.log_out(opened.login)
    assert elsewhere.server.logged_out == ["refresh-0"]


def test_word_of_the_server_ends_its_sessions(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened()
    assert elsewhere.log_in.take_end("another") == 0
    assert elsewhere.check.is_open(opened.login)
    assert elsewhere.log_in.take_end("sid-1") == 1
    assert not elsewhere.check.is_open(opened.login)
