"""Whether a token may charge: asked alone, or with a transaction's beginning, middle and end."""

from __future__ import annotations

import ocpp_messages
import pytest
from ocpp_behaviours import behaviour
from ocpp_messages import told_status

VERSIONS_OF_2 = ("ocpp2.0.1", "ocpp2.1")
LONGEST_TOKEN = {"ocpp1.6": 20, "ocpp2.0.1": 36, "ocpp2.1": 255}


@behaviour(
    "A01",
    "Authorize is answered with what is known of the token; a site decides on those that nobody knows",
    source="1.6 ed. 2 §4.1; 2.x part 2 C01",
)
@pytest.mark.parametrize("known", ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx", None])
def test_authorize_is_answered_with_what_is_known(platform, on_platform, protocol: str, known: str | None) -> None:
    if known is not None:
        platform.save_token(ocpp_messages.CARD, known)

    answer = on_platform(protocol, lambda station: station.ask(*ocpp_messages.authorize(protocol)))

    assert answer[0] == 3
    # The platform's site takes no strangers.
    assert told_status(answer[2]) == (known or "Invalid")


@behaviour(
    "A02",
    "A token is the same in capital and small letters",
    source="1.6 ed. 2 §7.29 (CiString20); 2.x part 2, IdTokenType",
)
def test_letters_of_a_token_may_be_capital_or_small(platform, on_platform, protocol: str) -> None:
    platform.save_token("Ab12", "Accepted")

    async def script(station):
        return [await station.ask(*ocpp_messages.authorize(protocol, token)) for token in ("AB12", "ab12", "aB12")]

    assert [told_status(answer[2]) for answer in on_platform(protocol, script)] == ["Accepted"] * 3


@behaviour(
    "A03",
    "While the API is away Authorize gets InternalError, never an invented answer",
    source="OCPP-J 1.6 §4.2.3; 2.x part 4 §4.2.3",
)
def test_authorize_without_the_api_is_an_internal_error(bench, protocol: str) -> None:
    async def script(station):
        bench.desk.away = True
        refused = await station.ask(*ocpp_messages.authorize(protocol))
        bench.desk.away = False
        return refused, await station.ask(*ocpp_messages.authorize(protocol))

    refused, answered = bench.talk(protocol, script)

    assert (refused[0], refused[2]) == (4, "InternalError")
    assert told_status(answered[2]) == "Accepted"


@behaviour(
    "A04",
    "A verdict that the version has no word for is told as Invalid",
    source="1.6 ed. 2 §7.2 (AuthorizationStatus); 2.x part 2, AuthorizationStatusEnumType",
)
def test_verdict_is_told_in_the_words_of_the_version(platform, on_platform, protocol: str) -> None:
    platform.save_token(ocpp_messages.CARD, "NoCredit")

    answer = on_platform(protocol, lambda station: station.ask(*ocpp_messages.authorize(protocol)))

    assert told_status(answer[2]) == ("Invalid" if protocol == "ocpp1.6" else "NoCredit")


@behaviour(
    "A05",
    "A token longer than the version allows (20, 36, 255 characters) is answered with PropertyConstraintViolation",
    source="1.6 ed. 2 §7.29 (CiString20); 2.x part 2, IdTokenType",
)
def test_token_that_is_too_long_is_refused(bench, protocol: str) -> None:
    longest = LONGEST_TOKEN[protocol]

    async def script(station):
        taken = await station.ask(*ocpp_messages.authorize(protocol, "T" * longest))
        return taken, await station.ask(*ocpp_messages.authorize(protocol, "T" * (longest + 1)))

    taken, refused = bench.talk(protocol, script)

    assert taken[0] == 3
    assert (refused[0], refused[2]) == (4, "PropertyConstraintViolation")


@behaviour(
    "A06",
    "Asking for a token leaves no trace of a transaction",
    source="1.6 ed. 2 §4.1; 2.x part 2 C01",
)
def test_authorize_is_no_fact(bench, protocol: str) -> None:
    bench.talk(protocol, lambda station: station.ask(*ocpp_messages.authorize(protocol)))

    assert {fact.fact.kind for fact in bench.facts.published} == {"ConnectionChanged"}


@behaviour(
    "A07",
    "The end of a transaction is answered with the verdict on the token that stopped it, if one did",
    source="1.6 ed. 2 §4.10; 2.x part 2 E07",
)
def test_end_tells_of_the_token_that_stopped_it(platform, on_platform, protocol: str) -> None:
    platform.save_token(ocpp_messages.CARD, "Accepted")
    platform.save_token("STOLEN", "Blocked")

    async def script(station):
        await station.ask(*ocpp_messages.started(protocol))
        with_token = await station.ask(*ocpp_messages.ended(protocol, token="STOLEN"))
        at = "2026-11-22T19:10:00Z"
        await station.ask(*ocpp_messages.started(protocol, at=at, tx="tx-2"))
        end = ocpp_messages.ended(protocol, at="2026-11-22T19:20:00Z", number=2, tx="tx-2")
        return with_token, await station.ask(*end)

    with_token, without = on_platform(protocol, script)

    assert told_status(with_token[2]) == "Blocked"
    assert without[2] == {}


@behaviour(
    "A08",
    "A token that comes in the middle of a transaction gets its verdict; events without one get an empty answer",
    source="2.x part 2 E03, C01",
    protocols=VERSIONS_OF_2,
)
def test_token_in_the_middle_gets_its_verdict(platform, on_platform, protocol: str) -> None:
    platform.save_token(ocpp_messages.CARD, "Accepted")

    async def script(station):
        answers = [await station.ask(*ocpp_messages.started(protocol, token=None))]
        for number, token in enumerate((ocpp_messages.CARD, "nobody", None), start=1):
            answers.append(await station.ask(*ocpp_messages.event("Updated", number, token=token)))
        return answers

    answers = on_platform(protocol, script)

    assert [told_status(answer[2]) for answer in answers] == [None, "Accepted", "Invalid", None]
    assert [session.id_token for session in platform.sessions] == [ocpp_messages.CARD]


@behaviour(
    "A09",
    "A token that nobody knows is accepted where the site takes strangers",
    source="1.6 ed. 2 §4.1; 2.x part 2 C01",
)
def test_site_decides_on_strangers(platform, on_platform, protocol: str) -> None:
    platform.take_strangers()

    answer = on_platform(protocol, lambda station: station.ask(*ocpp_messages.authorize(protocol, "nobody")))

    assert told_status(answer[2]) == "Accepted"
