"""A real API with the identity routers on a free port, and a real dashboards' server as a process beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from free_ports import free_port
from polling import wait_until

from twinev.adapters.database.accounts import DatabaseAccounts
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.identity.passwords import Argon2Passwords
from twinev.adapters.identity.signing import SecretKeySigner
from twinev.api.login_desk import LoginDesk
from twinev.api.problems import answer_with_problems
from twinev.api.routers import auth, pages_login, pages_password, pages_return, pages_users, users
from twinev.clock import PlatformClock
from twinev.domain.login import Account, SessionKind
from twinev.domain.users import Role, User
from twinev.services.check_login import CheckLogin
from twinev.services.log_in import LogIn
from twinev.services.manage_users import ManageUsers
from twinev.services.ports.clock import Clock

PASSWORD = "correct horse battery"
USERS = {role.value: role for role in Role} | {"second_operator": Role.GRID_OPERATOR}

OPEN_KERNEL_CLIENT = """
import json, os
from twinev.ui.kernel_session import log_out_url, open_kernel_client
names = sorted(os.environ)
client = open_kernel_client(ask_seconds=0.5)
facts = {'pid': os.getpid(), 'names': names, 'user': client.me().username, 'log_out_url': log_out_url()}
print('BEGIN' + json.dumps(facts | {'still': 'TWINEV_TICKET' in os.environ}) + 'END')
"""


def notebook(*sources: str) -> str:
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [cell | {"id": f"cell-{number}", "source": source} for number, source in enumerate(sources)]
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


SERVE = """
import json, sys
from pathlib import Path
from twinev.ui.voila_server import run_dashboards
options = json.loads(sys.argv[1])
run_dashboards(**options | {"notebooks_dir": Path(options["notebooks_dir"])})
"""

#: What the dashboards' server may hold by mistake, and a kernel must never see.
SECRETS = {
    "TWINEV_NATS_URL": "nats://secret",
    "TWINEV_DATABASE_URL": "postgresql://secret",
    "TWINEV_SECRET_KEY": "secret",
    "PGPASSWORD": "secret",
}


@dataclass(frozen=True, kw_only=True)
class Browser:
    """A browser with a session's cookie."""

    http: httpx.Client
    csrf_token: str

    def post(self, path: str, **kwargs: object) -> httpx.Response:
        return self.http.post(path, headers={"X-CSRF-Token": self.csrf_token}, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The running API and the services behind it, for arranging."""

    desk: LoginDesk
    accounts: DatabaseAccounts
    api_url: str
    dashboards_url: str
    stop: Callable[[], None]

    def id_of(self, username: str) -> str:
        return self.accounts.by_username(username).user.id

    @contextmanager
    def browser(self, username: str | None = None) -> Iterator[Browser]:
        """A browser, logged in without the login page (which counts its tries)."""
        with httpx.Client(base_url=self.api_url, timeout=60, trust_env=False) as http:
            csrf_token = ""
            if username is not None:
                account = self.accounts.by_username(username)
                opened = self.desk.log_in.open_session(account, kind=SessionKind.BROWSER)
                http.cookies.set(self.desk.cookie_name, self.desk.check_login.cookie_of(opened.secret))
                csrf_token = self.desk.check_login.csrf_token_of(opened.login)
            yield Browser(http=http, csrf_token=csrf_token)

    def token(self, username: str) -> dict[str, str]:
        """The header of a bearer token."""
        opened = self.desk.log_in.open_session(self.accounts.by_username(username), kind=SessionKind.TOKEN)
        return {"Authorization": f"Bearer {self.desk.check_login.token_of(opened.login).text}"}


@dataclass(frozen=True, kw_only=True)
class Dashboards:
    """The running dashboards' server."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


def build_app(desk: LoginDesk, database: Database) -> FastAPI:
    app = FastAPI()
    app.state.identity = desk
    # All that a route of accounts needs of the platform: where answers to repeated requests are kept.
    app.state.platform = SimpleNamespace(unit_of_work=database.unit_of_work, secret_key="k" * 64)
    for module in (auth, users, pages_login, pages_return, pages_password, pages_users):
        app.include_router(module.router)
    answer_with_problems(app)
    return app


@contextmanager
def running_identity(folder: Path, password_hash: str, clock: Clock | None = None) -> Iterator[Identity]:
    engine = open_engine(f"sqlite:///{folder}/twinev.db")
    upgrade_engine(engine)
    accounts = DatabaseAccounts(engine=engine)
    accounts.add(
        *(
            Account(user=User(id=f"id-{name}", username=name, roles=frozenset({role})), password_hash=password_hash)
            for name, role in USERS.items()
        )
    )
    clock, passwords, api_port = clock or PlatformClock(), Argon2Passwords(), free_port()
    desk = LoginDesk(
        log_in=LogIn(accounts=accounts, passwords=passwords, clock=clock),
        check_login=CheckLogin(accounts=accounts, signer=SecretKeySigner(secret_key="k" * 64), clock=clock),
        users=ManageUsers(accounts=accounts, passwords=passwords, clock=clock),
        public_url=f"http://127.0.0.1:{api_port}",
        dashboards_url=f"http://127.0.0.1:{free_port()}",
    )
    options = {"host": "127.0.0.1", "port": api_port, "log_level": "warning", "ws": "none"}
    server = uvicorn.Server(uvicorn.Config(build_app(desk, Database(engine=engine, clock=clock)), **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()

    wait_until(lambda: server.started, within=10, what="the API's start")
    try:
        yield Identity(
            desk=desk,
            accounts=accounts,
            api_url=f"http://127.0.0.1:{api_port}",
            dashboards_url=desk.dashboards_url,
            stop=stop,
        )
    finally:
        stop()
        engine.dispose()


@contextmanager
def running_dashboards(identity: Identity, folder: Path, *sources: str) -> Iterator[Dashboards]:
    notebooks = folder / "dashboards"
    notebooks.mkdir()
    for name in ("grid_operators.ipynb", "not_listed.ipynb"):
        (notebooks / name).write_text(notebook(*(sources or (OPEN_KERNEL_CLIENT,))))
    (notebooks / "picture.png").write_bytes(b"not for viewers")
    options = {
        "api_url": identity.api_url,
        "host": "127.0.0.1",
        "port": int(identity.dashboards_url.rpartition(":")[2]),
        "notebooks_dir": str(notebooks),
        "session_cookie_name": identity.desk.cookie_name,
    }
    log = folder / "dashboards.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, json.dumps(options)], stdout=output, stderr=output, env=os.environ | SECRETS
        )
    try:
        wait_until(lambda: answers(identity.dashboards_url), within=60, what="the dashboards' start")
        yield Dashboards(url=identity.dashboards_url, process=process, log=log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def password_hash() -> str:
    return Argon2Passwords().hash(PASSWORD)


@pytest.fixture(scope="module")
def shared_identity(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Identity]:
    """One API for the tests of a module that change none of its accounts."""
    with running_identity(tmp_path_factory.mktemp("api"), password_hash) as identity:
        yield identity


@pytest.fixture(scope="module")
def dashboards(shared_identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboards]:
    with running_dashboards(shared_identity, tmp_path_factory.mktemp("dashboards")) as dashboards:
        yield dashboards


@pytest.fixture
def identity(tmp_path: Path, password_hash: str) -> Iterator[Identity]:
    """An API for one test."""
    with running_identity(tmp_path, password_hash) as identity:
        yield identity


class StandingClock(PlatformClock):
    """Shows the moment at which it was made."""

    def __init__(self) -> None:
        super().__init__()
        self._made_at = super().now()

    def now(self) -> datetime:
        return self._made_at


@pytest.fixture
def identity_without_time(tmp_path: Path, password_hash: str) -> Iterator[Identity]:
    """An API for which no time passes, however busy the machine is."""
    with running_identity(tmp_path, password_hash, StandingClock()) as identity:
        yield identity


@pytest.fixture
def serve_dashboards(tmp_path: Path) -> Callable[..., AbstractContextManager[Dashboards]]:
    """What starts a dashboards' server for one test."""
    return lambda identity, *sources: running_dashboards(identity, tmp_path, *sources)
