"""The openssl commands of docs/own_stations.md make certificates with which a station of profile 3 comes in."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path

from websockets.asyncio.client import connect

from twinev.adapters.ocpp.tls import TlsPort

PAGE = Path(__file__).parents[3] / "docs" / "own_stations.md"
MADE_BY = ("openssl ecparam", "openssl req", "openssl x509", "printf", "chmod")


def test_certificates_made_by_the_pages_commands_let_a_station_in(bench, tmp_path: Path) -> None:
    lines = [line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("    ")]
    commands = [line for line in lines if line.startswith(MADE_BY)]
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    files = {"certificate": "gateway.pem", "key": "gateway.key", "client_ca": "ca.pem"}
    bench.gateway_options = {"tls": TlsPort(port=0, **{name: tmp_path / file for name, file in files.items()})}
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    context.load_cert_chain(tmp_path / "CP-0003.pem", tmp_path / "CP-0003.key")

    async def scenario() -> int:
        async with bench.running():
            address = f"wss://127.0.0.1:{bench.gateway.tls_port}/ocpp/CP-0003"
            host = {"ssl": context, "server_hostname": "csms.example.org"}
            async with connect(address, subprotocols=["ocpp2.0.1"], **host) as socket:
                return socket.response.status_code

    assert asyncio.run(scenario()) == 101
    assert [question.security_profile for question in bench.desk.asked] == [3]
