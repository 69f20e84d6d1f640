"""Log in at an identity server: send the browser there, and open a session for who comes back.

What belongs to one try (state, nonce, PKCE verifier, where to go afterwards) waits in the browser's cookie, sealed: so
nobody can finish a login in a browser that did not begin it, and no API process needs to be the one that it began at.
"""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from twinev.domain.login import EndReason, LoggedIn, SessionKind
from twinev.errors import NotAuthenticated, TwinEVError
from twinev.services.identity_ports import AccountStore, Sealer
from twinev.services.log_in import OpenedSession, new_session
from twinev.services.ports.clock import Clock
from twinev.services.ports.identity_server import GrantStore, IdentityServer

TRY_SECONDS = 900

_PURPOSE = "login-try"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LoginTry:
    """A login that has begun: where the browser goes, and what it keeps until it is back."""

    address: str
    state: str
    sealed: str


@dataclass(frozen=True, kw_only=True)
class Returned:
    """Who came back from the identity server, and where the person was going."""

    opened: OpenedSession
    next_address: str


class LogInElsewhere:
    """Opens and ends login sessions that the identity server vouches for.

    Parameters
    ----------
    server : IdentityServer
        Knows the people.
    grants : GrantStore
        Where grants are kept.
    accounts : AccountStore
        Where sessions are kept.
    sealer : Sealer
        Hides a login try in the browser's cookie.
    clock : Clock
        The wall's clock.
    session_hours : float
        How long a login lasts at most, however often it is refreshed. [h]
    """

    def __init__(
        self,
        *,
        server: IdentityServer,
        grants: GrantStore,
        accounts: AccountStore,
        sealer: Sealer,
        clock: Clock,
        session_hours: float = 12.0,
    ) -> None:
        self._server = server
        self._grants = grants
        self._accounts = accounts
        self._sealer = sealer
        self._clock = clock
        self._session_length = timedelta(hours=session_hours)

    def begin(self, next_address: str) -> LoginTry:
        """Begin a login; raise `Unavailable` when the identity server does not answer."""
        state, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address = self._server.login_address(state=state, nonce=nonce, code_verifier=code_verifier)
        expires_at = (self._clock.now() + timedelta(seconds=TRY_SECONDS)).timestamp()
        kept = json.dumps([state, nonce, code_verifier, next_address, expires_at])
        return LoginTry(address=address, state=state, sealed=self._sealer.seal(_PURPOSE, kept))

    def finish(self, *, code: str, state: str, sealed: str | None) -> Returned:
        """Open a session for who comes back with a code.

        Raises
        ------
        NotAuthenticated
            The browser did not begin this login, or too long ago, or the code is worth nothing.
        Unavailable
            The identity server does not answer.
        """
        kept = self._sealer.unseal(_PURPOSE, sealed) if sealed else None
        if kept is None:
            raise NotAuthenticated("this login was not begun in this browser, or it is finished already")
        begun_state, nonce, code_verifier, next_address, expires_at = json.loads(kept)
        if not secrets.compare_digest(begun_state, state) or self._clock.now().timestamp() >= expires_at:
            raise NotAuthenticated("this login was begun too long ago")
        identified = self._server.identify(code=code, nonce=nonce, code_verifier=code_verifier)
        account = self._grants.keep_user(identified.user)
        now = self._clock.now()
        session, secret = new_session(account, kind=SessionKind.BROWSER, now=now, length=self._session_length)
        self._accounts.forget_expired(now - self._session_length)
        self._grants.open_session(session, identified.grant)
        _log.info("user %s logged in at the identity server", account.user.username)
        login = LoggedIn(user=account.user, session_id=session.id, kind=session.kind, expires_at=session.expires_at)
        return Returned(opened=OpenedSession(login=login, secret=secret), next_address=next_address)

    def log_out(self, login: LoggedIn) -> None:
        """End the session here, and at the identity server if it answers."""
        grant = self._grants.grant_of(login.session_id)
        self._accounts.end_session(login.session_id, EndReason.LOGGED_OUT, self._clock.now())
        _log.info("user %s logged out", login.user.username)
        if grant is None:
            return
        try:
            self._server.end(grant.refresh_token)
        except TwinEVError as error:
            # It ends there by itself when nobody refreshes it.
            _log.warning("the login of user %s may go on at the identity server: %s", login.user.username, error)

    def take_end(self, logout_token: str) -> int:
        """End the sessions whose login the identity server has ended; raise `NotAuthenticated` for a stranger."""
        ended = self._server.ended_login(logout_token)
        count = self._grants.end_sessions(ended, EndReason.IDENTITY_SERVER, self._clock.now())
        _log.info("the identity server ended %d login sessions", count)
        return count
