"""Transactions from start to end, and what a station sends late, twice or without an answer; into a real database."""

from __future__ import annotations

import asyncio
import json

import ocpp_messages
import pytest
from ocpp_behaviours import behaviour
from ocpp_messages import AT, CARD, TX, told_status

from twinev.domain.facts import Decision

VERSIONS_OF_2 = ("ocpp2.0.1", "ocpp2.1")
OFFLINE = "1.6 ed. 2 §3.7; 2.x part 2 E04"
NATURAL_KEY = "1.6 ed. 2 §3.7.1; 2.x part 2 E13"


def a_backlog(protocol: str, number: int | None = None) -> list[ocpp_messages.Message]:
    """A transaction's five readings and its end, as a station queues them: ``number`` is what 1.6 was given."""
    readings = [(f"2026-11-22T18:{10 * minute:02}:00Z", 1000 + 200 * minute) for minute in range(1, 6)]
    if protocol == "ocpp1.6":
        queue = [ocpp_messages.meter_values(protocol, wh, at, transaction=number) for at, wh in readings]
        return [*queue, ocpp_messages.ended(protocol, number=number)]
    queue = [
        ocpp_messages.event("Updated", n, at=at, offline=True, meterValue=[ocpp_messages.meter_value(protocol, wh, at)])
        for n, (at, wh) in enumerate(readings, start=1)
    ]
    return [*queue, ocpp_messages.ended(protocol, seq_no=6)]


def number_in(answer: list) -> int:
    """The transaction's number, which only 1.6's answer has."""
    return answer[2].get("transactionId", 1)


@behaviour(
    "T01",
    "The start of a transaction is answered when it is kept, with the verdict on its token, and in 1.6 with its number",
    source="1.6 ed. 2 §4.8; 2.x part 2 E01, E02",
)
def test_start_is_answered_with_verdict_and_number(platform, on_platform, protocol: str) -> None:
    platform.save_token(CARD, "Accepted")

    answer = on_platform(protocol, lambda station: station.ask(*ocpp_messages.started(protocol)))

    assert answer[0] == 3
    assert told_status(answer[2]) == "Accepted"
    (session,) = platform.sessions
    assert (session.id_token, session.meter_start_kwh, session.active) == (CARD, 1.0, True)
    assert session.ocpp_transaction_id == (str(answer[2]["transactionId"]) if protocol == "ocpp1.6" else TX)


@behaviour(
    "T02",
    "The start of a transaction with a refused token is confirmed too, with that verdict: it did start",
    source="1.6 ed. 2 §4.8; 2.x part 2 E05",
)
@pytest.mark.parametrize("known", ["Blocked", "Expired", None])
def test_start_with_a_refused_token_is_confirmed(platform, on_platform, protocol: str, known: str | None) -> None:
    if known is not None:
        platform.save_token(CARD, known)

    answer = on_platform(protocol, lambda station: station.ask(*ocpp_messages.started(protocol)))

    assert answer[0] == 3
    assert told_status(answer[2]) == (known or "Invalid")
    assert protocol != "ocpp1.6" or answer[2]["transactionId"] > 0
    assert [session.active for session in platform.sessions] == [True]


@behaviour(
    "T03",
    "A start that is sent again, with a new message id and over a new socket, is the same transaction",
    source=NATURAL_KEY,
)
def test_repeated_start_is_the_same_transaction(platform, protocol: str, connected_station) -> None:
    async def scenario() -> list[dict]:
        answers = []
        async with platform.running():
            for _ in range(3):
                async with connected_station(platform.gateway, "/ocpp/CP1", (protocol,)) as station:
                    answers.append((await station.ask(*ocpp_messages.started(protocol)))[2])
            await platform.settled()
        return answers

    answers = asyncio.run(scenario())

    assert answers[0] == answers[1] == answers[2]
    assert len(platform.sessions) == 1
    assert len(platform.events("session.started")) == 1
    assert platform.set_aside == 0


