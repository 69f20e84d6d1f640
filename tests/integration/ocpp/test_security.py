"""Security profiles 0 to 3 and keys, with the API's own answers from a real database behind the gateway."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from ocpp_behaviours import behaviour
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.ocpp.tls import TlsPort
from twinev.clock import PlatformClock
from twinev.domain.charge_points import Location, Site
from twinev.domain.facts import ConnectAnswer, ConnectQuestion
from twinev.services.add_station import add_station
from twinev.services.answer_stations import AnswerStations
from twinev.services.rotate_key import RotateKey

CLOCK = PlatformClock()
SECRET = "a secret key of the tests"
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
WELCOME = 101
# The server's alert, or its closed connection where that comes first.
NO_HANDSHAKE = (ssl.SSLError, ConnectionResetError)
SET_KEY = {"ocpp1.6": "ChangeConfiguration", "ocpp2.0.1": "SetVariables", "ocpp2.1": "SetVariables"}


class Authority:
    """A certificate authority, made for one test, and the files that it writes."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self._directory = directory

    def tls_port(self, *, client_ca: bool, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> TlsPort:
        certificate = self._ca.issue_cert("127.0.0.1", key_type=key_type)
        chain, key, ca = (self._directory / name for name in ("server.pem", "server.key", "ca.pem"))
        chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        certificate.private_key_pem.write_to_path(key)
        self._ca.cert_pem.write_to_path(ca)
        return TlsPort(port=0, certificate=chain, key=key, client_ca=ca if client_ca else None)

    def station(self, common_name: str | None = None, *, dns_name: str | None = None) -> ssl.SSLContext:
        """What a station trusts; with a name it has a certificate of its own."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        if common_name is not None:
            names = [dns_name] if dns_name else []
            self._ca.issue_cert(*names, common_name=common_name).configure_cert(context)
        return context


class Api:
    """The desk and the key rotation over one SQLite file, with the bench's gateway before them."""

    def __init__(self, database: Database, bench) -> None:
        shared = {"unit_of_work": database.unit_of_work, "clock": CLOCK, "secret_key": SECRET}
        self.answers = AnswerStations(reading=database.reading, **shared)
        self.rotation = RotateKey(commands=bench.commands, timeout_seconds=1.0, **shared)
        self._database = database

    async def connect(self, question: ConnectQuestion) -> ConnectAnswer:
        return await asyncio.to_thread(self.answers.connect, question)

    def register(self, station_id: str, security_profile: int) -> str | None:
        """The station's key."""
        with self._database.unit_of_work() as work:
            profile = {"security_profile": security_profile}
            added = add_station(station_id, site_id="s", work=work, secret_key=SECRET, **profile)
            work.commit()
        return added.key

    def pending_keys(self, station_id: str) -> int:
        with self._database.reading() as work:
            return len(work.stations.pending_keys(station_id))

    def commands_on_record(self) -> list:
        with self._database.reading() as work:
            return list(work.commands.list(limit=100, before=None, station_id=None))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def api(tmp_path: Path, bench) -> Iterator[Api]:
    url = f"sqlite:///{tmp_path / 'twinev.db'}"
    upgrade(url)
    database = Database(engine=open_engine(url), clock=CLOCK)
    with database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=50))
        work.commit()
    bench.desk = Api(database, bench)
    yield bench.desk
    database.close()


@contextlib.asynccontextmanager
async def coming_in(
    bench, protocol: str, station_id: str, *, key: str | bytes | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ClientConnection]:
    """A station at the plain port, or at the TLS port when it brings ``tls``."""
    headers = {}
    if key is not None:
        octets = key.encode() if isinstance(key, str) else key
        headers["Authorization"] = "Basic " + base64.b64encode(station_id.encode() + b":" + octets).decode()
    scheme, port = ("ws", bench.gateway.port) if tls is None else ("wss", bench.gateway.tls_port)
    address = f"{scheme}://127.0.0.1:{port}/ocpp/{station_id}"
    options: dict[str, Any] = {"subprotocols": [protocol], "additional_headers": headers, "ping_interval": None}
    async with connect(address, ssl=tls, **options) as socket:
        yield socket


async def status_of(bench, protocol: str, station_id: str, **options: Any) -> int:
    """What a station's request is answered with."""
    try:
        async with coming_in(bench, protocol, station_id, **options) as socket:
            return socket.response.status_code
    except InvalidStatus as refused:
        return refused.response.status_code


