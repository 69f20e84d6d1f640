"""An installer's walk: register a station of profile 2 and one of profile 3, connect both, give one a new key."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme
from free_ports import free_port
from polling import wait_until
from running_system import RunningSystem, system
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

SITE = ("--site", "harbour", "--supply-kw", "22", "--latitude", "51.92", "--longitude", "4.47")
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def running(tmp_path: Path, authority: trustme.CA) -> Iterator[RunningSystem]:
    """`twinev up` without stations, whose gateway has a TLS port for profile 2."""
    server = authority.issue_cert("127.0.0.1")
    server.cert_chain_pems[0].write_to_path(tmp_path / "gateway.pem")
    server.private_key_pem.write_to_path(tmp_path / "gateway.key")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    started = system(tmp_path / "data", "--no-simulator")
    started.environment |= {
        "TWINEV_OCPP_TLS_PORT": str(free_port()),
        "TWINEV_OCPP_TLS_CERT": str(tmp_path / "gateway.pem"),
        "TWINEV_OCPP_TLS_KEY": str(tmp_path / "gateway.key"),
    }
    started.start()
    yield started
    started.stop()


def twinev(running: RunningSystem, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twinev", *words]
    options = {"capture_output": True, "text": True, "timeout": 120}
    return subprocess.run(command, env=running.environment, cwd=running.data_dir, check=False, **options)


@contextlib.contextmanager
def gateway_of_profile_3(running: RunningSystem, client_ca: Path, port: int) -> Iterator[None]:
    environment = running.environment | {"TWINEV_OCPP_TLS_CLIENT_CA": str(client_ca)}
    command = [sys.executable, "-m", "twinev", "gateway", "--no-plain", "--tls-port", str(port)]
    log = running.data_dir / "second_gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=running.data_dir, stdout=output, stderr=output)
    try:
        wait_until(lambda: "profile 3" in log.read_text(), within=60, what="the second gateway listens")
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextlib.asynccontextmanager
async def station(address: str, tls: ssl.SSLContext, *, key: str | None = None) -> AsyncIterator[ClientConnection]:
    headers = {}
    if key is not None:
        station_id = address.rpartition("/")[2]
        headers["Authorization"] = "Basic " + base64.b64encode(f"{station_id}:{key}".encode()).decode()
    async with connect(address, ssl=tls, subprotocols=["ocpp2.0.1"], additional_headers=headers) as socket:
        yield socket


async def boot(socket: ClientConnection) -> str:
    await socket.send(json.dumps([2, "boot", "BootNotification", BOOT]))
    async with asyncio.timeout(20):
        while (answer := json.loads(await socket.recv()))[1] != "boot":
            pass
    return answer[2]["status"]


async def take_new_key(socket: ClientConnection) -> str:
    """Refuse what else is asked, accept the new key, and return it."""
    async with asyncio.timeout(60):
        while True:
            kind, message_id, action, *rest = json.loads(await socket.recv())
            if (kind, action) == (2, "SetVariables"):
                (data,) = rest[0]["setVariableData"]
                key = data.pop("attributeValue")
                result = {"setVariableResult": [data | {"attributeStatus": "Accepted"}]}
                await socket.send(json.dumps([3, message_id, result]))
                return key
            if kind == 2:
                await socket.send(json.dumps([4, message_id, "NotSupported", "", {}]))


def test_installer_brings_stations_in_over_tls_and_rotates_a_key(
    running: RunningSystem, authority: trustme.CA, tmp_path: Path
) -> None:
    trusting, certified = ssl.create_default_context(), ssl.create_default_context()
    for context in (trusting, certified):
        authority.configure_trust(context)
    authority.issue_cert(common_name="CP-0003").configure_cert(certified)

    added = twinev(running, "stations", "add", "CP-0002", *SITE, "--security-profile", "2")
    assert added.returncode == 0, added.stderr
    address = re.search(r"address +(\S+)", added.stdout)[1] + "/CP-0002"
    old = re.search(r"password +([0-9a-f]{32}) ", added.stdout)[1]
    assert address.startswith(f"wss://127.0.0.1:{running.environment['TWINEV_OCPP_TLS_PORT']}/")

    async def rotate() -> tuple[str, subprocess.CompletedProcess[str]]:
        async with station(address, trusting, key=old) as socket:
            assert await boot(socket) == "Accepted"
            rotating = asyncio.create_task(asyncio.to_thread(twinev, running, "stations", "rotate-key", "CP-0002"))
            new = await take_new_key(socket)
            return new, await rotating

    new, rotated = asyncio.run(rotate())
    assert rotated.returncode == 0, rotated.stderr
    assert "accepted" in rotated.stdout
    assert new not in rotated.stdout

    async def come_with(key: str) -> str:
        async with station(address, trusting, key=key) as socket:
            return await boot(socket)

    assert asyncio.run(come_with(new)) == "Accepted"
    with pytest.raises(InvalidStatus, match="401"):
        asyncio.run(come_with(old))

    added = twinev(running, "stations", "add", "CP-0003", "--site", "harbour", "--security-profile", "3")
    assert added.returncode == 0, added.stderr
    assert "common name CP-0003" in added.stdout
    assert "password" not in added.stdout
    port = free_port()

    async def come_with_certificate() -> str:
        async with station(f"wss://127.0.0.1:{port}/ocpp/CP-0003", certified) as socket:
            return await boot(socket)

    with gateway_of_profile_3(running, tmp_path / "ca.pem", port):
        assert asyncio.run(come_with_certificate()) == "Accepted"
