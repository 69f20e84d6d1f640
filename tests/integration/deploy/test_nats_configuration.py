"""``deploy/nats/nats.conf``: what `roles` says, understood by the real server."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import nats.errors
import pytest
from free_ports import free_ports
from polling import answer_of

from twinev.adapters.messaging.connection import connect, disconnect
from twinev.adapters.messaging.embedded_server import find_binary
from twinev.adapters.messaging.roles import roles_with
from twinev.adapters.messaging.server_config import container_config
from twinev.adapters.messaging.streams import ensure_streams


@pytest.fixture
def configuration(deploy: Path) -> str:
    return (deploy / "nats" / "nats.conf").read_text(encoding="utf-8")


def test_file_is_what_the_roles_make_of_it(configuration: str) -> None:
    assert configuration == container_config()


def test_file_holds_no_password_and_has_facts_on_disk_at_once(configuration: str) -> None:
    lines = [line.strip() for line in configuration.splitlines()]

    assert {line for line in lines if line.startswith('"password"')} == {
        f'"password": $PASSWORD_{role.user.upper()},' for role in roles_with()
    }
    assert '"sync_interval": "always",' in lines


def test_server_takes_it_and_each_user_comes_in_with_the_password_made_for_it(
    configuration: str, secrets_folder: Path, tmp_path: Path
) -> None:
    port, monitor = free_ports(2)
    here = (
        configuration.replace("/data/jetstream", str(tmp_path / "jetstream"))
        .replace("port: 4222", f"port: {port}")
        .replace("127.0.0.1:8222", f"127.0.0.1:{monitor}")
    )
    (tmp_path / "nats.conf").write_text(here)
    (tmp_path / "passwords.conf").write_text((secrets_folder / "nats_passwords.conf").read_text())

    def url(user: str) -> str:
        return (secrets_folder / f"nats_url_{user}").read_text().replace("@nats:4222", f"@127.0.0.1:{port}")

    async def come_in() -> list[str]:
        refused = []
        for role in roles_with():
            client = await asyncio.wait_for(connect(url(role.user), user=role.user), 20)
            if role.user == "api":
                await ensure_streams(client)
                assert (await client.jetstream().account_info()).streams > 0
            else:
                # Making streams is for the API alone.
                with pytest.raises((nats.errors.Error, TimeoutError)):
                    await client.jetstream(timeout=1).account_info()
                refused.append(role.user)
            await disconnect(client)
        return refused

    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen([find_binary(), "--config", tmp_path / "nats.conf"], stdout=log, stderr=log)
    try:
        assert asyncio.run(come_in()) == [role.user for role in roles_with() if role.user != "api"]
        assert asyncio.run(answer_of(lambda: _healthy(monitor)))
    finally:
        process.terminate()
        process.wait(20)


async def _healthy(monitor: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", monitor)
    writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return b" 200 " in answer
