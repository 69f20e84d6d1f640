"""Ask the identity server whether a login still counts: when its last answer has expired, or at once where it matters.

A user who is disabled there, loses a role, or is logged out, so loses the session here within an access token's life.
While the server is away, sessions go on until its last answer expires.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from datetime import datetime

from twinev.domain.login import Account, EndReason, LoggedIn, LoginSession, SessionKind
from twinev.errors import NotAuthenticated
from twinev.services.identity_ports import AccountStore
from twinev.services.ports.clock import Clock
from twinev.services.ports.identity_server import Grant, GrantStore, IdentityServer

#: Requests of one session that find its grant old wait for one refresh; others hardly ever meet the same lock.
_TURNS = 64

_log = logging.getLogger(__name__)


class KeepGrants:
    """Implements `twinev.services.check_login.Vouching` with an identity server.

    Parameters
    ----------
    server : IdentityServer
        Knows whether logins count.
    grants : GrantStore
        Where grants are kept.
    accounts : AccountStore
        Where sessions are kept.
    clock : Clock
        The wall's clock.
    """

    def __init__(self, *, server: IdentityServer, grants: GrantStore, accounts: AccountStore, clock: Clock) -> None:
        self._server = server
        self._grants = grants
        self._accounts = accounts
        self._clock = clock
        self._turns = tuple(threading.Lock() for _ in range(_TURNS))
        self._seen: dict[str, LoggedIn] = {}

    def vouched(self, session: LoginSession, account: Account, *, now: bool = False) -> Account:
        """Return the session's account as the identity server knows it; with ``now`` ask in any case.

        Raises
        ------
        NotAuthenticated
            The login does not count any more; the session is ended.
        Unavailable
            The server does not answer, and its last answer has expired.
        """
        grant = self._grants.grant_of(session.id)
        if grant is None:
            raise NotAuthenticated("this login is from before the identity server was in use; log in again")
        asked_at = self._clock.now()
        if not now and asked_at < grant.checked_until:
            return account
        turn = int.from_bytes(hashlib.sha256(session.id.encode()).digest()[:2]) % _TURNS
        with self._turns[turn]:
            newer = self._grants.grant_of(session.id) or grant
            if not now and asked_at < newer.checked_until:
                return account
            return self._refresh(session, account, newer)

    def of_token(self, token: str) -> LoggedIn:
        """Return who is behind an access token of the identity server; raise `NotAuthenticated` for any other."""
        holder = self._server.holder_of(token)
        key = hashlib.sha256(token.encode()).hexdigest()
        seen = self._seen.get(key)
        if seen is None:
            # What the token says of roles counts for the token alone: it may be older than what is known by now.
            self._grants.meet_user(holder.user)
            seen = LoggedIn(
                user=holder.user,
                session_id=f"token-{key[:32]}",
                kind=SessionKind.FOREIGN_TOKEN,
                expires_at=holder.expires_at,
            )
            self._remember(key, seen, self._clock.now())
        return seen

    def require_active(self, token: str) -> None:
        """Ask the identity server now whether a token of its own counts."""
        self._server.require_active(token)

    def _refresh(self, session: LoginSession, account: Account, grant: Grant) -> Account:
        try:
            identified = self._server.refresh(grant.refresh_token)
        except NotAuthenticated:
            newer = self._grants.grant_of(session.id)
            if newer is not None and newer.refresh_token != grant.refresh_token:
                # Another API process was first, and the server takes a refresh token once.
                return account
            self._end(session, account, EndReason.IDENTITY_SERVER)
            raise
        if identified.user.id != session.user_id:
            self._end(session, account, EndReason.IDENTITY_SERVER)
            raise NotAuthenticated("the identity server answered for somebody else; log in again")
        kept = self._grants.keep_user(identified.user)
        if kept.user.roles != account.user.roles:
            self._end(session, account, EndReason.ROLES_CHANGED)
            raise NotAuthenticated("the roles have changed; log in again")
        self._grants.replace_grant(session.id, identified.grant)
        return kept

    def _end(self, session: LoginSession, account: Account, reason: EndReason) -> None:
        self._accounts.end_session(session.id, reason, self._clock.now())
        _log.info("a session of user %s ended: %s", account.user.username, reason.value)

    def _remember(self, key: str, login: LoggedIn, now: datetime) -> None:
        self._seen = {kept: seen for kept, seen in self._seen.items() if seen.expires_at > now} | {key: login}
