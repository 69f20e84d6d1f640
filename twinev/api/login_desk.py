"""What the identity routers work with, at ``app.state.identity``: the services, the cookie, the safe addresses."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import Request, Response

from twinev.domain.dashboards import DASHBOARDS, Dashboard
from twinev.domain.login import LoggedIn, SessionKind, session_cookie_name
from twinev.errors import Forbidden, NotAuthenticated, Unavailable
from twinev.services.administer_users import UserAdministration
from twinev.services.check_login import CheckLogin
from twinev.services.log_in import LogIn, OpenedSession
from twinev.services.log_in_elsewhere import TRY_SECONDS, LogInElsewhere, LoginTry


@dataclass(frozen=True, kw_only=True)
class LoginMethods:
    """The identity server and where programs get its tokens; nothing where passwords are checked here."""

    issuer: str | None = None
    token_endpoint: str | None = None


class LoginDesk:
    """Implements `twinev.api.identity.Authenticator`, and more for the pages and routers of logging in.

    Parameters
    ----------
    log_in, check_login, users
        The services.
    elsewhere : LogInElsewhere, optional
        Logging in at an identity server, instead of with a password here.
    methods : Callable[[], LoginMethods]
        Tells how one logs in.
    public_url : str
        How browsers reach the API; with https the cookie is Secure and bound to the host by its name.
    dashboards_url : str
        How browsers reach the dashboards' server; the same host name, for cookies ignore ports but not hosts.
    dashboards : Collection[Dashboard]
        The pages there, and who may open them.
    at_once : bool
        Whether a login is looked up in this process alone; then no thread waits for it.
    """

    def __init__(
        self,
        *,
        log_in: LogIn,
        check_login: CheckLogin,
        users: UserAdministration,
        public_url: str,
        dashboards_url: str,
        dashboards: Collection[Dashboard] = DASHBOARDS,
        elsewhere: LogInElsewhere | None = None,
        methods: Callable[[], LoginMethods] = LoginMethods,
        at_once: bool = False,
    ) -> None:
        self.log_in = log_in
        self.elsewhere = elsewhere
        self.methods = methods
        self.at_once = at_once
        self.check_login = check_login
        self.users = users
        self.dashboards = tuple(dashboards)
        self.dashboards_url = dashboards_url.rstrip("/")
        self.public_url = public_url.rstrip("/")
        self.secure = urlsplit(public_url).scheme == "https"
        self.cookie_name = session_cookie_name(public_url)
        self.form_cookie_name = "__Host-twinev_form" if self.secure else "twinev_form"
        self._origins = frozenset({_origin(public_url), _origin(dashboards_url)})

    def of_token(self, token: str) -> LoggedIn:
        return self.check_login.of_token(token)

    def of_cookie(self, cookie: str) -> LoggedIn:
        return self.check_login.of_cookie(cookie)

    def is_open(self, login: LoggedIn) -> bool:
        return self.check_login.is_open(login)

    def confirm(self, login: LoggedIn, token: str | None) -> None:
        self.check_login.confirm(login, token)

    def end(self, login: LoggedIn) -> None:
        """End a login session, at the identity server too."""
        if login.kind is SessionKind.FOREIGN_TOKEN:
            raise Forbidden("this token comes from the identity server and ends by itself; end its login there")
        (self.elsewhere or self.log_in).log_out(login)

    def end_quietly(self, cookie: str) -> None:
        """End the session of a cookie here, if it has one still."""
        with suppress(NotAuthenticated, Unavailable):
            self.log_in.log_out(self.of_cookie(cookie))

    def check_csrf(self, login: LoggedIn, token: str | None) -> None:
        self.check_login.check_csrf(login, token)

    def visitor(self, request: Request) -> LoggedIn | None:
        """Who looks at a page, None for nobody: a page says so in its own way.

        Raises
        ------
        Unavailable
            The identity server must be asked and does not answer.
        """
        cookie = request.cookies.get(self.cookie_name)
        if not cookie:
            return None
        try:
            return self.of_cookie(cookie)
        except NotAuthenticated:
            return None

    def set_cookie(self, response: Response, opened: OpenedSession) -> None:
        """Give the browser the session's cookie: opaque, signed, out of reach of scripts."""
        remaining = (opened.login.expires_at - datetime.now(UTC)).total_seconds()
        self._set(response, self.cookie_name, self.check_login.cookie_of(opened.secret), math.ceil(remaining))

    def set_form_cookie(self, response: Response, nonce: str) -> None:
        """Give the browser the cookie that its login form must match."""
        self._set(response, self.form_cookie_name, nonce, 3600)

    def keep_try(self, response: Response, login_try: LoginTry) -> None:
        """Have the browser keep what belongs to a login that it begins; several may run in several tabs."""
        self._set(response, self.try_cookie_name(login_try.state), login_try.sealed, TRY_SECONDS)

    def forget_try(self, response: Response, state: str) -> None:
        """Take back what belonged to a login that is finished."""
        name = self.try_cookie_name(state)
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def try_cookie_name(self, state: str) -> str:
        """Return the name of the cookie of one login try."""
        readable = "".join(letter for letter in state[:12] if letter.isascii() and letter.isalnum())
        return f"{'__Host-' if self.secure else ''}twinev_try_{readable}"

    def clear_cookie(self, response: Response) -> None:
        """Take the session's cookie back."""
        response.delete_cookie(self.cookie_name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def safe_next(self, address: str | None) -> str:
        """Return where to go after logging in: ``address`` if it is ours, else the start page.

        Ours is a path on this host, or an address at the origin of the API or of the dashboards.
        """
        # Browsers read a backslash as a slash and drop control characters: such an address is not what it seems.
        if not address or "\\" in address or any(ord(letter) <= 32 or ord(letter) == 127 for letter in address):
            return "/"
        try:
            parts = urlsplit(address)
            if not parts.scheme and not parts.netloc:
                return address if address.startswith("/") and not address.startswith("//") else "/"
            return address if _origin(address) in self._origins and "@" not in parts.netloc else "/"
        except ValueError:
            return "/"

    def allowed_form_targets(self) -> str:
        """Return the origins that a form may lead to, redirects included, as the page's policy spells them."""
        return " ".join(("'self'", *sorted(self._origins)))

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
