"""Tariffs, records, contracts and partners on both databases; sessions settled once, whoever does it and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from charged_sessions import START, Station
from pricing_examples import component, element, tariff

from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_detail_record import ChargeDetailRecord, PaymentChange, PaymentStatus
from twinev.domain.contracts import Contract, Terms, TermsAcceptance
from twinev.domain.money import Price
from twinev.domain.ocpi_partner import OcpiPartner, PartnerToken, PartyId
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.tariffs import TariffAssignment
from twinev.domain.users import AuthorizationStatus
from twinev.errors import Conflict, NotFound
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.publish_tariff import tariff_at
from twinev.services.settle_session import settle_session
from twinev.services.settle_sessions import PATIENCE, SettleSessions

HOUR = timedelta(hours=1)
LATER = START + 2 * HOUR
BY_ENERGY = tariff(element(component("FLAT", "0.50", vat="21")), element(component("ENERGY", "0.30", vat="21")))


@pytest.fixture
def priced(fleet: Database) -> Database:
    """The fleet with a tariff at its site, and a card of the user ``driver``."""
    with fleet.unit_of_work() as work:
        work.tariffs.add(BY_ENERGY)
        work.tariffs.assign(rule(tariff_id="T", since=START - HOUR))
        work.tokens.save("card", AuthorizationStatus.ACCEPTED, "driver")
        work.commit()
    return fleet


@pytest.fixture
def settle(priced: Database, clock) -> Callable[[], list[ChargeDetailRecord]]:
    """Settle what is due an hour after the sessions; return all records, in the order in which they were made."""
    service = SettleSessions(
        unit_of_work=priced.unit_of_work, reading=priced.reading, payments=InvoicePayments(), clock=clock
    )

    def settled() -> list[ChargeDetailRecord]:
        clock.instant = max(LATER, clock.instant + timedelta(seconds=1))
        service.settle_due()
        with priced.reading() as work:
            return list(reversed(work.charge_detail_records.list(limit=100)))

    return settled


def rule(**changes: object) -> TariffAssignment:
    return TariffAssignment(**{"site_id": "s", "tariff_id": "T", "since": START, "assigned_by": "olga"} | changes)


def price(excl_vat: str, incl_vat: str) -> Price:
    return Price(excl_vat=Decimal(excl_vat), incl_vat=Decimal(incl_vat))


def statuses(database: Database, records: list[ChargeDetailRecord]) -> list[str]:
    with database.reading() as work:
        current = work.payments.current([record.id for record in records])
    return [str(current[record.id].status) for record in records]


# ── Tariffs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tariff_comes_back_as_it_was_published(fleet: Database) -> None:
    wanted = replace(BY_ENERGY, min_price=price("0.10", "0.121"), valid_to=START + HOUR, text="Näher als gedacht")
    with fleet.unit_of_work() as work:
        work.tariffs.add(wanted)
        work.commit()

    with fleet.reading() as work:
        assert work.tariffs.get("T") == wanted
        assert work.tariffs.get("T", version=1) == wanted
        with pytest.raises(NotFound):
            work.tariffs.get("T", version=2)


def test_version_of_a_tariff_is_never_changed(priced: Database) -> None:
    with priced.unit_of_work() as work, pytest.raises(Conflict):
        work.tariffs.add(replace(BY_ENERGY, name="Another name"))


def test_version_in_force_is_the_latest_that_has_begun(fleet: Database) -> None:
    versions = [
        replace(BY_ENERGY, version=1, valid_from=START),
        replace(BY_ENERGY, version=2, valid_from=START + HOUR, valid_to=START + 2 * HOUR),
    ]
    with fleet.unit_of_work() as work:
        for version in versions:
            work.tariffs.add(version)
        found = [work.tariffs.at("T", START + minutes * timedelta(minutes=1)) for minutes in (-1, 0, 59, 60, 119, 120)]

    assert [known and known.version for known in found] == [None, 1, 1, 2, 2, None]


def test_tariffs_are_listed_by_id_with_their_latest_version(fleet: Database) -> None:
    with fleet.unit_of_work() as work:
        for name in ("b", "a", "c"):
            work.tariffs.add(replace(BY_ENERGY, id=name))
        work.tariffs.add(replace(BY_ENERGY, id="b", version=2))
        first, then = work.tariffs.latest(limit=2), work.tariffs.latest(limit=2, after="b")

    assert [(known.id, known.version) for known in (*first, *then)] == [("a", 1), ("b", 2), ("c", 1)]


def test_tariff_of_an_evse_rules_before_the_stations_and_that_before_the_sites(fleet: Database) -> None:
    with fleet.unit_of_work() as work:
        for name in ("site", "station", "evse"):
            work.tariffs.add(replace(BY_ENERGY, id=name))
        work.tariffs.assign(rule(tariff_id="site"))
        work.tariffs.assign(rule(tariff_id="station", station_id="A"))
        work.tariffs.assign(rule(tariff_id="evse", station_id="A", evse_id=2))
        work.tariffs.assign(rule(tariff_id=None, station_id="A", since=START + HOUR))

        def ruling(station_id: str, evse_id: int, hours: int) -> str | None:
            found = tariff_at("s", station_id, evse_id, START + hours * HOUR, work=work)
            return found and found.id

        assert [ruling("A", 1, 0), ruling("A", 2, 0), ruling("B", 1, 0)] == ["station", "evse", "site"]
        assert [ruling("A", 1, 1), ruling("A", 2, 1), ruling("A", 1, -1)] == ["site", "evse", None]


# ── Settling ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_session_that_ended_has_one_record_with_its_cost(priced: Database, settle) -> None:
    session_id = Station(database=priced).charge()

    (record,) = settle()

    assert (record.session_id, record.number, record.user_id) == (session_id, 1, "driver")
    assert record.cost.energy_kwh == 6
    assert record.cost.total == price("2.30", "2.79")
    assert record.tariff == BY_ENERGY
    assert (record.place.site_name, record.place.station_name) == ("Site", "Station A")
    assert statuses(priced, [record]) == ["pending"]
    assert [settled.id for settled in settle()] == [record.id]


def test_running_session_has_no_record(priced: Database, settle) -> None:
    station = Station(database=priced)
    station.begin()
    station.measure(m30=5.0)

    assert settle() == []


def test_late_reading_is_credited_and_billed_anew(priced: Database, settle) -> None:
    with priced.unit_of_work() as work:
        work.tariffs.add(tariff(element(component("ENERGY", "1"), max_duration_seconds=1800), id="early"))
        work.tariffs.assign(rule(tariff_id="early", station_id="A", since=START - HOUR))
        work.commit()
    station = Station(database=priced)
    station.begin()
    station.end(at=60, kwh=6.0)
    (even,) = settle()
    # From the station's backlog: most of it flowed in the first half hour.
    station.measure(m30=5.0)

    records = settle()

    assert even.cost.total.excl_vat == 3
    assert [record.id for record in records] == [even.id, f"{even.id}-C", f"{even.session_id}-2"]
    assert [record.cost.total.excl_vat for record in records] == [3, -3, 5]
    assert records[1].credit_reference_id == even.id
    # What nobody has paid cancels out.
    assert statuses(priced, records) == ["not_required", "not_required", "pending"]


def test_credit_of_a_paid_record_waits_to_be_paid_back(priced: Database, settle) -> None:
    station = Station(database=priced)
    station.begin()
    station.end(at=60, kwh=6.0)
    (record,) = settle()
    with priced.unit_of_work() as work:
        change = PaymentChange(cdr_id=record.id, status=PaymentStatus.PAID, at=LATER, by="olga")
        work.payments.add(change)
        work.commit()
    station.measure(m30=5.0)

    assert statuses(priced, settle()) == ["paid", "pending", "pending"]


def test_repeated_facts_change_no_record(priced: Database, settle) -> None:
    station = Station(database=priced)
    station.charge()
    before = settle()
    station.charge()

    assert settle() == before


def test_session_with_missing_events_waits_for_them(priced: Database, settle, clock) -> None:
    station = Station(database=priced)
    station.begin()
    station.end(at=110, kwh=6.0, seq_no=2)

    assert settle() == []
    clock.advance(minutes=15)
    assert len(settle()) == 1


def test_session_whose_missing_events_come_is_settled_with_them(priced: Database, settle) -> None:
    station = Station(database=priced)
    station.begin()
    station.end(at=110, kwh=6.0, seq_no=2)
    station.measure(m30=5.0)

    assert len(settle()) == 1


def test_process_that_dies_before_the_commit_leaves_the_session_to_the_next(priced: Database, settle) -> None:
    session_id = Station(database=priced).charge()
    with priced.unit_of_work() as work:
        settle_session(session_id, payments=InvoicePayments(), work=work, now=LATER)

    records = settle()

    assert [record.number for record in records] == [1]


def test_two_processes_make_one_record(priced: Database) -> None:
    session_ids = [Station(database=priced).charge(str(number)) for number in range(5)]

    def settled(session_id: str) -> bool:
        with priced.unit_of_work() as work:
            record = settle_session(session_id, payments=InvoicePayments(), work=work, now=LATER)
            work.commit()
        return record is not None

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(settled, session_ids * 4))

    with priced.reading() as work:
        records = work.charge_detail_records.list(limit=100)
    assert sum(done) == len(session_ids)
    assert sorted(record.session_id for record in records) == sorted(session_ids)


def test_fact_that_comes_while_its_session_is_settled_marks_it_again(priced: Database, settle) -> None:
    station = Station(database=priced)
    station.begin()
    session_id = station.end(at=60, kwh=6.0)

    with ThreadPoolExecutor(1) as pool:
        with priced.unit_of_work() as work:
            assert settle_session(session_id, payments=InvoicePayments(), work=work, now=LATER) is not None
            late = pool.submit(station.measure, m30=5.0)
            work.commit()
        late.result()

    assert [record.number for record in settle() if not record.is_credit] == [1, 2]


def test_loop_settles_sessions_as_they_end(priced: Database, clock) -> None:
    clock.instant = LATER
    service = SettleSessions(
        unit_of_work=priced.unit_of_work,
        reading=priced.reading,
        payments=InvoicePayments(),
        clock=clock,
        look_seconds=0.01,
    )

    def records() -> int:
        with priced.reading() as work:
            return len(work.charge_detail_records.list(limit=9))

    async def ended_one_after_another() -> None:
        loop = asyncio.create_task(service.run())
        for number in (1, 2):
            await asyncio.to_thread(Station(database=priced).charge, str(number))
            async with asyncio.timeout(60):
                while await asyncio.to_thread(records) < number:
                    await asyncio.sleep(0.01)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    asyncio.run(ended_one_after_another())

    assert records() == 2


def test_session_that_cannot_be_settled_holds_up_no_other(priced: Database, clock) -> None:
    station = Station(database=priced)
    bad, good = station.charge("1"), station.charge("2")

    class Refusing(InvoicePayments):
        def begin(self, record: ChargeDetailRecord) -> PaymentStatus:
            if record.session_id == bad:
                raise ValueError("a fault of this provider")
            return super().begin(record)

    clock.instant = LATER
    service = SettleSessions(unit_of_work=priced.unit_of_work, reading=priced.reading, payments=Refusing(), clock=clock)

    assert service.settle_due() == 1
    assert service.settle_due() == 0
    with priced.reading() as work:
        assert [record.session_id for record in work.charge_detail_records.list(limit=9)] == [good]
        assert work.charge_detail_records.due(LATER + PATIENCE, limit=9) == [bad]


def test_record_keeps_its_tariff_when_another_version_follows(priced: Database, settle) -> None:
    station = Station(database=priced)
    station.begin()
    with priced.unit_of_work() as work:
        dearer = element(component("ENERGY", "9"))
        work.tariffs.add(replace(BY_ENERGY, version=2, elements=(dearer,), valid_from=START + timedelta(minutes=10)))
        work.commit()
    station.end(at=60, kwh=6.0)

    (record,) = settle()

    assert (record.cost.tariff_version, record.cost.total.excl_vat) == (1, Decimal("2.30"))


def test_contracts_tariff_rules_wherever_its_driver_charges(priced: Database, settle) -> None:
    with priced.unit_of_work() as work:
        work.tariffs.add(tariff(element(component("ENERGY", "0.10")), id="friends"))
        contract = Contract(
            id="c",
            user_id="driver",
            tariff_id="friends",
            valid_from=START - HOUR,
            created_at=START - HOUR,
            created_by="olga",
        )
        work.contracts.save(contract)
        work.commit()
    Station(database=priced).charge()

    (record,) = settle()

    assert (record.contract_id, record.cost.total.excl_vat) == ("c", Decimal("0.60"))


def test_energy_follows_the_market_of_the_sites_zone(priced: Database, settle) -> None:
    with priced.unit_of_work() as work:
        work.tariffs.add(tariff(element(component("ENERGY", "0.02", fallback="0.50")), id="market"))
        work.tariffs.assign(rule(tariff_id="market", station_id="A", since=START - HOUR))
        prices = Series(kind=SeriesKind.PRICE, subject="NL", start=START, step_minutes=30, values=(0.1, 0.2))
        work.series.put(prices)
        work.commit()
    Station(database=priced).charge()

    (record,) = settle()

    assert [period.price_per_kwh for period in record.cost.periods] == [Decimal("0.12"), Decimal("0.22")]
    # 5 kWh in the first half hour, 1 kWh in the second.
    assert record.cost.energy.excl_vat == Decimal("0.82")


def test_session_where_no_tariff_rules_is_free_and_has_its_record(fleet: Database, clock) -> None:
    Station(database=fleet).charge()
    clock.instant = LATER
    SettleSessions(
        unit_of_work=fleet.unit_of_work, reading=fleet.reading, payments=InvoicePayments(), clock=clock
    ).settle_due()

    with fleet.reading() as work:
        (record,) = work.charge_detail_records.list(limit=9)
    assert (record.tariff, record.cost.total.incl_vat) == (None, 0)
    assert statuses(fleet, [record]) == ["not_required"]


def test_records_are_found_by_user_site_session_and_payment(priced: Database, settle) -> None:
    station = Station(database=priced)
    mine = station.charge("1")
    station.charge("2", id_token="foreign")
    first, _ = settle()

    with priced.reading() as work:
        found = work.charge_detail_records.list

        assert [record.session_id for record in found(limit=9, user_id="driver")] == [mine]
        assert [record.session_id for record in found(limit=9, session_id=mine)] == [mine]
        assert len(found(limit=9, site_id="s", status=PaymentStatus.PENDING)) == 2
        assert found(limit=9, status=PaymentStatus.PAID) == []
        assert len(found(limit=9, before=found(limit=1)[0].id)) == 1
        assert work.charge_detail_records.made(first.made_at, None, offset=1, limit=9)[1] == 2
        assert work.charge_detail_records.made(None, first.made_at, offset=0, limit=9) == ([], 0)


# ── Contracts, terms, partners ───────────────────────────────────────────────────────────────────────────────────────


def test_terms_that_count_are_the_latest_that_have_begun(database: Database) -> None:
    with database.unit_of_work() as work:
        for version, hours in ((1, 0), (2, 1)):
            terms = Terms(
                id="charging", version=version, title="Charging", text="…", valid_from=START + hours * HOUR,
                published_at=START, published_by="olga",
            )  # fmt: skip
            work.terms.add(terms)
        current = [work.terms.current(START + hours * HOUR) for hours in (-1, 0, 2)]
        with pytest.raises(Conflict):
            work.terms.add(terms)

    assert [[terms.version for terms in known] for known in current] == [[], [1], [2]]


def test_first_acceptance_of_a_version_stays(database: Database) -> None:
    with database.unit_of_work() as work:
        for hours in (0, 1):
            work.terms.accept(
                TermsAcceptance(user_id="driver", terms_id="charging", version=1, accepted_at=START + hours * HOUR)
            )
        (accepted,) = work.terms.acceptances("driver")

    assert accepted.accepted_at == START


def test_partner_is_found_by_its_token_until_it_is_revoked(database: Database) -> None:
    partner = OcpiPartner(
        id="p", name="A hub", party=PartyId(country_code="DE", party_id="HUB"), created_at=START, created_by="olga"
    )
    with database.unit_of_work() as work:
        work.partners.add(partner, b"digest")
        work.partners.save_token(PartnerToken(id_token="CARD", partner_id="p", contract_id="DE-HUB-C1"))
        work.commit()

    with database.unit_of_work() as work:
        assert work.partners.of_token(b"digest") == partner
        assert work.partners.of_token(b"other") is None
        assert [token.id_token for token in work.partners.tokens("p")] == ["card"]
        work.partners.revoke("p", START + HOUR)
        work.partners.revoke("p", START + 2 * HOUR)
        assert work.partners.get("p").revoked_at == START + HOUR
