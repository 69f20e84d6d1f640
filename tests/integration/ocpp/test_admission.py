"""Opening a socket: who gets in, and what the others are told."""

from __future__ import annotations

import asyncio

import pytest
from ocpp_behaviours import behaviour
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus

from twinev.domain.facts import ConnectAnswer, ConnectQuestion


async def status_of_refusal(bench, path: str = "/ocpp/CP1", **options) -> tuple[int, Headers]:
    with pytest.raises(InvalidStatus) as refused:
        async with bench.station(path, **options):
            pass
    return refused.value.response.status_code, refused.value.response.headers


def refusal(bench, path: str = "/ocpp/CP1", **options) -> tuple[int, Headers]:
    """What a station is told that wants in while the bench is as the test has set it."""

    async def scenario() -> tuple[int, Headers]:
        async with bench.running():
            return await status_of_refusal(bench, path, **options)

    return asyncio.run(scenario())


@behaviour(
    "C01",
    "A station without a key is asked for as security profile 0",
    source="security whitepaper ed. 2 §2.3.1 A00.FR.203",
)
def test_station_without_a_key_asks_for_security_profile_0(bench, protocol: str) -> None:
    async def scenario() -> None:
        async with bench.running(), bench.station(protocols=(protocol,)):
            pass

    asyncio.run(scenario())

    assert bench.desk.asked == [ConnectQuestion(station_id="CP1", security_profile=0)]


@behaviour(
    "C02",
    "The last part of the address is the station's id, percent-decoded; a key comes as HTTP basic authentication",
    source="OCPP-J 1.6 §3.1.1; security whitepaper ed. 2 A00.FR.202; 2.0.1 part 4 §3.1.1",
)
def test_station_is_asked_for_by_its_decoded_id_and_key(bench, protocol: str) -> None:
    async def scenario() -> None:
        path = "/ocpp/%3E%20RDAM%2F1"
        async with bench.running(), bench.station(path, key="secret", protocols=(protocol,)) as station:
            assert station.socket.subprotocol == protocol

    asyncio.run(scenario())

    assert bench.desk.asked == [
        ConnectQuestion(station_id="> RDAM/1", security_profile=1, username="CP1", password="secret")
    ]


@behaviour(
    "C03",
    "An id that nobody registered gets 404",
    source="OCPP-J 1.6 §3.2; 2.0.1 part 4 §3.2",
)
def test_unknown_station_is_not_found(bench, protocol: str) -> None:
    bench.desk.connect_answer = ConnectAnswer(verdict="unknown")

    status, _ = refusal(bench, protocols=(protocol,))

    assert status == 404
    assert bench.facts.published == []


@behaviour(
    "C04",
    "An address without a usable id (none, over 48 characters, unprintable, another path) gets 404 unasked",
    source="OCPP-J 1.6 §3.1.1; 2.0.1 part 2, identifierString",
)
@pytest.mark.parametrize("path", ["/ocpp/", "/ocpp/" + "x" * 49, "/ocpp/a%00b", "/ocpp/%FF", "/ocpp/CP1/2", "/CP1"])
def test_unusable_id_is_not_found_and_not_asked_for(bench, protocol: str, path: str) -> None:
    status, _ = refusal(bench, path, protocols=(protocol,))

    assert (status, bench.desk.asked) == (404, [])


@behaviour(
    "C05",
    "A station whose key is missing or wrong gets 401, which names basic authentication",
    source="security whitepaper ed. 2 A00.FR.203; 2.0.1 part 2 A00.FR.203; RFC 7617",
)
def test_station_without_its_key_is_unauthorised(bench, protocol: str) -> None:
    bench.desk.connect_answer = ConnectAnswer(verdict="unauthorised")

    status, headers = refusal(bench, key="wrong", protocols=(protocol,))

    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic")
    assert bench.facts.published == []


@behaviour(
    "C06",
    "While nobody can decide, a station gets 503 with Retry-After, never an invented welcome",
    source="RFC 9110 §15.6.4; OCPP names no answer",
)
def test_station_is_told_to_try_again_while_the_api_is_away(bench, protocol: str) -> None:
    bench.desk.away = True

    status, headers = refusal(bench, protocols=(protocol,))

    assert status == 503
    assert 5 <= int(headers["Retry-After"]) <= 15
    assert bench.facts.published == []


@behaviour(
    "C07",
    "Without a common sub-protocol the handshake succeeds without the header, and the socket is closed (1002) at once",
    source="OCPP-J 1.6 §3.2; 2.0.1 part 4 §3.2",
)
@pytest.mark.parametrize("offered", [("ocpp1.5", "soap"), None])
def test_station_without_a_common_sub_protocol_gets_101_and_is_closed(bench, protocol: str, offered) -> None:
    async def scenario() -> tuple[str | None, bool, int]:
        async with bench.running(), bench.station(protocols=(protocol,)) as live:
            await bench.facts.wait_for("ConnectionChanged")
            async with bench.station(protocols=offered) as station:
                told = "Sec-WebSocket-Protocol" in station.socket.response.headers
                came = station.socket.subprotocol, told, await station.closed()
            # The same id's live socket is none of its business.
            answer = await live.ask("Heartbeat")
            assert answer[0] in (3, 4)
            return came

    assert asyncio.run(scenario()) == (None, False, 1002)
    assert len(bench.facts.connections) == 2


@behaviour(
    "C08",
    "Of the sub-protocols that a station offers, the first that is spoken here is taken",
    source="OCPP-J 1.6 §3.1.2; 2.0.1 part 4 §3.1.2; RFC 6455 §1.9",
)
def test_station_gets_its_own_first_choice(bench, protocol: str) -> None:
    async def scenario() -> str | None:
        rest = ("ocpp2.1", "ocpp1.6", "ocpp2.0.1")
        async with bench.running(), bench.station(protocols=("ocpp2.9", protocol, *rest)) as station:
            return station.socket.subprotocol

    assert asyncio.run(scenario()) == protocol


@behaviour(
    "C09",
    "permessage-deflate is agreed on with 2.x stations that offer it, and never with 1.6",
    source="OCPP-J 1.6 §5.1; 2.0.1 part 4 §3.3; RFC 7692",
)
def test_frames_are_compressed_for_2x_only(bench, protocol: str) -> None:
    async def scenario() -> tuple[bool, bool]:
        async with bench.running():
            async with bench.station(protocols=(protocol,)) as station:
                offered = bool(station.socket.protocol.extensions)
            async with bench.station(protocols=(protocol,), compression=None) as station:
                return offered, bool(station.socket.protocol.extensions)

    assert asyncio.run(scenario()) == (protocol != "ocpp1.6", False)


@behaviour(
    "C10",
    "No verdict is kept: a station whose key is withdrawn is refused at its very next handshake",
    source="security whitepaper ed. 2 A00.FR.203; 2.0.1 part 2 A00.FR.203",
)
def test_withdrawn_station_is_refused_at_the_next_handshake(bench, protocol: str) -> None:
    async def scenario() -> int:
        async with bench.running():
            async with bench.station(protocols=(protocol,), key="key"):
                bench.desk.connect_answer = ConnectAnswer(verdict="unauthorised")
            return (await status_of_refusal(bench, protocols=(protocol,), key="key"))[0]

    assert asyncio.run(scenario()) == 401
    assert len(bench.desk.asked) == 2
