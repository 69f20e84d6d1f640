"""A real NATS server for each test that asks for one, on a free port, ended by the test that started it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from twinev.adapters.messaging.connection import StayingClient, connect, disconnect
from twinev.adapters.messaging.embedded_server import prepare_server


class RunningServer:
    """The embedded server's process; `kill` is as hard as a power cut for the process."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = directory
        self.embedded = prepare_server(directory=directory, port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.embedded.command, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=10)
        self._process = None

    def change_passwords(self) -> None:
        """Give every user another one and let the running server read its configuration again."""
        (self.directory / "passwords.json").unlink()
        self.embedded = prepare_server(directory=self.directory, port=self.port)
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)

    @contextlib.asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[StayingClient]:
        """A connection as ``user``."""
        connection = await asyncio.wait_for(connect(self.embedded.urls[user], user=user), 15)
        try:
            yield connection
        finally:
            await disconnect(connection)


@pytest.fixture
def another_server(tmp_path: Path) -> Iterator[RunningServer]:
    server = RunningServer(tmp_path / "another")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[RunningServer]:
    server = RunningServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()
