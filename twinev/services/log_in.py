"""Log in with a password, log out, change the password."""

from __future__ import annotations

import hashlib
import logging
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twinev.domain.login import Account, EndReason, LoggedIn, LoginSession, SessionKind
from twinev.errors import BadInput, NotAuthenticated, PasswordExpired
from twinev.services.identity_ports import AccountStore, PasswordHasher
from twinev.services.limit_tries import TryLimit
from twinev.services.ports.clock import Clock

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
TRIES_PER_USER_AND_ADDRESS = 5
TRIES_PER_ADDRESS = 30

_log = logging.getLogger(__name__)


def hash_of_secret(secret: str) -> str:
    """Return what the database keeps of a random secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def require_password(key: str, password: str) -> str:
    """Return a password that may be set, else raise `BadInput`, which does not repeat it."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(key, f"({len(password)} characters)", f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


@dataclass(frozen=True, kw_only=True)
class OpenedSession:
    """A new login; ``secret`` is what the cookie carries and exists nowhere else."""

    login: LoggedIn
    secret: str


def new_session(account: Account, *, kind: SessionKind, now: datetime, length: timedelta) -> tuple[LoginSession, str]:
    """Return a session of the account that is not kept yet, and the secret that opens it."""
    secret = secrets.token_urlsafe(32)
    session = LoginSession(
        id=uuid.uuid4().hex,
        user_id=account.user.id,
        kind=kind,
        secret_hash=hash_of_secret(secret),
        created_at=now,
        expires_at=now + length,
    )
    return session, secret


class LogIn:
    """Opens and ends login sessions.

    Parameters
    ----------
    accounts : AccountStore
        Where accounts and sessions are kept.
    passwords : PasswordHasher
        Checks and makes password hashes.
    clock : Clock
        The wall's clock.
    session_hours : float
        How long a login lasts. [h]
    """

    def __init__(
        self, *, accounts: AccountStore, passwords: PasswordHasher, clock: Clock, session_hours: float = 12.0
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self._session_length = timedelta(hours=session_hours)
        self._pair_limit = TryLimit(what="log in", per_minute=TRIES_PER_USER_AND_ADDRESS, clock=clock)
        self._address_limit = TryLimit(what="log in", per_minute=TRIES_PER_ADDRESS, clock=clock)

    def with_password(self, username: str, password: str, *, address: str, kind: SessionKind) -> OpenedSession:
        """Check the password and open a session.

        Raises
        ------
        NotAuthenticated
            The username or the password is wrong; which of them is not said.
        PasswordExpired
            The password is right, but somebody else chose it: it must be replaced first.
        TooManyTries
            For this user from this address, or from this address at all.
        """
        account = self._proved(username, password, address=address)
        if account.password_temporary:
            raise PasswordExpired("this password was for the first time only; choose your own on the page /password")
        return self.open_session(account, kind=kind)

    def replace_password(self, username: str, *, old: str, new: str, address: str) -> OpenedSession:
        """Replace a password, a temporary one too, by who knows it, and open a browser's session.

        Raises
        ------
        BadInput
            The new password is too short or too long, or it is the old one.
        NotAuthenticated, TooManyTries
            As for a login.
        """
        require_password("new_password", new)
        account = self._proved(username, old, address=address)
        if old == new:
            raise BadInput("new_password", "(the old one)", "another password than before")
        return self.open_session(self._with_password(account, new), kind=SessionKind.BROWSER)

    def _proved(self, username: str, password: str, *, address: str) -> Account:
        pair = (username.strip().casefold(), address)
        self._address_limit.count(address)
        self._pair_limit.count(pair)
        account = self._accounts.by_username(username.strip())
        usable = account is not None and not account.disabled
        right = self._passwords.matches(password, account.password_hash if usable else None)
        if account is None or not right:
            # An unknown name may be a password typed into the wrong field: it does not belong in a log.
            who = account.user.username if account else "an unknown user"
            _log.warning("login of %s from %s was refused", who, address)
            raise NotAuthenticated("the username or the password is wrong")
        self._pair_limit.forgive(pair)
        return account

    def open_session(self, account: Account, *, kind: SessionKind) -> OpenedSession:
        """Open a session for an account whose owner has been identified."""
        now = self._clock.now()
        session, secret = new_session(account, kind=kind, now=now, length=self._session_length)
        self._accounts.forget_expired(now - self._session_length)
        self._accounts.open_session(session)
        _log.info("user %s logged in (%s)", account.user.username, kind)
        login = LoggedIn(user=account.user, session_id=session.id, kind=kind, expires_at=session.expires_at)
        return OpenedSession(login=login, secret=secret)

    def log_out(self, login: LoggedIn) -> None:
        """End the session: its cookie, its tokens and its tickets are worth nothing from now on."""
        self._accounts.end_session(login.session_id, EndReason.LOGGED_OUT, self._clock.now())
        _log.info("user %s logged out", login.user.username)

    def change_password(self, login: LoggedIn, *, old: str, new: str) -> None:
        """Set a new password and end all sessions of the user, this one too."""
        require_password("new_password", new)
        pair = (login.user.id, "change password")
        self._pair_limit.count(pair)
        account = self._accounts.by_id(login.user.id)
        if not self._passwords.matches(old, account.password_hash):
            raise NotAuthenticated("the old password is wrong")
        self._pair_limit.forgive(pair)
        self._with_password(account, new)

    def _with_password(self, account: Account, new: str) -> Account:
        changed = replace(account, password_hash=self._passwords.hash(new), password_temporary=False)
        self._accounts.save(changed, end_sessions=EndReason.PASSWORD_CHANGED, at=self._clock.now())
        _log.info("user %s changed the password", account.user.username)
        return changed