@behaviour(
    "C27",
    "Security profile 2: over TLS a station comes in with its key, and gets 401 without it or with another",
    source="security whitepaper ed. 2 A00.FR.301–306; 2.0.1 part 2 A00.FR.301–307",
)
def test_tls_with_basic_authentication(bench, api: Api, authority: Authority, protocol: str) -> None:
    key, other_key = api.register("CP1", 2), api.register("CP2", 2)
    bench.gateway_options = {"tls": authority.tls_port(client_ca=False)}

    async def scenario() -> list[int]:
        async with bench.running():
            return [
                await status_of(bench, protocol, "CP1", key=given, tls=authority.station())
                for given in (key, None, other_key, key.upper() + "0")
            ]

    assert asyncio.run(scenario()) == [WELCOME, 401, 401, 401]


@behaviour(
    "C28",
    "Security profile 3: a station comes in with a certificate whose common name or DNS name is its id, without a key",
    source="security whitepaper ed. 2 A00.FR.401–405 (the id is the serial number); 2.0.1 part 2 A00.FR.401–405",
)
@pytest.mark.parametrize("names", [("CP1", None), ("a label", "cp7")])
def test_tls_with_client_certificate(bench, api: Api, authority: Authority, protocol: str, names) -> None:
    common_name, dns_name = names
    station_id = dns_name or common_name
    assert api.register(station_id, 3) is None
    bench.gateway_options = {"tls": authority.tls_port(client_ca=True)}

    async def scenario() -> int:
        async with bench.running():
            context = authority.station(common_name, dns_name=dns_name)
            return await status_of(bench, protocol, station_id, tls=context)

    assert asyncio.run(scenario()) == WELCOME


@behaviour(
    "C29",
    "On profile 3's port nobody gets beyond the TLS handshake without a certificate of the CA, not even with a key",
    source="security whitepaper ed. 2 A00.FR.407; 2.0.1 part 2 A00.FR.407",
)
@pytest.mark.parametrize("has_foreign_certificate", [False, True])
def test_station_without_a_certificate_of_the_ca_has_no_handshake(
    bench, authority: Authority, tmp_path: Path, protocol: str, has_foreign_certificate: bool
) -> None:
    bench.gateway_options = {"tls": authority.tls_port(client_ca=True)}
    context = authority.station()
    if has_foreign_certificate:
        Authority(tmp_path)._ca.issue_cert(common_name="CP1").configure_cert(context)

    async def scenario() -> None:
        async with bench.running():
            with pytest.raises((*NO_HANDSHAKE, InvalidHandshake)):
                async with coming_in(bench, protocol, "CP1", key="key", tls=context):
                    pass

    asyncio.run(scenario())

    assert bench.desk.asked == []


@behaviour(
    "C30",
    "A station whose certificate names another gets 403, and nobody is asked",
    source="security whitepaper ed. 2 A00.FR.405; 2.0.1 part 2 A00.FR.405",
)
def test_certificate_of_another_station_is_refused(bench, authority: Authority, protocol: str) -> None:
    bench.gateway_options = {"tls": authority.tls_port(client_ca=True)}

    async def scenario() -> int:
        async with bench.running():
            return await status_of(bench, protocol, "CP1", key="key", tls=authority.station("CP11"))

    assert asyncio.run(scenario()) == 403
    assert bench.desk.asked == []


@behaviour(
    "C31",
    "TLS 1.2 and 1.3 are spoken, older versions refused",
    source="security whitepaper ed. 2 A00.FR.312–314; 2.0.1 part 2 A00.FR.313–314",
)
def test_old_versions_of_tls_are_refused(bench, authority: Authority, protocol: str) -> None:
    bench.gateway_options = {"tls": authority.tls_port(client_ca=False)}

    def speaking(version: ssl.TLSVersion) -> ssl.SSLContext:
        context = authority.station()
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = context.maximum_version = version
        if version < ssl.TLSVersion.TLSv1_2:
            # Or the client itself would not try.
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    async def scenario() -> list[str | None]:
        async with bench.running():
            versions = []
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                async with coming_in(bench, protocol, "CP1", key="key", tls=speaking(version)) as socket:
                    versions.append(socket.transport.get_extra_info("ssl_object").version())
            with pytest.raises(NO_HANDSHAKE):
                async with coming_in(bench, protocol, "CP1", key="key", tls=speaking(ssl.TLSVersion.TLSv1_1)):
                    pass
            return versions

    assert asyncio.run(scenario()) == ["TLSv1.2", "TLSv1.3"]