@behaviour(
    "T04",
    "The same event with other content is answered, kept aside and told of; what came first stands",
    source=NATURAL_KEY,
)
def test_contradiction_is_kept_aside(platform, on_platform, protocol: str) -> None:
    action, first = ocpp_messages.started(protocol)
    other = {"reservationId": 9}

    async def script(station):
        answers = [await station.ask(action, first), await station.ask(action, first | other)]
        return [answer[2] for answer in answers]

    answers = on_platform(protocol, script)

    assert answers[0] == answers[1]
    assert len(platform.sessions) == 1
    assert platform.set_aside == 1
    (event,) = platform.events("station.fact_set_aside")
    assert (event["action"], event["reason"]) == (action, "the same key came before with other content")


@behaviour(
    "T05",
    "The end of a transaction that nobody knows is answered, logged, kept aside and told of",
    source="1.6 ed. 2 §4.10; 2.x part 2 E06",
)
def test_end_of_an_unknown_transaction_is_answered(platform, on_platform, protocol: str, caplog) -> None:
    message = ocpp_messages.ended(protocol, token=CARD, number=77, tx="tx-77")

    answer = on_platform(protocol, lambda station: station.ask(*message))

    assert answer[0] == 3
    assert told_status(answer[2]) == "Invalid"
    assert platform.set_aside == 1
    reason = f"no session has the transaction {'77' if protocol == 'ocpp1.6' else 'tx-77'}"
    assert platform.events("station.fact_set_aside")[0]["reason"] == reason
    assert reason in caplog.text


@behaviour(
    "T06",
    "Messages with transactionId -1, of a station that never learnt the number, are answered and kept",
    source="1.6 errata, transactionId of a StartTransaction without answer",
    protocols=("ocpp1.6",),
)
def test_transaction_minus_one_is_answered(platform, on_platform, protocol: str, caplog) -> None:
    async def script(station):
        await station.ask(*ocpp_messages.started(protocol))
        values = await station.ask(*ocpp_messages.meter_values(protocol, 2000, transaction=-1))
        return values, await station.ask(*ocpp_messages.ended(protocol, number=-1))

    values, end = on_platform(protocol, script)

    assert (values[0], end[0]) == (3, 3)
    # Which of a station's transactions it was cannot be told: the one that runs stays as it is.
    assert [session.active for session in platform.sessions] == [True]
    assert platform.set_aside == 1
    assert "no session has the transaction -1" in caplog.text


@behaviour("T07", "An end that is sent again changes nothing and is answered alike", source=NATURAL_KEY)
def test_repeated_end_changes_nothing(platform, on_platform, protocol: str) -> None:
    async def script(station):
        number = number_in(await station.ask(*ocpp_messages.started(protocol)))
        end = ocpp_messages.ended(protocol, token=CARD, number=number)
        return [(await station.ask(*end))[2] for _ in range(3)]

    answers = on_platform(protocol, script)

    assert answers[0] == answers[1] == answers[2]
    assert len(platform.events("session.ended")) == 1
    assert platform.set_aside == 0


@behaviour(
    "T08",
    "A second end that differs is answered and kept aside; the first stands",
    source="1.6 ed. 2 §4.10; 2.x part 2 E06",
)
def test_second_end_is_kept_aside(platform, on_platform, protocol: str) -> None:
    async def script(station):
        number = number_in(await station.ask(*ocpp_messages.started(protocol)))
        await station.ask(*ocpp_messages.ended(protocol, number=number, wh=3000))
        later = ocpp_messages.ended(protocol, number=number, wh=9000, at="2026-11-22T19:30:00Z", seq_no=2)
        return await station.ask(*later)

    assert on_platform(protocol, script)[0] == 3
    (session,) = platform.sessions
    assert (session.energy_kwh, session.ended_at.isoformat()) == (2.0, "2026-11-22T19:00:00+00:00")
    assert platform.set_aside == 1


