"""Usage metrics from stored sessions, cards, meters and restrictions, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from twinev.domain.facts import Sample
from twinev.domain.grid import Restriction
from twinev.domain.session import ChargingSession
from twinev.errors import BadInput, NotFound
from twinev.services.measure_usage import MeasureUsage

FIRST = datetime(2026, 10, 5, 8, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)


def stay(number: int, card: str | None, *, days: int = 0, **fields) -> ChargingSession:
    start = FIRST + timedelta(days=days, minutes=number)
    common = ChargingSession(
        id=f"session-{number}", site_id="s", station_id="A", evse_id=1, ocpp_transaction_id=f"t{number}",
        id_token=card, started_at=start, ended_at=start + timedelta(hours=2), energy_kwh=10.0,
    )  # fmt: skip
    return replace(common, **fields)


def keep(fleet, *sessions: ChargingSession) -> None:
    with fleet.unit_of_work() as work:
        for session in sessions:
            work.sessions.save(session)
        work.commit()


def measured(fleet, clock):
    clock.instant = datetime(2026, 11, 22, 18, tzinfo=UTC)
    return MeasureUsage(reading=fleet.reading, clock=clock).month("s", OCTOBER)


def test_month_of_five_people_is_shown_with_its_figures(fleet, clock):
    keep(fleet, *[stay(number, f"card-{number}") for number in range(5)])

    found = measured(fleet, clock)

    figures = found.month.figures
    assert (figures.sessions, figures.energy_kwh) == (5, 50.0)
    # Four EVSEs; a month of 31 days and, for the change of the clocks, one hour.
    hours = 31 * 24 + 1
    assert figures.occupancy == pytest.approx(10 / (4 * hours))
    assert figures.utilisation == pytest.approx(50 / (66 * hours))
    assert [day.span.name for day in found.days if day.figures is not None] == ["2026-10-05"]


def test_month_of_four_people_is_hidden_however_often_they_came(fleet, clock):
    keep(fleet, *[stay(number, f"card-{number % 4}") for number in range(20)])

    found = measured(fleet, clock)

    assert found.month.figures is None
    assert all(day.figures is None for day in found.days)


def test_cards_of_one_user_and_sessions_without_a_card_count_once_each(fleet, clock):
    with fleet.unit_of_work() as work:
        for number in range(4):
            work.tokens.save(f"card-{number}", "Accepted", user_id="ann")
        work.commit()
    keep(fleet, *[stay(number, f"card-{number}") for number in range(4)], *[stay(n, None) for n in range(4, 9)])

    assert measured(fleet, clock).month.figures is None


def test_day_that_could_be_worked_out_takes_another_with_it(fleet, clock):
    keep(
        fleet,
        *[stay(number, f"card-{number}") for number in range(7)],
        *[stay(10 + number, f"card-{number}", days=1) for number in range(5)],
        stay(20, "card-0", days=2),
    )

    found = measured(fleet, clock)

    assert [day.span.name for day in found.days if day.figures is not None] == ["2026-10-05"]
    assert found.month.figures.sessions == 13


def test_peak_is_that_of_the_meters_of_the_outlets_together(fleet, clock):
    sessions = [stay(number, f"card-{number}") for number in range(5)]
    keep(fleet, *sessions)
    with fleet.unit_of_work() as work:
        for session in sessions[:2]:
            samples = [
                Sample(timestamp=FIRST + timedelta(minutes=30 * step), value=5.0 * step, unit="kWh")
                for step in range(3)
            ]
            inlet = [replace(sample, location="Inlet", value=900.0 * place) for place, sample in enumerate(samples)]
            work.meter_values.add("A", 1, session.ocpp_transaction_id, [*samples, *inlet])
        work.commit()

    assert measured(fleet, clock).month.figures.peak_kw == pytest.approx(2 * 10.0)


def test_restrictions_are_counted_and_those_that_held(fleet, clock):
    with fleet.unit_of_work() as work:
        for name, highest_kw in [("held", 4.9), ("broken", 8.0), ("never", None)]:
            work.restrictions.save(
                Restriction(
                    id=name,
                    station_ids=("A", "B"),
                    limit_kw=5,
                    start=FIRST,
                    end=FIRST + timedelta(hours=1),
                    created_by="olga",
                    created_at=FIRST,
                )
            )
            if highest_kw is not None:
                work.restrictions.record_state(name, {"state": "ended", "highest_kw": highest_kw})
        work.commit()

    found = measured(fleet, clock)

    assert (found.restrictions, found.restrictions_kept) == (3, 1)


def test_public_months_are_of_sites_with_public_stations(fleet, clock):
    keep(fleet, *[stay(number, f"card-{number}") for number in range(5)])
    clock.instant = datetime(2026, 11, 22, 18, tzinfo=UTC)
    usage = MeasureUsage(reading=fleet.reading, clock=clock)

    assert [(m.month.span.name, m.month.figures is not None) for m in usage.months(number=2)] == [
        ("2026-10", True),
        ("2026-09", False),
    ]
    with fleet.unit_of_work() as work:
        for one in work.stations.list():
            work.stations.save(replace(one, public=False))
        work.commit()
    assert usage.months(number=2) == []


@pytest.mark.parametrize("first", [date(2026, 11, 1), date(2027, 1, 1)])
def test_month_that_is_not_over_is_not_told(fleet, clock, first):
    usage = MeasureUsage(reading=fleet.reading, clock=clock)

    with pytest.raises(BadInput, match="month"):
        usage.month("s", first)
    with pytest.raises(NotFound):
        usage.month("nowhere", OCTOBER)


def test_month_stays_as_it_was_counted(fleet, clock):
    keep(fleet, *[stay(number, f"card-{number}") for number in range(5)])
    clock.instant = datetime(2026, 11, 22, 18, tzinfo=UTC)
    usage = MeasureUsage(reading=fleet.reading, clock=clock)
    before = usage.month("s", OCTOBER)

    keep(fleet, stay(99, "late"))

    assert usage.month("s", OCTOBER) == before
