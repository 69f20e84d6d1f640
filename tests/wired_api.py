"""The application as `twinev api` builds it, without its loops, asked by each role's account of the demonstration."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi.routing import iter_route_contexts

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade_engine
from twinev.adapters.messaging.connection import StayingClient
from twinev.domain.login import SessionKind
from twinev.domain.users import Role
from twinev.settings import Settings
from twinev.wiring.api import ApiParts

ENDS_THE_LOGIN = {"POST /api/v1/auth/logout"}


@dataclass(frozen=True, kw_only=True)
class WiredApi:
    """The application and its parts; ``accounts`` has the demonstration's account of each role."""

    parts: ApiParts
    app: Any
    accounts: dict[str, dict[str, str]]
    tokens: dict[Role, str] = field(default_factory=dict)

    def operations(self) -> set[str]:
        """What the OpenAPI document lists."""
        paths = self.app.openapi()["paths"]
        return {f"{method.upper()} {path}" for path, item in paths.items() for method in item}

    def routes(self) -> set[str]:
        """Everything that the application answers, pages and OCPI too."""
        contexts = iter_route_contexts(self.app.routes)
        return {f"{method} {each.path}" for each in contexts for method in each.methods - {"HEAD"}}

    def ask(self, operation: str, role: Role | None, **options: Any) -> int:
        """The status that the operation answers; every identifier in its path is of nothing that exists."""
        return asyncio.run(self._ask(operation, role, **options)).status_code

    async def _ask(self, operation: str, role: Role | None, **options: Any) -> httpx.Response:
        async with self.client() as client:
            if role is not None:
                client.headers["Authorization"] = f"Bearer {await self._token(client, role)}"
            answer = await client.request(*_of_nothing(operation), **options)
            if operation in ENDS_THE_LOGIN:
                self.tokens.clear()
            return answer

    def ask_as(self, username: str, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to the bearer token of a new session of this user."""
        opened = self._open(username, SessionKind.TOKEN)
        token = self.app.state.identity.check_login.token_of(opened.login).text

        async def asked() -> httpx.Response:
            async with self.client(Authorization=f"Bearer {token}") as client:
                return await client.request(method, path, **options)

        return asyncio.run(asked())

    def browse(self, route: str, role: Role | None, *, form: dict[str, str] | None = None) -> httpx.Response:
        """The answer to a browser that has a new session of this role; every identifier is of nothing that exists."""
        username = None if role is None else self.accounts[role]["username"]
        return self.browse_as(username, *_of_nothing(route), form=form)

    def browse_as(
        self, username: str | None, method: str, path: str, *, form: dict[str, str] | None = None
    ) -> httpx.Response:
        """The answer to a browser that has a new session of this user, and sends the session's own form token."""
        desk = self.app.state.identity
        cookies, sent = {}, dict(form or {})
        if username is not None:
            opened = self._open(username, SessionKind.BROWSER)
            cookies[desk.cookie_name] = desk.check_login.cookie_of(opened.secret)
            sent["csrf_token"] = desk.check_login.csrf_token_of(opened.login)

        async def asked() -> httpx.Response:
            async with self.client() as client:
                client.cookies.update(cookies)
                return await client.request(method, path, data=sent if method == "POST" else None)

        return asyncio.run(asked())

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    def _open(self, username: str, kind: SessionKind) -> Any:
        desk = self.app.state.identity
        account = next(known for known in desk.users.list() if known.user.username == username)
        return desk.log_in.open_session(account, kind=kind)

    async def _token(self, client: httpx.AsyncClient, role: Role) -> str:
        """One login serves many requests: who logs in too often is held up."""
        if role not in self.tokens:
            account = self.accounts[role]
            body = {"username": account["username"], "password": account["password"]}
            answer = await client.post("/api/v1/auth/login", json=body)
            self.tokens[role] = answer.raise_for_status().json()["access_token"]
        return self.tokens[role]


@contextmanager
def wired_api(folder: Path) -> Iterator[WiredApi]:
    """The application over a database of its own in ``folder``."""
    engine = open_engine(f"sqlite:///{folder / 'twinev.db'}")
    upgrade_engine(engine)
    # No message is sent: no operation gets as far with what it is asked here.
    client = StayingClient(shown_name="never connected")
    parts = ApiParts(settings=Settings(data_dir=folder), engine=engine, client=client)
    parts.identity.make_accounts(demo=True)
    accounts = json.loads((folder / "demo_accounts.json").read_text())
    yield WiredApi(parts=parts, app=parts.app(), accounts={account["role"]: account for account in accounts})
    engine.dispose()


def _of_nothing(route: str) -> tuple[str, str]:
    method, path = route.split(" ")
    return method, re.sub(r"\{\w+\}", "nothing", path)