@behaviour(
    "T09",
    "A transaction's energy is its last register reading less its first, and every reading in its messages is kept",
    source="1.6 ed. 2 §4.7, §4.10; 2.x part 2 E06, J02",
)
def test_energy_and_readings_are_kept(platform, on_platform, protocol: str) -> None:
    async def script(station):
        number = number_in(await station.ask(*ocpp_messages.started(protocol)))
        for message in a_backlog(protocol, number):
            assert (await station.ask(*message))[0] == 3

    on_platform(protocol, script)

    (session,) = platform.sessions
    assert (session.energy_kwh, session.stop_reason) == (2.0, "Local")
    readings = [1.2, 1.4, 1.6, 1.8, 2.0]
    # In 2.x the first and the last reading are samples too; in 1.6 they are fields of their own.
    assert platform.register_kwh(session) == (readings if protocol == "ocpp1.6" else [1.0, *readings, 3.0])


@behaviour(
    "T10", "A backlog is taken in its order, after a reconnection without a boot, at the times it tells", source=OFFLINE
)
def test_backlog_is_taken_in_order(platform, protocol: str, connected_station) -> None:
    async def scenario() -> list[list]:
        async with platform.running():
            async with connected_station(platform.gateway, "/ocpp/CP1", (protocol,)) as station:
                number = number_in(await station.ask(*ocpp_messages.started(protocol)))
            async with connected_station(platform.gateway, "/ocpp/CP1", (protocol,)) as station:
                # All at once, as some stations do.
                queue = a_backlog(protocol, number)
                for position, message in enumerate(queue):
                    await station.send([2, str(position), *message])
                answers = [await station.receive() for _ in queue]
            await platform.settled()
            return answers

    answers = asyncio.run(scenario())

    assert [answer[:2] for answer in answers] == [[3, str(position)] for position in range(6)]
    (session,) = platform.sessions
    assert session.started_at.isoformat() == "2026-11-22T18:00:00+00:00"
    assert session.ended_at.isoformat() == "2026-11-22T19:00:00+00:00"
    assert session.energy_kwh == 2.0
    assert session.events.gaps == ()
    assert platform.set_aside == 0


@behaviour(
    "T11",
    "A whole transaction that was queued while offline, its start included, becomes a session when it comes",
    source=OFFLINE,
)
def test_whole_transaction_from_the_queue_becomes_a_session(platform, on_platform, protocol: str) -> None:
    async def script(station):
        action, payload = ocpp_messages.started(protocol)
        number = number_in(await station.ask(action, payload))
        for message in a_backlog(protocol, number):
            await station.ask(*message)
        # The next car came meanwhile, and was told in its turn.
        later = ocpp_messages.started(protocol, at="2026-11-22T19:30:00Z", tx="tx-2", wh=3000)
        return await station.ask(*later)

    assert on_platform(protocol, script)[0] == 3
    assert [session.active for session in platform.sessions] == [False, True]
    assert [session.energy_kwh for session in platform.sessions] == [2.0, 0.0]


@behaviour(
    "T12",
    "An event is confirmed only when it is kept; what comes behind it waits its turn",
    source="1.6 ed. 2 §3.7.1; 2.x part 2 E13; OCPP-J 1.6 §4.1.1",
)
def test_answer_waits_until_the_fact_is_durable(bench, protocol: str) -> None:
    async def script(station):
        bench.facts.release.clear()
        await station.send([2, "first", *ocpp_messages.started(protocol)])
        await station.send([2, "second", "Heartbeat", {}])
        # A CALL with a used id is refused at once, ahead of both: until then neither was answered.
        await station.send([2, "first", "Heartbeat", {}])
        refused = await station.receive()
        bench.facts.release.set()
        return [refused[:2], *[(await station.receive())[:2] for _ in range(2)]]

    assert bench.talk(protocol, script) == [[4, "first"], [3, "first"], [3, "second"]]


