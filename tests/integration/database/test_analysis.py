"""A month that was worked out by hand, as both databases count it; what is counted once, and again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from analysed_month import EXPECTED, FIRST, G_PER_KWH, HOUR, put_month, session

from twinev.domain.facts import Sample
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.usage import day_of
from twinev.errors import BadInput, NotFound, Unavailable
from twinev.services.analyse_month import AnalyseMonth
from twinev.services.analysis.figures import Co2Factor, Missing
from twinev.services.count_days import CountDays
from twinev.services.read_meters import EXPORT_REGISTER

OCTOBER = date(2026, 10, 1)
CO2 = Co2Factor(g_per_kwh=G_PER_KWH, source="a table of the tests")
DAY = day_of(date(2026, 10, 5), time_zone="Europe/Amsterdam")


@pytest.fixture
def october(fleet):
    put_month(fleet)
    return fleet


@pytest.fixture
def analyse(october, clock):
    return AnalyseMonth(reading=october.reading, clock=clock, co2=CO2)


@pytest.fixture
def count(october, clock):
    return CountDays(unit_of_work=october.unit_of_work, reading=october.reading, clock=clock)


def values(period) -> dict[str, float | None]:
    return {name: figure.value for name, figure in period.figures.items()}


def test_month_is_what_was_worked_out_by_hand(analyse):
    found = analyse.month(OCTOBER, site_id="s")

    assert values(found.month) == {name: pytest.approx(value) for name, value in EXPECTED.items()}
    assert (found.month.name, found.settled, len(found.days)) == ("2026-10", True, 31)
    # The 5th has all of it but the time of the other days.
    fifth = values(found.days[4])
    assert found.days[4].name == "2026-10-05"
    assert fifth["occupancy"] == pytest.approx(3 / (4 * 24))
    same = {name for name, value in EXPECTED.items() if name != "occupancy"}
    assert {name: fifth[name] for name in same} == {name: pytest.approx(EXPECTED[name]) for name in same}
    # 9 kWh within the hour from 10 o'clock on the site's clock, on one of 31 days.
    assert found.hours_kw[10] == pytest.approx(9 / 31)


def test_month_of_counted_days_is_the_same(analyse, count):
    before = analyse.month(OCTOBER, site_id="s")

    # October, and the first 19 days of November: two days are needed to settle.
    assert count.count_all() == 31 + 19

    after = analyse.month(OCTOBER, site_id="s")
    assert values(after.month) == {name: pytest.approx(value) for name, value in values(before.month).items()}
    assert after.hours_kw == pytest.approx(before.hours_kw)
    assert count.count_all() == 0


def test_day_is_counted_again_where_something_came_late(october, analyse, count, clock):
    clock.instant = datetime(2026, 11, 8, 18, tzinfo=UTC)
    count.count_all()
    begun = FIRST + 3 * HOUR
    with october.unit_of_work() as work:
        work.sessions.save(session(9, started_at=begun, ended_at=begun + HOUR, energy_kwh=8.0))
        work.series.put(Series(kind=SeriesKind.PRICE, subject="NL", start=begun, step_minutes=60, values=(0.5,)))
        work.commit()
    assert values(analyse.month(OCTOBER, site_id="s").month)["sessions"] == 2

    assert count.count_all() == 1

    found = values(analyse.month(OCTOBER, site_id="s").month)
    assert (found["sessions"], found["energy_kwh"]) == (3, 22.0)
    assert found["energy_cost_eur"] == pytest.approx(1.70 + 8 * 0.5)
    # After forty days nobody looks any more.
    clock.instant = DAY.end + timedelta(days=41)
    with october.unit_of_work() as work:
        work.sessions.save(session(10, started_at=begun, ended_at=begun + HOUR, energy_kwh=1.0))
        work.commit()
    assert DAY not in [day for _, day in count.due()]


def test_day_under_way_is_told_as_far_as_it_has_come(october, analyse, clock):
    clock.instant = FIRST + HOUR

    found = analyse.month(OCTOBER, site_id="s")

    assert (found.settled, len(found.days)) == (False, 5)
    told = values(found.days[4])
    # From midnight in Amsterdam to ten past... eleven on its clock: two EVs for an hour and for three quarters of one.
    assert told["occupancy"] == pytest.approx(1.75 / (4 * 11))
    assert told["peak_kw"] == pytest.approx(12.0)
    assert told["energy_cost_eur"] == pytest.approx(6 * 0.20)


def test_returned_energy_is_taken_off_where_it_flowed(october, analyse):
    begun = FIRST + 4 * HOUR
    with october.unit_of_work() as work:
        work.sessions.save(
            session(
                9,
                started_at=begun,
                ended_at=begun + HOUR,
                meter_start_kwh=50.0,
                export_start_kwh=7.0,
                energy_kwh=4.0,
                returned_kwh=2.0,
            )
        )
        # Six kWh in the first half hour, two back in the last quarter.
        work.meter_values.add(
            "A",
            2,
            "t9",
            [
                Sample(timestamp=begun + timedelta(minutes=30), value=56.0, unit="kWh"),
                Sample(timestamp=begun + timedelta(minutes=45), value=7.0, unit="kWh", measurand=EXPORT_REGISTER),
            ],
        )
        work.commit()

    with october.reading() as work:
        from_noon = work.analysis.sessions("s", begun, begun + HOUR)
        assert [one.id for one in from_noon] == ["october-9"]
    found = values(analyse.month(OCTOBER, site_id="s").month)
    assert (found["energy_kwh"], found["returned_kwh"]) == (18.0, 2.0)
    assert found["peak_kw"] == pytest.approx(12.0)


def test_sites_together_add_up_and_share_their_restrictions(october, analyse, clock):
    with october.unit_of_work() as work:
        site = work.sites.get("s")
        work.sites.save(replace(site, id="t", name="Other", time_zone="UTC"))
        station = work.stations.get("B")
        work.stations.save(replace(station, id="C", site_id="t"))
        work.sessions.save(
            session(1, id="other", site_id="t", station_id="C", started_at=FIRST, ended_at=FIRST + HOUR, energy_kwh=4.0)
        )
        held = work.restrictions.get("held")
        work.restrictions.save(replace(held, station_ids=("A", "B", "C")))
        work.commit()

    together = values(analyse.month(OCTOBER).month)
    alone = values(analyse.month(OCTOBER, site_id="t").month)

    assert (together["sessions"], together["energy_kwh"]) == (3, 18.0)
    # One kWh more in the quarter of the highest power.
    assert together["peak_kw"] == pytest.approx(16.0)
    assert (together["restrictions"], alone["restrictions"]) == (3, 1)
    assert [found.month.name for found in analyse.months(number=12)] == ["2026-11", "2026-10"]
    clock.instant = datetime(2026, 10, 5, 23, tzinfo=UTC)
    # On the 6th in Amsterdam, still on the 5th elsewhere.
    assert [day.name for day in analyse.month(OCTOBER).days][-1] == "2026-10-06"
    assert [day.name for day in analyse.month(OCTOBER, site_id="t").days][-1] == "2026-10-05"


def test_what_nobody_told_is_missing_and_not_zero(fleet, clock):
    with fleet.unit_of_work() as work:
        work.sessions.save(session(1, started_at=FIRST, ended_at=FIRST + HOUR, energy_kwh=4.0))
        work.commit()

    figures = AnalyseMonth(reading=fleet.reading, clock=clock).month(OCTOBER, site_id="s").month.figures

    missing = {name: figure.missing for name, figure in figures.items() if figure.value is None}
    assert missing == {
        "energy_cost_eur": Missing.NO_PRICE,
        "billed_eur": Missing.NO_BILLS,
        "self_consumption": Missing.NO_PRODUCTION,
        "renewable_share": Missing.NO_RENEWABLE_SHARE,
        "co2_kg": Missing.NO_CO2_FACTOR,
        "restrictions_kept": Missing.NO_RESTRICTIONS,
        "charging_error_kw": Missing.NO_PLANS,
        "charging_error_share": Missing.NO_PLANS,
        "demand_error_kw": Missing.NOT_MEASURED,
        "demand_error_share": Missing.NOT_MEASURED,
        "production_error_kw": Missing.NOT_MEASURED,
        "production_error_share": Missing.NOT_MEASURED,
        "price_error_eur_per_kwh": Missing.NO_PLANS,
    }


def test_month_to_come_or_without_a_site_is_refused(fleet, clock):
    analyse = AnalyseMonth(reading=fleet.reading, clock=clock)

    with pytest.raises(BadInput, match="month"):
        analyse.month(date(2027, 1, 1))
    with pytest.raises(NotFound):
        analyse.month(OCTOBER, site_id="nowhere")
    assert analyse.months(number=3, site_id="s")[0].month.name == "2026-11"


def test_database_without_sites_has_no_months(database, clock):
    analyse = AnalyseMonth(reading=database.reading, clock=clock)

    assert analyse.months(number=3) == []
    with pytest.raises(BadInput):
        analyse.month(OCTOBER)


def test_months_end_where_too_many_days_are_not_counted_yet(october, count, clock):
    # Of November 22 days, then 31.
    analyse = AnalyseMonth(reading=october.reading, clock=clock, most_counted_now=52)
    assert [found.month.name for found in analyse.months(number=12)] == ["2026-11"]

    count.count_all()

    assert [found.month.name for found in analyse.months(number=12)] == ["2026-11", "2026-10"]
    assert [found.month.name for found in analyse.months(number=1)] == ["2026-11"]


def test_readings_of_a_day_are_summed_up_by_the_database(october):
    """Of 6,000 readings one row for each quarter of an hour comes, and none of those is kept."""
    with october.unit_of_work() as work:
        work.sessions.save(session(9, started_at=FIRST, ended_at=FIRST + 10 * HOUR, meter_start_kwh=0.0, energy_kwh=60))
        work.meter_values.add(
            "A",
            2,
            "t9",
            [Sample(timestamp=FIRST + timedelta(seconds=6 * n), value=n / 100, unit="kWh") for n in range(6000)],
        )
        work.commit()

    with october.reading() as work:
        rows = [one for one in work.analysis.readings("s", DAY.start, DAY.end) if one.session_id == "october-9"]

    assert len(rows) == 40
    assert (rows[0].lowest_kwh, rows[0].highest_kwh) == (0.0, pytest.approx(1.49))
    assert rows[-1].last_at == FIRST + timedelta(seconds=6 * 5999)


def test_loop_counts_what_is_due_and_goes_on_when_the_database_is_back(october, clock):
    clock.instant = datetime(2026, 10, 8, 18, tzinfo=UTC)
    away = [Unavailable("the database does not answer")]

    def reading():
        if away:
            raise away.pop()
        return october.reading()

    counting = CountDays(
        unit_of_work=october.unit_of_work, reading=reading, clock=clock,
        first_seconds=0.0, round_seconds=0.01, pause_seconds=0.0,
    )  # fmt: skip

    async def run() -> None:
        loop = asyncio.create_task(counting.run())
        async with asyncio.timeout(120):
            while counted() < 5:
                await asyncio.sleep(0.05)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    def counted() -> int:
        with october.reading() as work:
            return len(work.site_days.between("s", OCTOBER, date(2026, 10, 31)))

    asyncio.run(run())

    assert away == []
    assert counted() == 5
