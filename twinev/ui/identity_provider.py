"""Who looks at a dashboard: the dashboards' server asks the API, which alone keeps login sessions."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import quote

from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.web import HTTPError, RequestHandler
from traitlets import Unicode

from twinev.domain import users
from twinev.errors import NotAuthenticated, Unavailable

#: How long an answer of the API counts; a log out shows here after it. [s]
CACHE_SECONDS = 4.0
REQUEST_SECONDS = 5.0
_MOST_CACHED = 10_000

_log = logging.getLogger(__name__)


@dataclass
class Visitor(User):
    """A logged-in user as Jupyter's handlers see one (Jupyter's base class is not frozen)."""

    account: users.User | None = None
    session_id: str = ""
    csrf_token: str = ""


class ApiSessions:
    """Asks the API about session cookies.

    Parameters
    ----------
    api_url : str
        Where this server reaches the API.
    cookie_name : str
        The session cookie's name.
    """

    def __init__(self, *, api_url: str, cookie_name: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._cookie_name = cookie_name
        self._asked: dict[str, tuple[float, asyncio.Task[Visitor]]] = {}

    async def visitor(self, cookie: str) -> Visitor:
        """Return who is behind a cookie.

        Raises
        ------
        NotAuthenticated
            The API does not know the session, or it has ended.
        Unavailable
            The API does not answer.
        """
        key = hashlib.sha256(cookie.encode()).hexdigest()
        now = monotonic()
        deadline, task = self._asked.get(key, (0.0, None))
        if task is None or now >= deadline or (task.done() and task.exception() is not None):
            if len(self._asked) >= _MOST_CACHED:
                self._asked.clear()
            # Kept as a task: the many requests of one page ask once.
            task = asyncio.ensure_future(self._ask(cookie))
            self._asked[key] = (now + CACHE_SECONDS, task)
        return await asyncio.shield(task)

    async def ticket(self, cookie: str, csrf_token: str) -> str:
        """Return a single-use ticket of the cookie's session; errors as in `visitor`."""
        answer = await self._fetch("/api/v1/auth/tickets", cookie, method="POST", csrf_token=csrf_token)
        return answer["ticket"]

    async def _ask(self, cookie: str) -> Visitor:
        answer = await self._fetch("/api/v1/auth/session", cookie)
        account = users.User(
            id=answer["user"]["id"],
            username=answer["user"]["username"],
            display_name=answer["user"]["display_name"],
            roles=frozenset(users.Role(name) for name in answer["user"]["roles"]),
        )
        return Visitor(
            username=account.username,
            name=account.username,
            display_name=account.display_name or account.username,
            account=account,
            session_id=answer["session_id"],
            csrf_token=answer["csrf_token"],
        )

    async def _fetch(
        self, path: str, cookie: str, *, method: str = "GET", csrf_token: str | None = None
    ) -> dict[str, Any]:
        headers = {"Cookie": f"{self._cookie_name}={cookie}"}
        if csrf_token is not None:
            headers["X-CSRF-Token"] = csrf_token
        request = HTTPRequest(
            self._api_url + path,
            method=method,
            headers=headers,
            body=b"" if method == "POST" else None,
            follow_redirects=False,
            request_timeout=REQUEST_SECONDS,
            connect_timeout=REQUEST_SECONDS,
        )
        try:
            answer: HTTPResponse = await AsyncHTTPClient().fetch(request)
        except HTTPClientError as error:
            if error.code in (401, 403):
                raise NotAuthenticated("the login session has ended; log in again") from error
            raise Unavailable(f"the API at {self._api_url} answered {error.code}") from error
        except OSError as error:
            raise Unavailable(f"the API at {self._api_url} does not answer") from error
        return json.loads(answer.body)


class ApiIdentityProvider(IdentityProvider):
    """Tells Jupyter's handlers who is there. There is no token, no password and no login here: the API has them."""

    api_url = Unicode(help="where this server reaches the API").tag(config=True)
    public_api_url = Unicode(help="where browsers reach the API").tag(config=True)
    public_url = Unicode(help="where browsers reach this server").tag(config=True)
    session_cookie_name = Unicode(help="the name of the API's session cookie").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sessions = ApiSessions(api_url=self.api_url, cookie_name=self.session_cookie_name)

    async def get_user(self, handler: RequestHandler) -> Visitor | None:
        """Return the visitor, None when nobody is logged in; 503 while the API does not answer."""
        # Set before anything can fail: error pages ask for it.
        handler.current_user = None
        cookie = self.cookie_of(handler)
        if not cookie:
            return None
        try:
            visitor = await self.sessions.visitor(cookie)
        except NotAuthenticated:
            return None
        except Unavailable as error:
            _log.warning("a visitor was not identified: %s", error)
            raise HTTPError(503, "The platform does not answer. Try again in a moment.") from error
        handler.current_user = visitor
        # Asking for the token sets its cookie, without which the page could not end its kernel when it is left.
        _ = handler.xsrf_token
        return visitor

    def cookie_of(self, handler: RequestHandler) -> str | None:
        """Return the session cookie that came with a request."""
        return handler.get_cookie(self.session_cookie_name)

    def login_address(self, uri: str) -> str:
        """Return the API's login page, which leads back to ``uri`` here."""
        # Not the Host header's name: the cookie counts for the public name only.
        return f"{self.public_api_url}/login?next={quote(self.public_url + uri, safe='')}"

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return no login or logout handlers: both are at the API."""
        return []

    @property
    def login_available(self) -> bool:
        """Never here."""
        return False

    @property
    def logout_available(self) -> bool:
        """Never here."""
        return False


class KernelOwnerAuthorizer(Authorizer):
    """Lets a session at the kernels that it opened, and at nothing else."""

    def is_authorized(self, handler: RequestHandler, user: Visitor, action: str, resource: str) -> bool:
        """Whether the kernel that the address names was opened by this session."""
        kernel_id = handler.path_kwargs.get("kernel_id") or next(iter(handler.path_args), None)
        return resource == "kernels" and handler.kernel_manager.belongs_to(kernel_id, user.session_id)