@behaviour(
    "T13",
    "An event that cannot be kept gets InternalError, never a confirmation; sent again it is taken",
    source="OCPP-J 1.6 §4.2.3; 2.x part 4 §4.2.3",
)
def test_fact_that_is_not_durable_is_not_confirmed(bench, protocol: str) -> None:
    messages = [ocpp_messages.started(protocol), ocpp_messages.status(protocol), ocpp_messages.meter_values(protocol)]

    async def script(station):
        bench.facts.away = True
        refused = [await station.ask(*message) for message in messages]
        bench.facts.away = False
        return refused, [await station.ask(*message) for message in messages]

    refused, confirmed = bench.talk(protocol, script)

    assert [(answer[0], answer[2]) for answer in refused] == [(4, "InternalError")] * 3
    assert [answer[0] for answer in confirmed] == [3] * 3


@behaviour(
    "T14",
    "While the API is away a start gets InternalError, no invented verdict; repeated later it is one transaction",
    source="OCPP-J 1.6 §4.2.3; 2.x part 4 §4.2.3",
)
def test_start_while_the_api_is_away_is_one_transaction_later(platform, on_platform, protocol: str) -> None:
    async def script(station):
        await platform.stop_api()
        refused = await station.ask(*ocpp_messages.started(protocol))
        platform.start_api()
        # The first one is in the stream; which of the two the API takes first does not matter.
        confirmed = await station.ask(*ocpp_messages.started(protocol))
        while confirmed[0] == 4:
            confirmed = await station.ask(*ocpp_messages.started(protocol))
        return refused, confirmed

    refused, confirmed = on_platform(protocol, script, decision_seconds=1.0)

    assert (refused[0], refused[2]) == (4, "InternalError")
    assert confirmed[0] == 3
    assert len(platform.sessions) == 1
    assert platform.set_aside == 0


@behaviour(
    "T15",
    "Events of a transaction that did not come are seen by the gap in their numbers, until they come",
    source="2.x part 2 E01.FR.07, E04.FR.07",
    protocols=VERSIONS_OF_2,
)
def test_gap_in_the_numbers_is_seen(platform, on_platform, protocol: str) -> None:
    seen = []

    async def script(station):
        await station.ask(*ocpp_messages.started(protocol))
        for number in (1, 5, 4, 2, 3):
            minute = f"2026-11-22T18:{number:02}:00Z"
            await station.ask(*ocpp_messages.event("Updated", number, at=minute))
            await platform.settled()
            seen.append(platform.sessions[0].events.gaps)

    on_platform(protocol, script)

    assert seen == [(), ((2, 4),), ((2, 3),), ((3, 3),), ()]
    told = [event["missing_seq_nos"] for event in platform.events("session.events_missing")]
    assert told == [[[2, 4]], [[2, 3]], [[3, 3]], []]


@behaviour(
    "T16",
    "A transaction whose start did not come becomes a session by a later event, and its start is missed",
    source="2.x part 2 E01.FR.07, E04",
    protocols=VERSIONS_OF_2,
)
def test_session_whose_start_did_not_come(platform, on_platform, protocol: str) -> None:
    seen = []

    async def script(station):
        update = ocpp_messages.event("Updated", 1, at="2026-11-22T18:10:00Z", evse={"id": 1, "connectorId": 1})
        await station.ask(*update)
        await platform.settled()
        seen.append(platform.sessions[0])
        await station.ask(*ocpp_messages.started(protocol))
        seen.append(platform.sessions[0])

    on_platform(protocol, script)

    assert [session.events.gaps for session in seen] == [((0, 0),), ()]
    assert [session.started_at.isoformat()[11:16] for session in seen] == ["18:10", "18:00"]
    assert len(platform.sessions) == 1


@behaviour(
    "T17",
    "An event that comes after the end of its transaction is kept and does not open it again",
    source="2.x part 2 E04",
    protocols=VERSIONS_OF_2,
)
def test_event_after_the_end_is_kept(platform, on_platform, protocol: str) -> None:
    late = ocpp_messages.event(
        "Updated",
        1,
        at="2026-11-22T18:30:00Z",
        meterValue=[ocpp_messages.meter_value(protocol, 2000, "2026-11-22T18:30:00Z")],
    )

    async def script(station):
        await station.ask(*ocpp_messages.started(protocol))
        await station.ask(*ocpp_messages.ended(protocol, seq_no=2))
        await station.ask(*late)

    on_platform(protocol, script)

    (session,) = platform.sessions
    assert not session.active
    assert session.energy_kwh == 2.0
    assert platform.register_kwh(session) == [1.0, 2.0, 3.0]
    assert session.events.gaps == ()


