"""Questions of stations, over NATS, answered from the database."""

import asyncio

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import confirm
from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.domain.facts import AuthorizeQuestion, BootQuestion, ConnectQuestion
from twinev.errors import Unavailable
from twinev.services.add_station import add_station
from twinev.services.answer_stations import AnswerStations


@pytest.fixture
def answers(database, clock) -> AnswerStations:
    return AnswerStations(
        unit_of_work=database.unit_of_work, reading=database.reading, clock=clock, secret_key="secret"
    )


def test_station_connects_boots_and_authorises(nats_server, database, answers, going):
    with database.unit_of_work() as work:
        key = add_station("NEW > 1", site_id="s", work=work, secret_key="secret").key
        work.commit()
    named = {"station_id": "NEW > 1"}

    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(QuestionDesk(client=api, answers=answers).run),
        ):
            await asyncio.sleep(0)  # The desk subscribes.
            await confirm(api)
            desk = StationDesk(client=gateway)
            connect = ConnectQuestion(security_profile=1, username="NEW > 1", password=key, **named)
            boot = BootQuestion(protocol="ocpp1.6", vendor="V", model="M", **named)
            return (
                (await desk.connect(connect)).verdict,
                (await desk.boot(boot)).status,
                (await desk.authorize(AuthorizeQuestion(id_token="card", **named))).status,
            )

    assert asyncio.run(scenario()) == ("accepted", "Accepted", "Accepted")


def test_question_that_cannot_be_answered_is_refused_at_once_and_the_next_is_answered(
    nats_server, database, answers, going
):
    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(QuestionDesk(client=api, answers=answers).run),
        ):
            await asyncio.sleep(0)  # The desk subscribes.
            await confirm(api)
            for action in ("Connect", "NoSuchQuestion"):
                message = await gateway.request(subjects.question("A", action), b"rubbish", timeout=30)
                assert message.data == b""
            return await StationDesk(client=gateway).authorize(AuthorizeQuestion(station_id="A", id_token="card"))

    assert asyncio.run(scenario()).status == "Accepted"


def test_nobody_answers_while_the_api_is_away(nats_server):
    async def scenario():
        async with nats_server.client("gateway") as gateway:
            await StationDesk(client=gateway).authorize(AuthorizeQuestion(station_id="A", id_token="card"))

    with pytest.raises(Unavailable):
        asyncio.run(scenario())
