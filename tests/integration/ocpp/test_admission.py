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


def test_station_is_asked_for_by_its_decoded_id_and_key(bench) -> None:
    async def scenario() -> None:
        async with bench.running(), bench.station("/ocpp/%3E%20RDAM%2F1", key="secret") as station:
            assert station.socket.subprotocol == "ocpp1.6"

    asyncio.run(scenario())

    assert bench.desk.asked == [
        ConnectQuestion(station_id="> RDAM/1", security_profile=1, username="CP1", password="secret")
    ]


@behaviour(
    "C01",
    "A station without a key is asked for as security profile 0",
    source="security whitepaper ed. 2 §2.2",
)
def test_station_without_a_key_asks_for_security_profile_0(bench, protocol: str) -> None:
    async def scenario() -> None:
        async with bench.running(), bench.station(protocols=(protocol,)):
            pass

    asyncio.run(scenario())

    assert bench.desk.asked == [ConnectQuestion(station_id="CP1", security_profile=0)]


def test_refused_stations_hear_why(bench) -> None:
    async def scenario() -> list[tuple[int, Headers]]:
        async with bench.running():
            answers = [await status_of_refusal(bench, "/somewhere")]
            bench.desk.connect_answer = ConnectAnswer(verdict="unknown")
            answers.append(await status_of_refusal(bench))
            bench.desk.connect_answer = ConnectAnswer(verdict="unauthorised")
            answers.append(await status_of_refusal(bench))
            bench.desk.away = True
            answers.append(await status_of_refusal(bench))
            return answers

    nowhere, unknown, unauthorised, away = asyncio.run(scenario())

    assert (nowhere[0], unknown[0], unauthorised[0], away[0]) == (404, 404, 401, 503)
    assert unauthorised[1]["WWW-Authenticate"].startswith("Basic")
    assert "Retry-After" in away[1]
    assert bench.facts.published == []


@pytest.mark.parametrize("protocols", [("ocpp1.5", "soap"), None])
def test_station_without_a_common_sub_protocol_gets_101_and_is_closed(bench, protocols) -> None:
    async def scenario() -> tuple[str | None, bool, int]:
        async with bench.running(), bench.station(protocols=protocols) as station:
            told = "Sec-WebSocket-Protocol" in station.socket.response.headers
            return station.socket.subprotocol, told, await station.closed()

    assert asyncio.run(scenario()) == (None, False, 1002)


@pytest.mark.parametrize(
    ("offered", "chosen", "compressed"),
    [
        (("ocpp1.6",), "ocpp1.6", False),
        (("ocpp2.0.1",), "ocpp2.0.1", True),
        (("ocpp2.1", "ocpp2.0.1", "ocpp1.6"), "ocpp2.1", True),
        (("ocpp2.2", "ocpp2.0.1", "ocpp1.6"), "ocpp2.0.1", True),
        (("ocpp1.6", "ocpp2.0.1"), "ocpp1.6", False),
    ],
)
def test_station_gets_its_own_first_choice(bench, offered, chosen: str, compressed: bool) -> None:
    async def scenario() -> tuple[str | None, bool]:
        async with bench.running(), bench.station(protocols=offered) as station:
            return station.socket.subprotocol, bool(station.socket.protocol.extensions)

    assert asyncio.run(scenario()) == (chosen, compressed)
