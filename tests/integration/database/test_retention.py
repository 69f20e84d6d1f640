"""What is kept for a time is forgotten after it, on both databases; records stay."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.facts import Sample, StationFact, StationReported, StatusChanged
from twinev.domain.plan import SentCommand, StoredPlan
from twinev.domain.session import ChargingSession
from twinev.errors import NotFound
from twinev.services.forget_old import DEFAULT_DAYS, ForgetOld
from twinev.services.ports.retention import Passing

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def fact(number: int, age_days: float) -> StationFact:
    at = NOW - timedelta(days=age_days)
    return StationFact(
        station_id="A",
        protocol="ocpp1.6",
        action="StatusNotification",
        key=f"k{number}",
        received_at=at,
        fact=StatusChanged(evse_id=1, timestamp=at, status="Available"),
    )


def plan(plan_id: str, age_days: float, site_id: str | None = "s") -> StoredPlan:
    return StoredPlan(
        id=plan_id,
        site_id=site_id,
        made_at=NOW - timedelta(days=age_days),
        trigger="test",
        formulation="cpo",
        scenario={},
        schedule={},
    )


def command(command_id: str, age_days: float, outcome: str | None = "accepted") -> SentCommand:
    sent_at = NOW - timedelta(days=age_days)
    return SentCommand(
        id=command_id, station_id="A", action="Reset", payload={}, issued_by="x", sent_at=sent_at, outcome=outcome
    )


def forget(database, clock, **options) -> dict[Passing, int]:
    clock.instant = NOW
    forgetting = ForgetOld(unit_of_work=database.unit_of_work, clock=clock, pause_seconds=0, **options)
    return asyncio.run(forgetting.forget_all())


def test_facts_are_known_as_long_as_a_station_may_replay_and_forgotten_after_that(fleet, clock):
    facts = [fact(1, 91), fact(2, 92), fact(3, 89), fact(4, 0)]
    with fleet.unit_of_work() as work:
        work.facts.look_up(facts)
        for one in facts:
            work.facts.remember(one)
        work.commit()

    assert forget(fleet, clock)[Passing.FACTS] == 2

    with fleet.reading() as work:
        work.facts.look_up(facts)
        assert [work.facts.known(one) for one in facts] == [False, False, True, True]


def test_more_than_one_batch_is_forgotten_in_steps(fleet, clock):
    with fleet.unit_of_work() as work:
        for number in range(7):
            work.facts.remember(fact(number, 100))
        work.commit()
    clock.instant = NOW
    forgetting = ForgetOld(unit_of_work=fleet.unit_of_work, clock=clock, batch_rows=3)

    assert [forgetting.step(Passing.FACTS) for _ in range(4)] == [3, 3, 1, 0]


def test_old_reports_commands_and_contradictions_go(fleet, clock):
    old, new = NOW - timedelta(days=366), NOW - timedelta(days=364)
    with fleet.unit_of_work() as work:
        for at in (old, new):
            said = StationReported(report="NotifyEvent", timestamp=at, content={"at": str(at)})
            work.reports.add("A", said, at)
            work.facts.set_aside("A", "k", str(at).encode(), "contradicts", at)
        for number, age in enumerate((366, 364)):
            work.commands.save(command(f"c{number}", age))
        work.commands.save(command("unanswered", 400, outcome=None))
        work.commit()

    forgotten = forget(fleet, clock)

    assert [forgotten[what] for what in (Passing.REPORTS, Passing.SET_ASIDE_FACTS, Passing.COMMANDS)] == [1, 1, 1]
    with fleet.reading() as work:
        assert [report.timestamp for report in work.reports.list("A", limit=9)] == [new]
        assert {sent.id for sent in work.commands.list(limit=9)} == {"c1", "unanswered"}
        assert work.facts.set_aside_since(NOW - timedelta(days=999)) == 1


def test_old_plans_go_but_the_last_of_a_site(fleet, clock):
    with fleet.unit_of_work() as work:
        for stored in (plan("older", 300), plan("last", 200), plan("by hand", 200, site_id=None)):
            work.plans.add(stored)
        work.commit()

    assert forget(fleet, clock)[Passing.PLANS] == 2

    with fleet.reading() as work:
        assert work.plans.latest_id("s") == "last"
        for gone in ("older", "by hand"):
            with pytest.raises(NotFound):
                work.plans.get(gone)


def test_sessions_and_meter_values_stay(fleet, clock):
    long_ago = NOW - timedelta(days=3000)
    session = ChargingSession(
        id="session",
        site_id="s",
        station_id="A",
        evse_id=1,
        ocpp_transaction_id="7",
        id_token=None,
        started_at=long_ago,
    )
    sample = Sample(timestamp=long_ago, value=1.0, unit="kWh")
    with fleet.unit_of_work() as work:
        work.sessions.save(session)
        work.meter_values.add("A", 1, "7", [sample])
        work.commit()

    forget(fleet, clock, days=dict.fromkeys(DEFAULT_DAYS, 1))

    with fleet.reading() as work:
        kept = work.sessions.get("session")
        assert [kept_sample.value for kept_sample in work.meter_values.of_session(kept)] == [1.0]
