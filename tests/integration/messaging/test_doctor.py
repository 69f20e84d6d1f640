"""`twinev doctor` on NATS: what it sees on a real server, and what it advises."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters, KeptLetter, dead_letter
from twinev.adapters.messaging.gateway_board import GatewayBoard, SeenGateway, SignOfLife
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.report import ConsumerSeen, MessagingReport, StreamSeen, connected_once, read_report
from twinev.adapters.messaging.streams import ensure_streams
from twinev.cli.messaging_findings import Finding, messaging_findings
from twinev.errors import Unavailable
from twinev.wire.inbound import DeadLetter

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
MEBIBYTE = 1024 * 1024


def letter(*, received_at: datetime = NOW) -> DeadLetter:
    return dead_letter(
        b"{",
        subject="twinev.v1.in.price.NL",
        reason="body: '{' is not usable; allowed: JSON",
        remedy="correct it",
        received_at=received_at,
        refused_at=received_at,
        sequence=7,
    )


WELL = MessagingReport(
    streams=(
        StreamSeen(name=subjects.FACTS_STREAM, messages=3, size_bytes=MEBIBYTE, max_bytes=1024 * MEBIBYTE),
        StreamSeen(name=subjects.DEAD_STREAM, messages=0, size_bytes=0, max_bytes=64 * MEBIBYTE),
    ),
    missing_streams=(),
    consumers=(ConsumerSeen(stream=subjects.FACTS_STREAM, name="facts", waiting=3, in_hand=0, again=0),),
    gateways=(
        SeenGateway(sign=SignOfLife(gateway_id="gateway-1", started_at=NOW, said_at=NOW), clock_ahead_seconds=0.01),
    ),
    stations_at={"gateway-1": 12},
    dead=0,
    newest_dead=None,
    clock_ahead_seconds=-0.004,
)


def amiss(report: MessagingReport) -> list[Finding]:
    return [finding for finding in messaging_findings(report, NOW + timedelta(hours=1)) if finding.remedy]


def test_system_that_is_well_needs_no_remedy() -> None:
    assert amiss(WELL) == []
    seen = {finding.what: finding.seen for finding in messaging_findings(WELL, NOW)}
    assert seen["stream OCPP_UP"] == "3 facts of stations, 1.0 of 1024 MiB"
    assert seen["gateway-1"] == "holds 12 stations"
    assert seen["dead letters"] == "none: no message was refused"


@pytest.mark.parametrize(
    ("change", "what", "remedy"),
    [
        ({"missing_streams": (subjects.INBOUND_STREAM,)}, "stream TWINEV_IN", "start the API"),
        ({"streams": (replace(WELL.streams[0], size_bytes=900 * MEBIBYTE),)}, "stream OCPP_UP", "take facts in"),
        ({"consumers": (replace(WELL.consumers[0], waiting=5000),)}, "reader facts", "the API lags"),
        ({"gateways": (), "stations_at": {}}, "gateways", "twinev gateway"),
        ({"newest_dead": KeptLetter(number=1, letter=letter()), "dead": 3}, "dead letters", "correct it"),
        ({"clock_ahead_seconds": 61.0}, "clocks", "NTP"),
        ({"gateways": (replace(WELL.gateways[0], clock_ahead_seconds=-9.0),)}, "clocks", "NTP"),
        (
            {
                "gateways": (
                    replace(WELL.gateways[0], sign=replace(WELL.gateways[0].sign, trouble="publish to x refused")),
                )
            },
            "gateway-1",
            "0008-nats-roles",
        ),
    ],
)
def test_what_is_amiss_comes_with_its_remedy(change: dict, what: str, remedy: str) -> None:
    (finding,) = amiss(replace(WELL, **change))

    assert finding.what == what
    assert remedy in finding.remedy


def test_refused_message_of_long_ago_is_shown_without_a_call_to_act() -> None:
    old = KeptLetter(number=1, letter=letter(received_at=NOW - timedelta(days=2)))

    findings = list(messaging_findings(replace(WELL, newest_dead=old, dead=1), NOW))

    assert [finding.remedy for finding in findings if finding.what == "dead letters"] == [""]
    assert any("twinev.v1.in.price.NL" in finding.seen for finding in findings)


def test_gateway_that_holds_stations_and_gives_no_sign_of_life_is_named() -> None:
    findings = messaging_findings(replace(WELL, gateways=(), stations_at={"gateway-9": 1}), NOW)

    assert [f.seen for f in findings if f.what == "gateway-9"] == [
        "holds 1 station, but gives no sign of life: it has just ended or is stuck"
    ]


def test_report_tells_what_is_on_a_real_server(nats_server) -> None:
    async def scenario() -> tuple[MessagingReport, MessagingReport]:
        url = nats_server.embedded.urls["api"]
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            async with connected_once(url) as looking:
                before = await read_report(looking)
            await ensure_streams(api)
            await gateway.jetstream().publish("ocpp.up.00.MeterValues", b"{}")
            await DeadLetters(client=api).add(letter(), message_id="1")
            await GatewayBoard(client=gateway, gateway_id="gateway-1").say()
            for station_id in ("A", "B"):
                await Presence(client=gateway).claim(station_id, gateway_id="gateway-1", connection_id="1")
            async with connected_once(url) as looking:
                return before, await read_report(looking)

    before, report = asyncio.run(scenario())

    assert before.missing_streams == ("OCPP_UP", "TWINEV_EVT", "TWINEV_IN", "TWINEV_DEAD", "KV_presence", "KV_boots")
    assert {stream.name: stream.messages for stream in report.streams} == {
        "OCPP_UP": 1,
        "TWINEV_EVT": 0,
        "TWINEV_IN": 0,
        "TWINEV_DEAD": 1,
    }
    assert [(consumer.stream, consumer.name) for consumer in report.consumers] == [("TWINEV_EVT", "platform")]
    assert report.stations_at == {"gateway-1": 2}
    assert [gateway.sign.gateway_id for gateway in report.gateways] == ["gateway-1"]
    assert (report.dead, report.newest_dead.letter.sequence) == (1, 7)
    assert abs(report.clock_ahead_seconds) < 60


def test_server_that_is_away_is_told_at_once(nats_server) -> None:
    async def scenario() -> None:
        nats_server.kill()
        async with connected_once(nats_server.embedded.urls["api"]):
            pass

    with pytest.raises(Unavailable, match="NATS does not answer"):
        asyncio.run(scenario())


def test_doctor_shows_a_refused_message_and_its_remedy_in_80_columns(nats_server, tmp_path) -> None:
    async def prepare() -> None:
        async with nats_server.client("api") as api:
            await ensure_streams(api)
            await DeadLetters(client=api).add(letter(received_at=datetime.now(UTC)), message_id="1")

    async def run() -> str:
        await prepare()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        told = {
            "TWINEV_NATS_URL": nats_server.embedded.urls["api"],
            "TWINEV_DATA_DIR": str(tmp_path),
            "TWINEV_API_PORT": "1",
            "COLUMNS": "80",
        }
        doctor = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "twinev", "doctor", env=kept | told, cwd=tmp_path, stdout=subprocess.PIPE
        )
        output, _ = await doctor.communicate()
        assert doctor.returncode == 1
        return output.decode()

    output = asyncio.run(asyncio.wait_for(run(), 60))

    assert max(map(len, output.splitlines())) <= 80
    words = " ".join(output.split())
    assert "✗ dead letters 1 refused, the newest at" in words
    assert "twinev.v1.in.price.NL" in words
    assert "→ correct it; the whole of it: GET /api/v1/dead-letters" in words
