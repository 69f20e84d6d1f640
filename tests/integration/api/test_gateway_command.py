"""`twinev gateway` as a process: its ports, its TLS files, and what it says of settings that cannot be."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from pathlib import Path

import pytest
import trustme
from free_ports import free_port
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.services.add_station import add_station
from twinev.services.answer_stations import AnswerStations


async def start(directory: Path, *options: str, **settings: object) -> asyncio.subprocess.Process:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    told = {f"TWINEV_{name.upper()}": str(value) for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "twinev", "gateway", *options),
        env={**kept, "TWINEV_DATA_DIR": str(directory), **told},
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def listening(process: asyncio.subprocess.Process) -> str:
    """What it says until it listens on its TLS port."""
    said = ""
    async with asyncio.timeout(120):
        while "listening on wss" not in said:
            line = await process.stdout.readline()
            assert line, f"it ended:\n{said}"
            said += line.decode()
    return said


def test_gateway_serves_stations_with_certificates_on_its_tls_port_alone(nats_server, database, clock, going, tmp_path):
    ca, port, plain_port = trustme.CA(), free_port(), free_port()
    server = ca.issue_cert("127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("cert", "key", "client_ca")}
    server.cert_chain_pems[0].write_to_path(files["cert"])
    server.private_key_pem.write_to_path(files["key"])
    ca.cert_pem.write_to_path(files["client_ca"])
    with database.unit_of_work() as work:
        add_station("RDAM 1", site_id="s", work=work, secret_key="secret", security_profile=3)
        work.commit()
    answers = AnswerStations(
        unit_of_work=database.unit_of_work, reading=database.reading, clock=clock, secret_key="secret"
    )

    async def status_of(station_id: str) -> int:
        context = ssl.create_default_context()
        ca.configure_trust(context)
        ca.issue_cert(common_name=station_id).configure_cert(context)
        address = f"wss://127.0.0.1:{port}/ocpp/{station_id.replace(' ', '%20')}"
        try:
            async with connect(address, ssl=context, subprotocols=["ocpp2.0.1"]) as station:
                return station.response.status_code
        except InvalidStatus as refused:
            return refused.response.status_code

    async def scenario() -> tuple[list[int], int]:
        told = {"nats_url": nats_server.embedded.urls["gateway"], "ocpp_port": plain_port}
        told |= {f"ocpp_tls_{name}": path.name for name, path in files.items()}
        async with nats_server.client("api") as api, going(QuestionDesk(client=api, answers=answers).run):
            process = await start(tmp_path, "--no-plain", "--tls-port", str(port), **told)
            try:
                said = await listening(process)
                assert f":{port}/ocpp/ (profile 3)" in said
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("127.0.0.1", plain_port)
                statuses = [await status_of("RDAM 1"), await status_of("stranger")]
                process.terminate()
                return statuses, await asyncio.wait_for(process.wait(), 20)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    assert asyncio.run(scenario()) == ([101, 404], 0)


def test_gateway_names_a_port_that_is_taken(nats_server, tmp_path):
    async def scenario() -> tuple[int, str]:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = str(holder.getsockname()[1])
            process = await start(tmp_path, "--port", port, nats_url=nats_server.embedded.urls["gateway"])
            output, _ = await asyncio.wait_for(process.communicate(), 60)
            return process.returncode, output.decode()

    code, output = asyncio.run(scenario())

    assert code == 2
    assert "take another with --port" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("options", "settings", "said"),
    [
        (("--tls-port", "9443"), {}, "TWINEV_OCPP_TLS_CERT"),
        ((), {"ocpp_tls_client_ca": "ca.pem"}, "TWINEV_OCPP_TLS_PORT"),
        (("--no-plain",), {}, "it would serve nobody"),
        (("--tls-port", "9443"), {"ocpp_tls_cert": "no.pem", "ocpp_tls_key": "no.key"}, "no.pem"),
    ],
)
def test_gateway_names_what_is_wrong_with_its_settings(tmp_path, options, settings, said):
    async def scenario() -> tuple[int, str]:
        process = await start(tmp_path, *options, **settings)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode, output.decode()

    code, output = asyncio.run(scenario())

    assert code == 2
    assert said in output
    assert "Traceback" not in output
