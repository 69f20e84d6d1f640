"""What a driver hears: the events of what is his, and of nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twinev.domain.reservation import Reservation
from twinev.domain.session import ChargingSession
from twinev.domain.time_window import TimeWindow
from twinev.domain.users import Role, User
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.own_events import OwnEvents
from twinev.services.settle_sessions import SettleSessions
from twinev.wire.rest.system import EventOut

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
DORA = User(id="dora", username="dora", roles=frozenset({Role.DRIVER}))


@pytest.fixture
def dora(database, clock):
    """Dora and Emil have a session, its bill and a reservation each; nobody knows whose another session is."""
    window = TimeWindow(start=START, end=START + timedelta(hours=1))
    with database.unit_of_work() as work:
        for number, (name, station_id) in enumerate((("dora", "A"), ("emil", "B"))):
            work.sessions.save(_session(f"of-{name}", station_id, user_id=name, ended_at=START + timedelta(hours=1)))
            work.charge_detail_records.mark(f"of-{name}", START)
            booked = Reservation(
                id=f"for-{name}", number=number, user_id=name, site_id="s", station_id=station_id, evse_id=1,
                connector_type="cType2", window=window, grace_minutes=15, made_at=START,
            )  # fmt: skip
            assert work.reservations.book(booked)
        work.sessions.save(_session("of-nobody", "A"))
        work.commit()
    clock.advance(hours=2)
    SettleSessions(
        unit_of_work=database.unit_of_work, reading=database.reading, payments=InvoicePayments(), clock=clock
    ).settle_due()
    return OwnEvents(user=DORA, reading=database.reading)


def _session(session_id: str, station_id: str, **others: Any) -> ChargingSession:
    return ChargingSession(
        id=session_id, site_id="s", station_id=station_id, evse_id=1, ocpp_transaction_id=session_id, id_token=None,
        started_at=START, **others,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "hers"),
    [
        ("session.started", {"session_id": "of-dora"}, True),
        ("session.ended", {"session_id": "of-emil"}, False),
        ("session.ended", {"session_id": "of-nobody"}, False),
        ("session.ended", {"session_id": "nothing"}, False),
        ("session.ended", {}, False),
        ("reservation.told", {"reservation_id": "for-dora"}, True),
        ("reservation.told", {"reservation_id": "for-emil", "session_id": "of-dora"}, False),
        ("vehicle.booked", {"vehicle_reservation_id": "nothing"}, False),
        ("cdr.made", {"cdr_id": "of-dora-1", "session_id": "of-dora"}, True),
        ("cdr.made", {"cdr_id": "of-emil-1", "session_id": "of-emil"}, False),
        ("payment.changed", {"cdr_id": "of-dora-1"}, True),
        ("payment.changed", {"cdr_id": "nothing"}, False),
        ("tariff.published", {"tariff_id": "day"}, False),
        ("station.availability", {"station_id": "A", "evse_id": 1}, False),
        ("station.status", {"station_id": "A", "session_id": "of-dora"}, False),
        ("restriction.created", {"site_id": "s"}, False),
        ("plan.made", {"site_id": "s"}, False),
    ],
)
def test_driver_hears_of_what_is_hers_alone(dora, kind, data, hers):
    assert dora.concerns(kind, data) is hers
    assert dora.concerns(kind, data) is hers, "the same when it is remembered"


def test_owner_that_becomes_known_later_hears_from_then_on(dora, database):
    assert not dora.concerns("session.updated", {"session_id": "of-nobody"})
    with database.unit_of_work() as work:
        work.sessions.save(_session("of-nobody", "A", user_id="dora"))
        work.commit()

    assert dora.concerns("session.updated", {"session_id": "of-nobody"})


@pytest.mark.usefixtures("dora")
def test_stream_of_a_driver_leaves_the_others_events_out(api, events):
    from_others = EventOut(id="1", kind="session.ended", at=START, data={"session_id": "of-emil"})
    hers = EventOut(id="2", kind="session.ended", at=START, data={"session_id": "of-dora"})

    assert asyncio.run(_first_frame(api, events, [from_others, hers], role="driver:dora")) == "id: 2"
    assert asyncio.run(_first_frame(api, events, [from_others, hers], role="grid_operator")) == "id: 1"


async def _first_frame(api, events, told, *, role: str) -> str:
    """The first event's id that a stream says, read off the application as a server would."""
    lines: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: dict) -> None:
        for line in message.get("body", b"").decode().splitlines():
            lines.put_nowait(line)

    async def receive() -> dict:
        await asyncio.Event().wait()
        raise AssertionError("never")

    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/events", "raw_path": b"/api/v1/events", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {role}".encode())], "http_version": "1.1", "scheme": "http",
        "server": ("api", 80), "client": ("c", 1), "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.4"},
    }  # fmt: skip
    streaming = asyncio.create_task(api.app(scope, receive, send))
    try:
        async with asyncio.timeout(20):
            while await lines.get() != ": listening":
                pass
            for event in told:
                events.listeners[0].put_nowait(event)
            while not (line := await lines.get()).startswith("id:"):
                pass
            return line
    finally:
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
