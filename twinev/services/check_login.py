"""Tell who is behind a cookie or an access token, and hand out tokens and tickets of a login session.

An access token is short-lived and names its session, which is looked up at every use: a log out counts at once.
A ticket carries a login from the dashboards' server into a kernel: it lives 30 s and the first use wins.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from twinev.domain.login import Account, LoggedIn, LoginSession, SessionKind
from twinev.errors import Forbidden, NotAuthenticated, Unavailable
from twinev.services.identity_ports import AccountStore, Signer
from twinev.services.log_in import hash_of_secret
from twinev.services.ports.clock import Clock

TOKEN_SECONDS = 300
TICKET_SECONDS = 30
#: A ticket that a person carries from a page to a notebook by hand. [s]
CARRIED_TICKET_SECONDS = 180

# How a JSON Web Token begins; our own begin with a session's id, in hexadecimal digits.
_FOREIGN = "eyJ"

_COOKIE = "session-cookie"
_TOKEN = "access-token"  # the purpose, not a token
_CSRF = "csrf-token"
_FORM = "login-form"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A token or ticket, and how long it is good for. [s]"""

    text: str
    expires_in_seconds: int


class Vouching(Protocol):
    """Whoever vouches for logins beside the database: an identity server."""

    def vouched(self, session: LoginSession, account: Account, *, now: bool = False) -> Account:
        """Return the account of a session that still counts there; raise `NotAuthenticated` or `Unavailable`."""

    def of_token(self, token: str) -> LoggedIn:
        """Return who is behind a token that was made there."""

    def require_active(self, token: str) -> None:
        """Ask now whether such a token counts."""


