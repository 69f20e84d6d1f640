"""Certificates that hold no longer, and TLS files that change while the gateway runs."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from ocpp_behaviours import behaviour
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from twinev.adapters.ocpp.tls import TlsPort
from twinev.errors import BadInput

WAIT_SECONDS = 20.0


class Authority:
    """A certificate authority with its revocation list, and the files of a gateway."""

    def __init__(self, directory: Path) -> None:
        self.ca = trustme.CA()
        self.directory = directory
        self.ca.cert_pem.write_to_path(directory / "ca.pem")
        self.issue_server()
        self.revoke()

    @property
    def port(self) -> TlsPort:
        names = {"certificate": "server.pem", "key": "server.key", "client_ca": "ca.pem", "client_crl": "crl.pem"}
        return TlsPort(port=0, **{name: self.directory / file for name, file in names.items()})

    def issue_server(self) -> None:
        """Give the gateway another certificate."""
        issued = self.ca.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
        issued.private_key_pem.write_to_path(self.directory / "server.key")
        (self.directory / "server.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))

    def revoke(self, *certificates: trustme.LeafCert, days: int = 1) -> None:
        """Replace the list, as a whole, by one that takes these back."""
        now = datetime.datetime.now(datetime.UTC)
        until = now + datetime.timedelta(days=days)
        authority = x509.load_pem_x509_certificate(self.ca.cert_pem.bytes())
        made = x509.CertificateRevocationListBuilder().issuer_name(authority.subject)
        made = made.last_update(min(now, until)).next_update(until + datetime.timedelta(seconds=1))
        for certificate in certificates:
            number = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now).build()
            made = made.add_revoked_certificate(entry)
        signed = made.sign(load_pem_private_key(self.ca.private_key_pem.bytes(), None), hashes.SHA256())
        self.replace("crl.pem", signed.public_bytes(Encoding.PEM))

    def replace(self, name: str, content: bytes) -> None:
        (self.directory / "new").write_bytes(content)
        (self.directory / "new").replace(self.directory / name)

    def issue(self, station_id: str) -> trustme.LeafCert:
        return self.ca.issue_cert(common_name=station_id)

    def trusting(self, certificate: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        certificate.configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path, bench) -> Authority:
    made = Authority(tmp_path)
    bench.gateway_options = {"tls": made.port, "check_seconds": 0.02}
    return made


def coming_in(bench, protocol: str, station_id: str, context: ssl.SSLContext) -> connect:
    address = f"wss://127.0.0.1:{bench.gateway.tls_port}/ocpp/{station_id}"
    return connect(address, ssl=context, subprotocols=[protocol], ping_interval=None)


async def close_code(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(WAIT_SECONDS):
        await socket.wait_closed()
    return socket.close_code


async def refused(bench, protocol: str, station_id: str, context: ssl.SSLContext) -> int | None:
    """The status of the refusal; None where the station came in."""
    try:
        async with coming_in(bench, protocol, station_id, context):
            return None
    except InvalidStatus as refusal:
        return refusal.response.status_code


@behaviour(
    "C39",
    "A station whose certificate is on the revocation list gets 403, and nobody is asked",
    source="security whitepaper ed. 2 A00; 2.x part 2 A00",
)
def test_revoked_certificate_is_refused(bench, authority: Authority, protocol: str) -> None:
    good, bad = authority.issue("CP1"), authority.issue("CP2")
    authority.revoke(bad)

    async def scenario() -> list[int | None]:
        async with bench.running():
            stations = (("CP1", good), ("CP2", bad))
            return [await refused(bench, protocol, name, authority.trusting(made)) for name, made in stations]

    assert asyncio.run(scenario()) == [None, 403]
    assert {question.station_id for question in bench.desk.asked} == {"CP1"}


@behaviour(
    "C40",
    "A connection whose certificate is revoked while it is open is closed (1008); others stay",
    source="security whitepaper ed. 2 A00; 2.x part 2 A00",
)
def test_revocation_closes_an_open_connection(bench, authority: Authority, protocol: str) -> None:
    good, bad = authority.issue("CP1"), authority.issue("CP2")

    async def scenario() -> tuple[int | None, str]:
        async with (
            bench.running(),
            coming_in(bench, protocol, "CP1", authority.trusting(good)) as staying,
            coming_in(bench, protocol, "CP2", authority.trusting(bad)) as leaving,
        ):
            authority.revoke(bad)
            code = await close_code(leaving)
            await staying.send('[2, "1", "Heartbeat", {}]')
            async with asyncio.timeout(WAIT_SECONDS):
                return code, await staying.recv()

    code, answer = asyncio.run(scenario())

    assert code == 1008
    assert answer.startswith('[3,"1"')


@behaviour(
    "C41",
    "A new certificate of the gateway is shown to whoever connects next, without a restart",
    source="security whitepaper ed. 2 A00; 2.x part 2 A00",
)
def test_new_server_certificate_is_used_at_once(bench, authority: Authority, protocol: str) -> None:
    context = authority.trusting(authority.issue("CP1"))

    async def shown() -> bytes:
        async with coming_in(bench, protocol, "CP1", context) as socket:
            return socket.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)

    async def scenario() -> tuple[bytes, bytes]:
        async with bench.running(), asyncio.timeout(WAIT_SECONDS):
            before = after = await shown()
            authority.issue_server()
            while after == before:
                after = await shown()
            return after, ssl.PEM_cert_to_DER_cert((authority.directory / "server.pem").read_text().split("\n\n")[0])

    after, issued = asyncio.run(scenario())

    assert after == issued


def test_files_that_cannot_be_used_change_nothing(bench, authority: Authority, caplog) -> None:
    bad = authority.issue("CP1")
    authority.revoke(bad)
    context = authority.trusting(bad)

    async def scenario() -> int | None:
        async with bench.running(), asyncio.timeout(WAIT_SECONDS):
            authority.replace("crl.pem", b"nothing")
            (authority.directory / "server.key").write_bytes(b"half a ke")
            while "still hold" not in caplog.text:
                await asyncio.sleep(0.01)
            return await refused(bench, "ocpp2.0.1", "CP1", context)

    assert asyncio.run(scenario()) == 403


def test_list_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    Authority(tmp_path / "other")
    authority.replace("crl.pem", (tmp_path / "other" / "crl.pem").read_bytes())

    with pytest.raises(BadInput, match="signed by"):
        authority.port.revocations()


def test_list_that_is_late_still_holds_and_is_warned_of(authority: Authority, caplog) -> None:
    bad = authority.issue("CP1")
    authority.revoke(bad, days=-1)

    revocations = authority.port.revocations()

    assert revocations.hold(ssl.PEM_cert_to_DER_cert(bad.cert_chain_pems[0].bytes().decode()))
    assert "should have been replaced" in caplog.text