@behaviour(
    "C32",
    "The four cipher suites that every station may count on are spoken; suites of CBC are not",
    source="security whitepaper ed. 2 A00.FR.317, A00.FR.319; 2.0.1 part 2 A00.FR.318–319",
)
@pytest.mark.parametrize(
    ("cipher", "spoken"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", True),
        ("AES128-GCM-SHA256", True),
        ("AES256-GCM-SHA384", True),
        ("ECDHE-RSA-AES128-GCM-SHA256", True),
        ("AES128-SHA", False),
        ("ECDHE-ECDSA-AES128-SHA256", False),
    ],
)
def test_cipher_suites(bench, authority: Authority, protocol: str, cipher: str, spoken: bool) -> None:
    key_type = trustme.KeyType.ECDSA if "ECDSA" in cipher else trustme.KeyType.RSA
    bench.gateway_options = {"tls": authority.tls_port(client_ca=False, key_type=key_type)}

    async def scenario() -> str | None:
        context = authority.station()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(cipher)
        async with bench.running():
            try:
                async with coming_in(bench, protocol, "CP1", key="key", tls=context) as socket:
                    return socket.transport.get_extra_info("ssl_object").cipher()[0]
            except NO_HANDSHAKE:
                return None

    assert asyncio.run(scenario()) == (cipher if spoken else None)


@behaviour(
    "C33",
    "One security profile per port: a station comes in under the one that it is registered with, and under no other",
    source="security whitepaper ed. 2 A00.FR.002, A00.FR.006; 2.0.1 part 2 A00.FR.002, A00.FR.006",
)
def test_station_comes_in_under_its_own_profile_only(bench, api: Api, authority: Authority, protocol: str) -> None:
    keys = {f"P{profile}": api.register(f"P{profile}", profile) for profile in range(4)}

    async def at_ports(*, client_ca: bool) -> dict[str, tuple[int, int]]:
        bench.gateway_options = {"tls": authority.tls_port(client_ca=client_ca)}
        async with bench.running():
            return {
                station_id: (
                    await status_of(bench, protocol, station_id, key=key or "any"),
                    await status_of(bench, protocol, station_id, key=key or "any", tls=authority.station(station_id)),
                )
                for station_id, key in keys.items()
            }

    with_key, with_certificate = (asyncio.run(at_ports(client_ca=client_ca)) for client_ca in (False, True))

    plain_only, tls_only, nowhere = (WELCOME, 401), (401, WELCOME), (401, 401)
    assert with_key == {"P0": plain_only, "P1": plain_only, "P2": tls_only, "P3": nowhere}
    assert with_certificate == {"P0": plain_only, "P1": plain_only, "P2": nowhere, "P3": tls_only}


