"""What the identity routers work with, at ``app.state.identity``: the services, the cookie, the safe addresses."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import Request, Response

from twinev.domain.dashboards import DASHBOARDS, Dashboard
from twinev.domain.login import LoggedIn, session_cookie_name
from twinev.errors import NotAuthenticated
from twinev.services.check_login import CheckLogin
from twinev.services.log_in import LogIn, OpenedSession
from twinev.services.manage_users import ManageUsers


class LoginDesk:
    """Implements `twinev.api.identity.Authenticator`, and more for the pages and routers of logging in.

    Parameters
    ----------
    log_in, check_login, users
        The services.
    public_url : str
        How browsers reach the API; with https the cookie is Secure and bound to the host by its name.
    dashboards_url : str
        How browsers reach the dashboards' server; the same host name, for cookies ignore ports but not hosts.
    dashboards : Collection[Dashboard]
        The pages there, and who may open them.
    """

    def __init__(
        self,
        *,
        log_in: LogIn,
        check_login: CheckLogin,
        users: ManageUsers,
        public_url: str,
        dashboards_url: str,
        dashboards: Collection[Dashboard] = DASHBOARDS,
    ) -> None:
        self.log_in = log_in
        self.check_login = check_login
        self.users = users
        self.dashboards = tuple(dashboards)
        self.dashboards_url = dashboards_url.rstrip("/")
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

    def check_csrf(self, login: LoggedIn, token: str | None) -> None:
        self.check_login.check_csrf(login, token)

    def visitor(self, request: Request) -> LoggedIn | None:
        """Who looks at a page, None for nobody: a page says so in its own way."""
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
