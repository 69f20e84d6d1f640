"""Questions of the gateway: answered by the API, unavailable at once when there is none."""

from __future__ import annotations

import asyncio

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import confirm
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.domain.facts import AuthorizeQuestion, ConnectAnswer, ConnectQuestion, Decision
from twinev.errors import Unavailable
from twinev.wire.messages import decode, encode

QUESTION = ConnectQuestion(station_id="CP 1", security_profile=1, username="CP 1", password="secret")


def test_question_is_answered_by_the_api(nats_server) -> None:
    async def scenario() -> tuple[ConnectQuestion, ConnectAnswer, Decision]:
        heard = []

        async def answer(message) -> None:
            if message.subject.endswith(".Connect"):
                heard.append(decode(ConnectQuestion, message.data))
                await message.respond(encode(ConnectAnswer(verdict="accepted", evse_count=2)))
            else:
                await message.respond(encode(Decision(status="Blocked")))

        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await api.subscribe(subjects.QUESTIONS, queue="api", cb=answer)
            await confirm(api)
            desk = StationDesk(client=gateway)
            connected = await desk.connect(QUESTION)
            return heard[0], connected, await desk.authorize(AuthorizeQuestion(station_id="CP 1", id_token="AB"))

    heard, connected, decision = asyncio.run(scenario())

    assert heard == QUESTION
    assert connected == ConnectAnswer(verdict="accepted", evse_count=2)
    assert decision.status == "Blocked"


def test_question_without_an_api_is_unavailable_at_once(nats_server) -> None:
    async def scenario() -> None:
        async with nats_server.client("gateway") as gateway:
            await asyncio.wait_for(StationDesk(client=gateway, timeout_seconds=30).connect(QUESTION), 3)

    with pytest.raises(Unavailable, match="CP 1"):
        asyncio.run(scenario())


def test_question_with_an_unusable_answer_is_unavailable(nats_server) -> None:
    async def scenario() -> None:
        async def answer(message) -> None:
            await message.respond(b"")

        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await api.subscribe(subjects.QUESTIONS, cb=answer)
            await confirm(api)
            await StationDesk(client=gateway).connect(QUESTION)

    with pytest.raises(Unavailable, match="unusable"):
        asyncio.run(scenario())