async def take_new_key(socket: ClientConnection, protocol: str, status: str | None) -> str:
    """Answer the CALL that brings the new key (nothing with ``status`` None), and return the key."""
    async with asyncio.timeout(10):
        _, message_id, action, payload = json.loads(await socket.recv())
    assert action == SET_KEY[protocol]
    if protocol == "ocpp1.6":
        key = payload["value"]
        assert payload == {"key": "AuthorizationKey", "value": key}
        answer: dict[str, Any] = {"status": status}
    else:
        (data,) = payload["setVariableData"]
        key = data.pop("attributeValue")
        assert data == {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        answer = {"setVariableResult": [data | {"attributeStatus": status}]}
    if status is not None:
        await socket.send(json.dumps([3, message_id, answer]))
    return key


@behaviour(
    "C34",
    "A new key that the station takes: old and new let it in until it has come with the new one, then the old gets 401",
    source="security whitepaper ed. 2 A01; 2.0.1 part 2 A01",
)
@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_new_key_that_is_taken(bench, api: Api, protocol: str, status: str) -> None:
    old = api.register("CP1", 1)

    async def scenario() -> tuple[str, str | None, list[int]]:
        async with bench.running():
            async with coming_in(bench, protocol, "CP1", key=old) as socket:
                await bench.facts.wait_for("ConnectionChanged")
                rotating = asyncio.create_task(api.rotation.rotate("CP1", issued_by="operator"))
                new = await take_new_key(socket, protocol, status)
                sent = await rotating
            keys = (old, old, new, old, new)
            return sent.outcome, sent.status, [await status_of(bench, protocol, "CP1", key=key) for key in keys]

    outcome, said, statuses = asyncio.run(scenario())

    assert (outcome, said) == ("accepted", status)
    assert statuses == [WELCOME, WELCOME, WELCOME, 401, WELCOME]
    assert api.pending_keys("CP1") == 0


@behaviour(
    "C35",
    "A new key that the station refuses never lets anybody in, and the old one stays",
    source="security whitepaper ed. 2 A01; 2.0.1 part 2 A01",
)
@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_new_key_that_is_refused(bench, api: Api, protocol: str, status: str) -> None:
    old = api.register("CP1", 1)
    # What 1.6 calls NotSupported is an unknown variable in 2.x.
    said = "UnknownVariable" if status == "NotSupported" and protocol != "ocpp1.6" else status

    async def scenario() -> tuple[str, list[int]]:
        async with bench.running():
            async with coming_in(bench, protocol, "CP1", key=old) as socket:
                await bench.facts.wait_for("ConnectionChanged")
                rotating = asyncio.create_task(api.rotation.rotate("CP1", issued_by="operator"))
                new = await take_new_key(socket, protocol, said)
                sent = await rotating
            return sent.outcome, [await status_of(bench, protocol, "CP1", key=key) for key in (new, old)]

    outcome, statuses = asyncio.run(scenario())

    assert outcome in ("rejected", "not_supported")
    assert statuses == [401, WELCOME]


@behaviour(
    "C36",
    "After silence nobody knows whether the new key was taken: old and new let the station in, whichever it comes with",
    source="security whitepaper ed. 2 A01; 2.0.1 part 2 A01",
)
def test_new_key_that_is_not_answered(bench, api: Api, protocol: str) -> None:
    old = api.register("CP1", 1)

    async def scenario() -> tuple[list[str], list[int]]:
        async with bench.running():
            async with coming_in(bench, protocol, "CP1", key=old) as socket:
                await bench.facts.wait_for("ConnectionChanged")
                first = asyncio.create_task(api.rotation.rotate("CP1", issued_by="operator"))
                silent = await take_new_key(socket, protocol, None)
                outcomes = [(await first).outcome]
                # Another try meanwhile, and the station refuses: it may have taken the first one all the same.
                second = asyncio.create_task(api.rotation.rotate("CP1", issued_by="operator"))
                refused = await take_new_key(socket, protocol, "Rejected")
                outcomes.append((await second).outcome)
            keys = (old, refused, silent, old)
            return outcomes, [await status_of(bench, protocol, "CP1", key=key) for key in keys]

    outcomes, statuses = asyncio.run(scenario())

    assert outcomes == ["timeout", "rejected"]
    assert statuses == [WELCOME, 401, WELCOME, 401]


@behaviour(
    "C37",
    "An AuthorizationKey is 32 hexadecimal digits; a station may send these, or the 16 octets that they stand for",
    source="security whitepaper ed. 2 A00.FR.205",
    protocols=("ocpp1.6",),
)
def test_key_may_come_as_digits_or_octets(bench, api: Api, protocol: str) -> None:
    key = api.register("CP1", 1)
    octets = bytes.fromhex(key)

    async def scenario() -> list[int]:
        async with bench.running():
            given = (key, octets, octets[::-1], octets[:-1])
            return [await status_of(bench, protocol, "CP1", key=each) for each in given]

    assert len(octets) == 16
    assert asyncio.run(scenario()) == [WELCOME, WELCOME, 401, 401]


def test_key_is_neither_logged_nor_on_record(bench, api: Api, caplog) -> None:
    old = api.register("CP1", 1)

    async def scenario() -> str:
        async with bench.running(), coming_in(bench, "ocpp1.6", "CP1", key=old) as socket:
            await bench.facts.wait_for("ConnectionChanged")
            rotating = asyncio.create_task(api.rotation.rotate("CP1", issued_by="operator"))
            _, message_id, _, payload = json.loads(await socket.recv())
            new = payload["value"]
            await socket.send(json.dumps([4, message_id, "PropertyConstraintViolation", f"{new} is too long", {}]))
            await rotating
            assert await status_of(bench, "ocpp1.6", "CP1", key="guessed") == 401
            return new

    with caplog.at_level("DEBUG", logger="twinev"):
        new = asyncio.run(scenario())

    (sent,) = api.commands_on_record()
    assert (sent.action, sent.issued_by, sent.outcome) == ("SetBasicAuthPassword", "operator", "call_error")
    assert sent.detail == "(the key) is too long"
    told = repr(sent) + caplog.text
    assert "CP1" in told
    assert not any(key in told for key in (old, new, "guessed"))
