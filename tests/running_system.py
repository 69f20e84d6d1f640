"""A whole TwinEV for tests: `twinev up` as a process of its own, on free ports, with a data directory of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from free_ports import free_ports
from polling import wait_until

START_WITHIN_SECONDS = 90
STOP_WITHIN_SECONDS = 20
LAST_WORDS = 4000


@dataclass(kw_only=True)
class RunningSystem:
    """`twinev up` and how to reach its parts."""

    data_dir: Path
    environment: dict[str, str]
    options: tuple[str, ...]
    process: subprocess.Popen | None = None
    started_in_seconds: float = 0.0
    clients: list[httpx.Client] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['TWINEV_API_PORT']}"

    @property
    def dashboards_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['TWINEV_DASHBOARDS_PORT']}"

    @property
    def database(self) -> Path:
        return self.data_dir / "twinev.db"

    @property
    def output(self) -> str:
        return (self.data_dir / "up.out").read_text(errors="replace")

    def last_words(self) -> list[tuple[str, str]]:
        """What the processes wrote last, each with the name of its file."""
        files = [self.data_dir / "up.out", *sorted(self.data_dir.glob("logs/*"))]
        return [(file.name, file.read_text(errors="replace")[-LAST_WORDS:]) for file in files if file.exists()]

    def account(self, role: str) -> dict:
        """Username and password of the demo account of ``role``."""
        accounts = json.loads((self.data_dir / "demo_accounts.json").read_text())
        return next(account for account in accounts if account["role"] == role)

    def start(self) -> None:
        """Run `twinev up` and wait until all addresses answer."""
        self.data_dir.mkdir(exist_ok=True, parents=True)
        began = time.monotonic()
        with (self.data_dir / "up.out").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "twinev", "up", *self.options],
                env=self.environment,
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            wait_until(self._up, within=START_WITHIN_SECONDS, what=f"twinev up is ready\n{self.output}")
        except BaseException:
            self.stop()
            raise
        self.started_in_seconds = time.monotonic() - began

    def _up(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"twinev up ended with {self.process.returncode}:\n{self.output}")
        return self.output.count("TwinEV runs") > self.output.count("TwinEV ends")

    def stop(self) -> None:
        """Ctrl-C, as a person would; every process must be gone then."""
        while self.clients:
            self.clients.pop().close()
        if self.process is None or self.process.poll() is not None:
            return
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_WITHIN_SECONDS)
        finally:
            for child in children:
                if child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
                    child.kill()

    def pid(self, name: str) -> int | None:
        """The process id of ``name`` (``api``, ``gateway``, ``nats``…) now."""
        for child in psutil.Process(self.process.pid).children():
            try:
                words = child.cmdline()
            except psutil.Error:
                # It dies at this very moment.
                continue
            is_nats = name == "nats" and words and words[0].endswith("nats-server")
            if is_nats or words[1:4] == ["-m", "twinev", name]:
                return child.pid
        return None

    def kill(self, name: str) -> float:
        """kill -9, wait until the supervisor has started it again, return the seconds that took."""
        victim = self.pid(name)
        os.kill(victim, signal.SIGKILL)
        return wait_until(lambda: self.pid(name) not in (None, victim), within=20, what=f"{name} is started again")

    def client(self, role: str) -> httpx.Client:
        """A client of the REST API that is logged in as the demo account of ``role``."""
        account = self.account(role)
        client = httpx.Client(base_url=f"{self.api_url}/api/v1", timeout=20, trust_env=False)
        body = {"username": account["username"], "password": account["password"]}
        answer = client.post("/auth/login", json=body)
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.clients.append(client)
        return client

    def token(self, role: str) -> str:
        """A bearer token of ``role``, got once: the platform takes thirty logins a minute from one address."""
        if role not in self.tokens:
            self.tokens[role] = self.client(role).headers["Authorization"].removeprefix("Bearer ")
        return self.tokens[role]

    def ledger(self) -> list[dict]:
        """Everything that the simulated stations say they have done."""
        path = self.data_dir / "simulator" / "ledger.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    @contextmanager
    def rows(self) -> Iterator[sqlite3.Connection]:
        """Read the database beside the API; nobody but a test may."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()


def system(data_dir: Path, *options: str) -> RunningSystem:
    """A system that is not started yet."""
    api, ocpp, dashboards, nats = free_ports(4)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = kept | {
        "TWINEV_DATA_DIR": str(data_dir),
        "TWINEV_API_PORT": str(api),
        "TWINEV_OCPP_PORT": str(ocpp),
        "TWINEV_DASHBOARDS_PORT": str(dashboards),
        "TWINEV_NATS_PORT": str(nats),
        # Most tests open no dashboard, and each kernel that is made ready takes seconds of a core.
        "TWINEV_WARM_KERNELS": "0",
        "COLUMNS": "200",
    }
    return RunningSystem(data_dir=data_dir, environment=environment, options=options)
