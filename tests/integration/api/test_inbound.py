"""Messages of other modules: taken in once and in order, refused with the reason, never lost, over a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from nats.js.errors import APIError
from polling import answer_of

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.adapters.messaging.inbound_consumer import CONSUMER, InboundConsumer
from twinev.api.app import create_app
from twinev.api.live import PlanMemory
from twinev.api.platform import Platform
from twinev.api.routers import dead_letters as dead_letter_router
from twinev.domain.tariff import SeriesKind
from twinev.errors import Unavailable
from twinev.services.take_announcement import take_announcement

DEMAND = subjects.inbound("demand", "s")


@pytest.fixture
def consumer_of(database, clock, leadership):
    def build(client, *, unit_of_work=None, take=take_announcement) -> InboundConsumer:
        return InboundConsumer(
            client=client,
            unit_of_work=unit_of_work or database.unit_of_work,
            take=take,
            dead_letters=DeadLetters(client=client),
            leadership=leadership,
            clock=clock,
        )

    return build


@pytest.fixture
def demand(clock):
    """A message about site ``s``; each is made a second after the one before it."""

    def build(number: int = 1, **changes) -> dict:
        return {
            "message_id": str(number),
            "source": "forecast.example",
            "created_at": (clock.now() - timedelta(hours=1) + timedelta(seconds=number)).isoformat(),
            "site_id": "s",
            "unit": "kW",
            "start": clock.now().isoformat(),
            "step_minutes": 60,
            "values": [float(number)],
        } | changes

    return build


@pytest.fixture
def stage(request) -> SimpleNamespace:
    """Everything that a test here needs, by the fixtures' names."""
    names = ("nats_server", "database", "clock", "identity", "consumer_of", "demand", "going", "until")
    return SimpleNamespace(**{name: request.getfixturevalue(name) for name in names})


async def send(client, message, *, subject: str = DEMAND, headers: dict | None = None) -> None:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    await client.jetstream().publish(subject, body, headers=headers)


async def refused(client, count: int) -> list:
    """The refused messages, oldest first, when there are so many."""

    async def letters() -> list:
        found = await DeadLetters(client=client).newest(100)
        return [kept.letter for kept in reversed(found)] if len(found) >= count else []

    return await answer_of(letters)


def demand_now(database, clock) -> float | None:
    with database.reading() as work:
        return work.series.values(SeriesKind.DEMAND, "s", clock.now(), step_minutes=60, count=1)[0]


def taken(database) -> list[str]:
    """The ids of the messages in the order in which they were taken in, as events tell."""
    with database.reading() as work:
        return [event.data["message_id"] for event in work.outbox.pending(1000)]


@contextlib.asynccontextmanager
async def both(nats_server):
    """The API's connection and another module's."""
    async with nats_server.client("api") as api, nats_server.client("platform") as other:
        yield api, other


def test_price_reaches_the_series_in_euros_per_kwh(stage):
    price = stage.demand() | {"zone": "NL", "unit": "EUR/MWh", "values": [61.2, -3.5]}
    del price["site_id"]

    async def scenario() -> None:
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api).run):
            await send(other, price, subject=subjects.inbound("price", "NL"))
            await stage.until(lambda: taken(stage.database) == ["1"])

    asyncio.run(scenario())

    with stage.database.reading() as work:
        known = work.series.values(SeriesKind.PRICE, "NL", stage.clock.now(), step_minutes=60, count=2)
    assert known == pytest.approx([0.0612, -0.0035])


BAD = [
    (DEMAND, b"\xff\x00", "JSON"),
    (DEMAND, b"{", "JSON"),
    (DEMAND, {"values": ["1"]}, "values[0]"),
    (DEMAND, {"unit": "W"}, "unit"),
    (DEMAND, {"site_id": "other"}, "site_id"),
    (DEMAND, {"values": [501.0]}, "10 times what the supply point carries"),
    (DEMAND, {"start": "2026-11-20T00:00:00Z"}, "values that end after now"),
    (DEMAND, {"start": "9999-12-31T23:30:00Z", "step_minutes": 1440}, "start"),
    (DEMAND, {"start": "0001-01-01T00:00:00+10:00"}, "start"),
    (subjects.inbound("demand", "nowhere"), {"site_id": "nowhere"}, "nowhere"),
    (subjects.inbound("weather", "s"), {}, "weather"),
    ("twinev.v1.in.demand", {}, "subject"),
    ("twinev.v1.in.demand.s.x", {}, "subject"),
    ("twinev.v1.in.demand.%FF", {}, "subject"),
]