class CheckLogin:
    """Reads what a request carries.

    Parameters
    ----------
    accounts : AccountStore
        Where sessions are kept.
    signer : Signer
        Signs cookies, tokens and CSRF tokens.
    clock : Clock
        The wall's clock.
    vouching : Vouching, optional
        The identity server's word on logins, where people log in there.
    """

    def __init__(
        self, *, accounts: AccountStore, signer: Signer, clock: Clock, vouching: Vouching | None = None
    ) -> None:
        self._accounts = accounts
        self._signer = signer
        self._clock = clock
        self._vouching = vouching

    def cookie_of(self, secret: str) -> str:
        """Return the cookie's value for a session's secret."""
        return self._signer.sign(_COOKIE, secret)

    def of_cookie(self, cookie: str) -> LoggedIn:
        """Return who is behind a session cookie.

        Raises
        ------
        NotAuthenticated
            The cookie is forged, or its session has ended.
        """
        secret = self._signer.read(_COOKIE, cookie)
        if secret is None:
            raise NotAuthenticated("the session cookie was not made here; log in again")
        return self._login(self._accounts.session_of_secret(hash_of_secret(secret)), SessionKind.BROWSER)

    def token_of(self, login: LoggedIn) -> Issued:
        """Return a new access token of this session; it never outlives the session."""
        if login.kind is SessionKind.FOREIGN_TOKEN:
            raise Forbidden("this token comes from the identity server; get a new one there")
        now = self._clock.now()
        expires_at = min(now + timedelta(seconds=TOKEN_SECONDS), login.expires_at)
        text = self._signer.sign(_TOKEN, f"{login.session_id}.{expires_at.timestamp():.0f}")
        return Issued(text=text, expires_in_seconds=max(0, int((expires_at - now).total_seconds())))

    def of_token(self, token: str) -> LoggedIn:
        """Return who is behind an access token.

        Raises
        ------
        NotAuthenticated
            The token is forged or expired, or its session has ended.
        Unavailable
            The identity server must be asked and does not answer; so for cookies and tickets.
        """
        if self._vouching is not None and token.startswith(_FOREIGN):
            return self._vouching.of_token(token)
        payload = self._signer.read(_TOKEN, token)
        if payload is None:
            raise NotAuthenticated("the access token was not made here; log in again")
        session_id, _, expires_at = payload.partition(".")
        if self._clock.now().timestamp() >= float(expires_at):
            raise NotAuthenticated("the access token has expired; renew it in time, or log in again")
        return self._login(self._accounts.session(session_id))

    def is_open(self, login: LoggedIn) -> bool:
        """Whether the session still counts and the roles are the same; long-lived streams ask now and then."""
        if login.kind is SessionKind.FOREIGN_TOKEN:
            return self._clock.now() < login.expires_at
        try:
            return self._login(self._accounts.session(login.session_id)).roles == login.roles
        except (NotAuthenticated, Unavailable):
            return False

    def confirm(self, login: LoggedIn, token: str | None) -> None:
        """Ask the identity server now whether the login counts: for what must not wait for a token to expire.

        Raises
        ------
        NotAuthenticated
            It does not, or the roles have changed.
        Unavailable
            The identity server does not answer.
        """
        if self._vouching is None:
            return
        if login.kind is SessionKind.FOREIGN_TOKEN:
            self._vouching.require_active(token or "")
        else:
            self._login(self._accounts.session(login.session_id), now=True)

    def csrf_token_of(self, login: LoggedIn) -> str:
        """Return the token that proves that a page of ours sends a request, not a stranger's."""
        return self._signer.sign(_CSRF, login.session_id)

    def check_csrf(self, login: LoggedIn, token: str | None) -> None:
        """Raise `Forbidden` unless the token belongs to this session."""
        if not token or self._signer.read(_CSRF, token) != login.session_id:
            raise Forbidden(
                "a change that comes with the session cookie needs the session's CSRF token in the header X-CSRF-Token;"
                " GET /api/v1/auth/session gives it"
            )

    def form_token_of(self, nonce: str) -> str:
        """Return the token of a login form whose page set ``nonce`` as a cookie: there is no session yet."""
        return self._signer.sign(_FORM, nonce)

    def form_is_ours(self, nonce: str | None, token: str) -> bool:
        """Whether a login form was sent by the page that we gave to this browser."""
        return bool(nonce) and self._signer.read(_FORM, token) == nonce

    def issue_ticket(self, login: LoggedIn, *, seconds: int = TICKET_SECONDS) -> Issued:
        """Return a ticket that carries this browser session into a kernel."""
        if login.kind is not SessionKind.BROWSER:
            raise Forbidden("a ticket is given for a browser's session only; use the access token itself")
        ticket = secrets.token_urlsafe(32)
        expires_at = self._clock.now() + timedelta(seconds=seconds)
        self._accounts.add_ticket(hash_of_secret(ticket), login.session_id, expires_at)
        return Issued(text=ticket, expires_in_seconds=seconds)

    def redeem_ticket(self, ticket: str) -> LoggedIn:
        """Use a ticket up and return the login that it carries.

        Raises
        ------
        NotAuthenticated
            The ticket is unknown, older than 30 s or already used, or its session has ended.
        """
        session_id = self._accounts.take_ticket(hash_of_secret(ticket), self._clock.now())
        if session_id is None:
            raise NotAuthenticated(
                "the ticket is unknown, too old or already used; get a new one, or open the page again"
            )
        return self._login(self._accounts.session(session_id))

    def _login(
        self, found: tuple[LoginSession, Account] | None, kind: SessionKind | None = None, *, now: bool = False
    ) -> LoggedIn:
        if found is None or not _counts(found, self._clock.now()) or (kind is not None and found[0].kind is not kind):
            raise NotAuthenticated("the login session has ended; log in again")
        session, account = found
        if self._vouching is not None:
            account = self._vouching.vouched(session, account, now=now)
        return LoggedIn(user=account.user, session_id=session.id, kind=session.kind, expires_at=session.expires_at)


def _counts(found: tuple[LoginSession, Account], now: datetime) -> bool:
    session, account = found
    return session.open_at(now) and not account.disabled
