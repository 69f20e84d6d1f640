"""A real NATS server as a process of its own, on a free port: killed, stopped and started again as a test likes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from free_ports import free_port
from nats.aio.client import Client
from polling import answer_of

from twinev.adapters.messaging.connection import StayingClient, connect, disconnect
from twinev.adapters.messaging.embedded_server import prepare_server

CONNECTED_WITHIN_SECONDS = 15


class NatsProcess:
    """The embedded server, with its store in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.directory = directory
        self.embedded = prepare_server(directory=directory, port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.embedded.command, stdout=log, stderr=log)

    def kill(self) -> None:
        """As hard as a power cut is for the process."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def change_passwords(self) -> None:
        """Give every user another one and let the running server read its configuration again."""
        (self.directory / "passwords.json").unlink()
        self.embedded = prepare_server(directory=self.directory, port=self.port)
        self._process.send_signal(signal.SIGHUP)

    @contextlib.asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[StayingClient]:
        """A connection as ``user``."""
        connecting = connect(self.embedded.urls[user], user=user)
        connection = await asyncio.wait_for(connecting, CONNECTED_WITHIN_SECONDS)
        try:
            yield connection
        finally:
            await disconnect(connection)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=10)
            self._process = None


@contextlib.contextmanager
def running_nats(directory: Path) -> Iterator[NatsProcess]:
    """Start a server, and end it with the block."""
    server = NatsProcess(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def until_empty(client: Client, stream: str) -> None:
    """Wait until every message of ``stream`` is acknowledged, and taken out by the server after that."""

    async def is_empty() -> bool:
        return (await client.jetstream().stream_info(stream)).state.messages == 0

    await answer_of(is_empty)