def test_bad_messages_are_refused_with_reason_and_original_and_hold_up_nothing(stage):
    bodies = [
        body if isinstance(body, bytes) else json.dumps(stage.demand(place) | body).encode()
        for place, (_, body, _) in enumerate(BAD)
    ]

    async def scenario():
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api).run):
            heard = await other.subscribe(subjects.DEAD)
            for (subject, _, _), body in zip(BAD, bodies, strict=True):
                await send(other, body, subject=subject)
            await send(other, stage.demand(99))
            await stage.until(lambda: taken(stage.database) == ["99"])
            letters = await refused(api, len(BAD))
            first = await heard.next_msg(timeout=30)
            return letters, first.subject

    letters, told_on = asyncio.run(scenario())

    assert len(letters) == len(BAD)
    for letter, (subject, _, reason), body in zip(letters, BAD, bodies, strict=True):
        assert letter.subject == subject
        assert reason in letter.reason
        assert letter.remedy
        assert (letter.body or "").encode() == body or letter.body_base64 is not None
    assert told_on == "twinev.v1.dead.in.demand.s"


def test_message_that_comes_again_is_taken_once_and_a_forged_one_is_refused(stage):
    async def scenario():
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api).run):
            for message in (stage.demand(1), stage.demand(1), stage.demand(1, values=[7.0]), stage.demand(2)):
                await send(other, message)
            await stage.until(lambda: "2" in taken(stage.database))
            return await refused(api, 1)

    letters = asyncio.run(scenario())

    assert taken(stage.database) == ["1", "2"]
    assert demand_now(stage.database, stage.clock) == 2.0
    assert ["other content" in letter.reason for letter in letters] == [True]


def test_name_with_dots_and_spaces_reaches_its_site(stage):
    with stage.database.unit_of_work() as work:
        site = work.sites.get("s")
        work.sites.save(type(site)(id="car park.1 >", name="x", location=site.location, supply_max_kw=50))
        work.commit()
    subject = subjects.inbound("demand", "car park.1 >")

    async def scenario() -> None:
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api).run):
            await send(other, stage.demand(site_id="car park.1 >"), subject=subject)
            await stage.until(lambda: taken(stage.database) == ["1"])

    asyncio.run(scenario())

    assert subject == "twinev.v1.in.demand.car%20park%2E1%20%3E"


def test_message_waits_for_a_database_that_is_away_and_is_not_refused(stage):
    away = 3

    def unit_of_work():
        nonlocal away
        if away:
            away -= 1
            raise Unavailable("the database does not answer: an outage")
        return stage.database.unit_of_work()

    async def scenario():
        async with both(stage.nats_server) as (api, other):
            consumer = stage.consumer_of(api, unit_of_work=unit_of_work)
            async with stage.going(consumer.run):
                await send(other, stage.demand(1))
                await send(other, stage.demand(2))
                await stage.until(lambda: taken(stage.database) == ["1", "2"])
                return await DeadLetters(client=api).newest(9)

    assert asyncio.run(scenario()) == []
    assert away == 0


def test_message_over_which_twinev_fails_again_and_again_is_set_aside(stage):
    tries = []

    def failing(announcement, **how) -> bool:
        if announcement.message_id == "1":
            tries.append(announcement)
            raise ZeroDivisionError("a mistake of ours")
        return take_announcement(announcement, **how)

    async def scenario():
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api, take=failing).run):
            await send(other, stage.demand(1))
            await send(other, stage.demand(2))
            await stage.until(lambda: taken(stage.database) == ["2"])
            return await refused(api, 1)

    (letter,) = asyncio.run(scenario())

    assert len(tries) == 3
    assert "ZeroDivisionError" in letter.reason