@behaviour(
    "T18",
    "A transaction that begins where another one never ended ends that one",
    source="1.6 ed. 2 §4.8; 2.x part 2 E01",
)
def test_start_ends_what_never_ended(platform, on_platform, protocol: str) -> None:
    async def script(station):
        await station.ask(*ocpp_messages.started(protocol))
        await station.ask(*ocpp_messages.started(protocol, at="2026-11-22T18:40:00Z", tx="tx-2", wh=2500))

    on_platform(protocol, script)

    first, second = platform.sessions
    assert (first.active, first.stop_reason, second.active) == (False, "Other", True)
    assert first.ended_at == second.started_at


@behaviour(
    "T19",
    "Meter values outside of transactions are kept for their EVSE",
    source="1.6 ed. 2 §4.7; 2.x part 2 J01",
)
def test_meter_values_outside_of_transactions_are_kept(bench, protocol: str) -> None:
    answer = bench.talk(protocol, lambda station: station.ask(*ocpp_messages.meter_values(protocol, 1500)))

    assert answer == [3, answer[1], {}]
    (fact,) = bench.facts.of("MetersRead")
    assert (fact.fact.evse_id, [sample.value for sample in fact.fact.samples]) == (1, [1.5])
    assert json.loads(fact.key)[:3] == ["MeterValues", "CP1", 1]


@behaviour(
    "T20",
    "Values that are no finite numbers, and signed data, are confirmed, and left out of the samples",
    source="1.6 ed. 2 §7.43 (SampledValue)",
    protocols=("ocpp1.6",),
)
def test_values_that_are_no_numbers_are_confirmed(bench, protocol: str) -> None:
    values = [{"value": value} for value in ("NaN", "Infinity", "1e999", "", "four", "12.5")]
    values.append({"value": "1.5", "format": "SignedData"})
    payload = {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": values}]}

    answer = bench.talk(protocol, lambda station: station.ask("MeterValues", payload))

    assert answer[0] == 3
    (fact,) = bench.facts.of("MetersRead")
    assert [sample.value for sample in fact.fact.samples] == [0.0125]
    assert fact.payload == payload


@behaviour(
    "T21",
    "A transaction at connector 0, which is the whole station, is answered with PropertyConstraintViolation",
    source="1.6 ed. 2 §4.8, §6.45 (connectorId > 0)",
    protocols=("ocpp1.6",),
)
def test_transaction_at_connector_0_is_refused(bench, protocol: str) -> None:
    action, payload = ocpp_messages.started(protocol)

    answer = bench.talk(protocol, lambda station: station.ask(action, payload | {"connectorId": 0}))

    assert (answer[0], answer[2]) == (4, "PropertyConstraintViolation")
    assert bench.facts.of("TransactionStarted") == []


@pytest.mark.parametrize(
    ("protocol", "key"),
    [
        ("ocpp1.6", ["StartTransaction", "CP1", 1, CARD, AT, 1000]),
        ("ocpp2.0.1", ["TransactionEvent", "CP1", TX, 0, AT]),
        ("ocpp2.1", ["TransactionEvent", "CP1", TX, 0, AT]),
    ],
)
def test_fact_has_its_natural_key_and_the_station_s_own_words(bench, protocol: str, key: list) -> None:
    bench.facts.decision = Decision(status="ConcurrentTx", ocpp_transaction_id="42")
    action, payload = ocpp_messages.started(protocol)

    answer = bench.talk(protocol, lambda station: station.ask(action, payload))

    assert told_status(answer[2]) == "ConcurrentTx"
    (fact,) = bench.facts.of("TransactionStarted")
    assert json.loads(fact.key) == key
    assert (fact.station_id, fact.protocol, fact.action, fact.payload) == ("CP1", protocol, action, payload)
