"""A month whose every figure is worked out by hand: what is put into a database, and what must come out.

All of it is on 5 October 2026 at the site ``s`` with its stations ``A`` and ``B``, 08:00 to 10:00 UTC. By quarters:

    taken by session 1   1.  2.  2.  ...  2 kWh each until 08:30, then 1 kWh each until 10:00: 10 kWh
    taken by session 2       08:15 to 09:15, no readings, 1 kWh each: 4 kWh
    together             2   3   2   2   2   1   1   1 kWh: 14 kWh, the highest is 12 kW
    demand               1   1   1   1   1   1   1   1 kWh
    production           3.5 2   0   0   0   0   0   0 kWh (the first as measured; 4 were announced)
    on-site surplus      2   1   0   ...                kWh taken of it: 3 kWh
    from the grid        0   2   2   2   2   1   1   1 kWh: 11 kWh
    price                0.20 until 09:00, then 0.10 €/kWh: 6 · 0.20 + 5 · 0.10 = 1.70 €
    renewable share      0.5 of the grid: 3 + 11 · 0.5 = 8.5 kWh of 14
    used on the site     3 of 3.5, 2 of 2 kWh: 5 of 5.5
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pricing_examples import component, element, tariff

from twinev.adapters.database.unit_of_work import Database
from twinev.domain.facts import Sample
from twinev.domain.grid import Restriction
from twinev.domain.plan import StoredPlan
from twinev.domain.reservation import Reservation, ReservationStatus
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.tariffs import TariffAssignment
from twinev.domain.time_window import TimeWindow
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.settle_session import settle_session

FIRST = datetime(2026, 10, 5, 8, tzinfo=UTC)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
#: October has 31 days and, for the change of the clocks, one hour more.
HOURS = 31 * 24 + 1
G_PER_KWH = 300.0
EXPECTED = {
    "sessions": 2,
    "energy_kwh": 14.0,
    "returned_kwh": 0.0,
    # Two hours and one of four EVSEs.
    "occupancy": 3 / (4 * HOURS),
    "peak_kw": 12.0,
    "energy_cost_eur": 1.70,
    # 0.50 € a session and 0.30 € a kWh, without VAT.
    "billed_eur": 2 * 0.50 + 14 * 0.30,
    "self_consumption": 5 / 5.5,
    "renewable_share": 8.5 / 14,
    "co2_kg": 11 * 0.3,
    "reservations": 2,
    "no_shows": 1,
    "restrictions": 3,
    "restrictions_kept": 1,
    # 6 kWh planned where 9 came, 5 where 5 came.
    "charging_error_kw": 3 / 2,
    "charging_error_share": 3 / 14,
    "demand_error_kw": 1.0,
    "demand_error_share": 0.25,
    # 16 kW announced where 14 kW came, for a quarter of an hour.
    "production_error_kw": 2.0,
    "production_error_share": 2 / 14,
    # 0.25 €/kWh counted on where 0.20 was published, and 0.10 where 0.10 was.
    "price_error_eur_per_kwh": 0.025,
}


def put_month(database: Database) -> None:
    """Everything of the month."""
    with database.unit_of_work() as work:
        _sessions(work)
        _series(work)
        _plans(work)
        _reservations(work)
        _restrictions(work)
        _bills(work)
        work.commit()


def session(number: int, **fields: object) -> ChargingSession:
    described = {
        "id": f"october-{number}", "site_id": "s", "station_id": "A", "evse_id": number, "id_token": "card",
        "ocpp_transaction_id": f"t{number}",
    }  # fmt: skip
    return ChargingSession(**described | fields)


def _sessions(work) -> None:
    work.sessions.save(session(1, started_at=FIRST, ended_at=FIRST + 2 * HOUR, meter_start_kwh=100.0, energy_kwh=10.0))
    begun = FIRST + QUARTER
    work.sessions.save(session(2, started_at=begun, ended_at=begun + HOUR, energy_kwh=4.0))
    readings = [(0, 100.0), (10, 100.0 + 4 / 3), (20, 100.0 + 8 / 3), (30, 104.0), (60, 106.0), (119, 109.0 + 14 / 15)]
    samples = [Sample(timestamp=FIRST + timedelta(minutes=m), value=kwh, unit="kWh") for m, kwh in readings]
    # What the station itself draws, and a phase alone, are nobody's charging.
    odd = [
        Sample(timestamp=FIRST + HOUR, value=900.0, unit="kWh", location="Inlet"),
        Sample(timestamp=FIRST + HOUR, value=33.0, unit="kWh", phase="L1"),
    ]
    work.meter_values.add("A", 1, "t1", [*samples, *odd])


def _series(work) -> None:
    for kind, subject, values in (
        (SeriesKind.PRICE, "NL", [0.20] * 4 + [0.10] * 4),
        (SeriesKind.RENEWABLE_SHARE, "NL", [0.5] * 8),
        (SeriesKind.DEMAND, "s", [5.0] * 8),
        (SeriesKind.MEASURED_DEMAND, "s", [4.0] * 8),
        (SeriesKind.PRODUCTION, "s", [16.0, 8.0] + [0.0] * 6),
        (SeriesKind.MEASURED_PRODUCTION, "s", [14.0]),
    ):
        work.series.put(Series(kind=kind, subject=subject, start=FIRST, step_minutes=15, values=tuple(values)))


def _plans(work) -> None:
    """One that is made 10 minutes before the first hour, and one 10 minutes before the second, until its end."""
    quarter_kwh = [0.0, 1.5, 1.5, 1.5, 1.5, 2.0, 2.0, 2.0, 2.0]
    _plan(work, "first", FIRST - QUARTER, quarter_kwh, [0.25] * 9)
    _plan(work, "second", FIRST + HOUR - QUARTER, [0.0, 1.25, 1.25, 1.25, 1.25], [0.10] * 5)


def _plan(work, name: str, start: datetime, energy_kwh: list[float], price: list[float]) -> None:
    half_kwh = [kwh / 2 for kwh in energy_kwh]
    scenario = {
        "slot_minutes": 15.0, "first_slot_minutes": 10.0, "start": start.isoformat(), "price_eur_per_kwh": price,
    }  # fmt: skip
    schedule = {"sessions": [{"id": "october-1", "energy_kwh": half_kwh}, {"id": "october-2", "energy_kwh": half_kwh}]}
    work.plans.add(
        StoredPlan(
            id=name,
            site_id="s",
            made_at=start + timedelta(minutes=5),
            trigger="session.started",
            formulation="cpo",
            scenario=scenario,
            schedule=schedule,
        )
    )


def _reservations(work) -> None:
    statuses = (ReservationStatus.USED, ReservationStatus.NO_SHOW, ReservationStatus.CANCELLED)
    for number, status in enumerate(statuses):
        start = FIRST + number * HOUR
        work.reservations.book(
            Reservation(
                id=f"r{number}",
                number=number,
                user_id="driver",
                site_id="s",
                station_id="A",
                evse_id=1,
                connector_type="cType2",
                window=TimeWindow(start=start, end=start + HOUR),
                grace_minutes=15,
                made_at=start - HOUR,
                status=status,
            )
        )


def _restrictions(work) -> None:
    for name, highest_kw in [("held", 4.9), ("broken", 8.0), ("never", None)]:
        order = Restriction(
            id=name,
            station_ids=("A", "B"),
            limit_kw=5,
            start=FIRST,
            end=FIRST + HOUR,
            created_by="olga",
            created_at=FIRST,
        )
        work.restrictions.save(order)
        if highest_kw is not None:
            work.restrictions.record_state(name, {"state": "ended", "highest_kw": highest_kw})


def _bills(work) -> None:
    work.tariffs.add(
        tariff(element(component("FLAT", "0.50", vat="21")), element(component("ENERGY", "0.30", vat="21")))
    )
    work.tariffs.assign(TariffAssignment(site_id="s", tariff_id="T", since=FIRST - HOUR, assigned_by="tests"))
    for number in (1, 2):
        work.charge_detail_records.mark(f"october-{number}", FIRST)
        settle_session(f"october-{number}", payments=InvoicePayments(), work=work, now=FIRST + 3 * HOUR)