def test_messages_survive_the_killing_of_the_server_once_and_in_order(stage):
    count = 60

    async def publish(client, message: dict) -> None:
        headers = {"Nats-Msg-Id": message["message_id"]}
        while True:
            try:
                await send(client, message, headers=headers)
                return
            except Exception:
                await asyncio.sleep(0.1)

    async def scenario():
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api).run):
            for number in range(1, count + 1):
                if number in (20, 40):
                    stage.nats_server.kill()
                    stage.nats_server.start()
                await publish(other, stage.demand(number))
            await stage.until(lambda: taken(stage.database)[-1:] == [str(count)], within=60)
            return await DeadLetters(client=api).newest(9)

    letters = asyncio.run(scenario())

    assert taken(stage.database) == [str(number) for number in range(1, count + 1)]
    assert demand_now(stage.database, stage.clock) == float(count)
    assert letters == []


def test_reader_that_begins_anew_meets_every_message_again_and_changes_nothing(stage):
    """A server that is killed may forget how far its consumer was, even that it was there."""

    async def scenario():
        async with both(stage.nats_server) as (api, other):
            async with stage.going(stage.consumer_of(api).run):
                for message in (stage.demand(1), stage.demand(2, unit="W"), stage.demand(3)):
                    await send(other, message)
                await stage.until(lambda: taken(stage.database) == ["1", "3"])
                # Under the running reader, which has to notice.
                await api.jetstream().delete_consumer(subjects.INBOUND_STREAM, CONSUMER)
                await send(other, stage.demand(4))
                await stage.until(lambda: taken(stage.database)[-1] == "4", within=30)
            return await refused(api, 1)

    letters = asyncio.run(scenario())

    assert taken(stage.database) == ["1", "3", "4"]
    assert [letter.sequence for letter in letters] == [2]


def test_message_that_is_too_large_is_refused_to_its_sender(stage):
    async def scenario() -> None:
        async with both(stage.nats_server) as (_, other):
            await send(other, stage.demand(message_id="x" * 1_100_000))

    with pytest.raises(APIError, match="message size exceeds"):
        asyncio.run(scenario())


def test_administrators_read_the_refused_messages_page_by_page(stage):
    async def scenario():
        async with both(stage.nats_server) as (api, other), stage.going(stage.consumer_of(api).run):
            for number in range(5):
                await send(other, f"nonsense {number}".encode())
            await refused(api, 5)
            transport = httpx.ASGITransport(app=_app(api, stage))
            async with httpx.AsyncClient(transport=transport, base_url="http://x/api/v1") as http:
                http.headers["Authorization"] = "Bearer administrator"
                first = (await http.get("/dead-letters", params={"limit": 3})).json()
                rest = await http.get("/dead-letters", params={"limit": 3, "cursor": first["next_cursor"]})
                wrong = await http.get("/dead-letters", params={"cursor": "x"})
                http.headers["Authorization"] = "Bearer charge_point_operator"
                other_role = await http.get("/dead-letters")
                return first["items"] + rest.json()["items"], rest.json()["next_cursor"], wrong, other_role

    items, end, wrong, other_role = asyncio.run(scenario())

    assert [item["body"] for item in items] == [f"nonsense {number}" for number in (4, 3, 2, 1, 0)]
    assert all("JSON" in item["reason"] and item["remedy"] for item in items)
    assert end is None
    assert wrong.json()["key"] == "cursor"
    assert other_role.status_code == 403


def _app(client, stage):
    platform = Platform(
        unit_of_work=stage.database.unit_of_work,
        reading=stage.database.reading,
        clock=stage.clock,
        planner=None,
        command_station=None,
        events=None,
        plan_memory=PlanMemory(),
        secret_key="secret",
    )
    return create_app(
        platform=platform,
        identity=stage.identity,
        routers=(dead_letter_router.router,),
        state={"dead_letters": DeadLetters(client=client)},
    )
