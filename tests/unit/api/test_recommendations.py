"""Recommended charge points: which suit, in which order, and what strangers are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.domain.opening_hours import OpeningHours, RegularHours
from twinev.domain.plan import StoredPlan
from twinev.domain.reservation import Reservation
from twinev.domain.session import ChargingNeeds, ChargingSession
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.tariffs import PriceComponent, Tariff, TariffAssignment, TariffDimension, TariffElement
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput, NotAuthenticated
from twinev.services.driver_wish import DriverWish
from twinev.services.headroom_memory import KEPT_SECONDS, HeadroomMemory
from twinev.services.recommend import recommend
from twinev.services.series_price import SeriesPrice
from twinev.services.site_headroom import deliver
from twinev.services.tariff_price import TariffPrice

START = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
HERE = Location(latitude_degrees=52.0, longitude_degrees=5.0)
ASK = {"latitude_degrees": 52.0, "longitude_degrees": 5.0, "energy_kwh": 10, "stay_minutes": 60}
FREE = Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE)


def north(km: float) -> Location:
    return Location(latitude_degrees=52.0 + km / 111.195, longitude_degrees=5.0)


def station(station_id: str, *, km: float = 1.0, site_id: str = "s", evse: Evse = FREE, **fields) -> ChargingStation:
    return ChargingStation(
        id=station_id, site_id=site_id, name=station_id, location=north(km), evses=(evse,), online=True, **fields
    )


def keep(database, *stations: ChargingStation, **site) -> None:
    with database.unit_of_work() as work:
        work.sites.save(replace(work.sites.get("s"), **site))
        for one in stations:
            work.stations.save(one)
        work.commit()


def put(database, kind: SeriesKind, subject: str, value: float, clock) -> None:
    series = Series(kind=kind, subject=subject, start=clock.now(), step_minutes=60, values=(value,) * 24)
    with database.unit_of_work() as work:
        work.series.put(series)
        work.commit()


def recommended(database, clock, **wish) -> list:
    asked = {"place": HERE, "energy_kwh": 10.0, "stay_minutes": 60.0} | wish
    with database.reading() as work:
        return recommend(DriverWish(**asked), work=work, price=SeriesPrice(work), now=clock.now())


def names(database, clock, **wish) -> list[str]:
    return [one.station.id for one in recommended(database, clock, **wish)]


# ── Which suit ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "unsuited",
    [
        station("X", evse=replace(FREE, status=ConnectorStatus.OCCUPIED)),
        station("X", evse=replace(FREE, status=ConnectorStatus.RESERVED)),
        station("X", evse=replace(FREE, status=ConnectorStatus.FAULTED)),
        station("X", evse=Evse(id=1, max_kw=11, connector_type="cCCS2", status=ConnectorStatus.AVAILABLE)),
        station("X", km=8.0),
        station("X", public=False),
        replace(station("X"), online=False),
    ],
    ids=["occupied", "reserved", "faulted", "other plug", "too far by road", "private", "silent"],
)
def test_only_free_compatible_public_stations_within_reach(database, clock, unsuited):
    keep(database, station("near"), unsuited)

    assert names(database, clock, connector_type="cType2", max_distance_km=10.0) == ["near"]


def test_blocked_station_is_not_recommended(database, clock):
    keep(database, station("near"), station("X", blocked_at=clock.now(), block_reason="works"))

    assert names(database, clock) == ["near"]


def test_site_that_is_closed_on_arrival_is_not_recommended(database, clock):
    keep(
        database,
        station("near"),
        opening_hours=OpeningHours(regular=(RegularHours(weekday=1, begin="08:00", end="09:00"),)),
    )

    assert names(database, clock) == []


def test_evse_with_an_ev_is_taken_whatever_the_station_says(database, clock):
    keep(database, station("near"))
    charging = ChargingSession(
        id="x", site_id="s", station_id="near", evse_id=1, ocpp_transaction_id="t", id_token=None,
        started_at=clock.now(),
    )  # fmt: skip
    with database.unit_of_work() as work:
        work.sessions.save(charging)
        work.commit()

    assert names(database, clock) == []


@pytest.mark.parametrize(("begins_minutes", "free"), [(30, False), (90, True)])
def test_evse_that_somebody_reserved_for_part_of_the_stay_is_not_free(database, clock, begins_minutes, free):
    keep(database, station("near"))
    begin = clock.now() + timedelta(minutes=begins_minutes)
    booked = Reservation(
        id="r", number=1, user_id="dora", site_id="s", station_id="near", evse_id=1, connector_type="cType2",
        window=TimeWindow.around(begin, begin + timedelta(hours=1)), grace_minutes=15, made_at=clock.now(),
    )  # fmt: skip
    with database.unit_of_work() as work:
        assert work.reservations.book(booked)
        work.commit()

    assert names(database, clock) == (["near"] if free else [])


@pytest.mark.parametrize("status", [ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED])
def test_evse_that_the_driver_reserved_himself_is_free_for_him_alone(database, clock, status):
    keep(database, station("near", evse=replace(FREE, status=status)))
    booked = Reservation(
        id="r", number=1, user_id="dora", site_id="s", station_id="near", evse_id=1, connector_type="cType2",
        window=TimeWindow.around(clock.now(), clock.now() + timedelta(hours=1)), grace_minutes=15, made_at=clock.now(),
    )  # fmt: skip
    with database.unit_of_work() as work:
        assert work.reservations.book(booked)
        work.commit()

    with database.reading() as work:
        shown = {
            user_id: [
                one.station.id
                for one in recommend(
                    DriverWish(place=HERE), work=work, price=SeriesPrice(work), now=clock.now(), user_id=user_id
                )
            ]
            for user_id in (None, "emil", "dora")
        }

    assert shown == {None: [], "emil": [], "dora": ["near"]}


def test_station_for_some_drivers_is_recommended_to_these_alone(database, clock):
    keep(database, station("near"), station("hidden", km=2.0, public=False))
    with database.unit_of_work() as work:
        for station_id in ("near", "hidden"):
            work.station_access.allow(station_id, "dora")
        work.commit()

    with database.reading() as work:
        wish = DriverWish(place=HERE)
        shown = {
            user_id: [
                one.station.id
                for one in recommend(wish, work=work, price=SeriesPrice(work), now=clock.now(), user_id=user_id)
            ]
            for user_id in (None, "emil", "dora")
        }

    assert shown == {None: [], "emil": [], "dora": ["near", "hidden"]}


def test_station_that_gives_too_little_power_is_not_recommended(database, clock):
    keep(database, station("slow"), station("fast", evse=replace(FREE, max_kw=22)))

    assert names(database, clock, min_kw=22) == ["fast"]


def test_price_that_is_too_high_or_not_known_is_not_recommended(database, clock):
    keep(database, station("dear"), station("without a price"))
    rule(database, clock, "dear", currency="EUR")

    # 0.605 €/kWh, as above.
    assert list(priced(database, clock, max_price_eur_per_kwh=0.61)) == ["dear"]
    assert list(priced(database, clock, max_price_eur_per_kwh=0.6)) == []


def test_only_the_station_that_was_asked_for_is_recommended(database, clock):
    keep(database, station("near"), station("other"))

    assert names(database, clock, station_id="other") == ["other"]


@pytest.mark.parametrize(("hours", "free"), [(1, False), (3, True)])
def test_station_that_is_occupied_now_is_recommended_for_when_its_ev_has_left(database, clock, hours, free):
    keep(database, station("near", evse=replace(FREE, status=ConnectorStatus.OCCUPIED)))
    departure = clock.now() + timedelta(hours=2)
    charging = ChargingSession(
        id="x", site_id="s", station_id="near", evse_id=1, ocpp_transaction_id="t", id_token=None,
        started_at=clock.now(), needs=ChargingNeeds(departure_at=departure),
    )  # fmt: skip
    with database.unit_of_work() as work:
        work.sessions.save(charging)
        work.commit()

    assert names(database, clock) == []
    assert names(database, clock, arrive_at=clock.now() + timedelta(hours=hours)) == (["near"] if free else [])


def test_driver_arrives_when_he_wants_or_as_soon_as_the_way_allows(database, clock):
    keep(database, station("near", km=4.0))
    later = clock.now() + timedelta(days=3)

    (soon,) = recommended(database, clock, arrive_at=clock.now())
    (late,) = recommended(database, clock, arrive_at=later)

    # 5.2 km at 40 km/h.
    assert soon.arrival - clock.now() == pytest.approx(timedelta(minutes=7.8), abs=timedelta(seconds=2))
    assert late.arrival == later
    assert late.facts.available_kwh == pytest.approx(10.0)


@pytest.mark.parametrize("arrive_at", [START + timedelta(days=7), datetime.max.replace(tzinfo=UTC)])
def test_nobody_is_recommended_what_is_too_far_ahead_to_be_reserved(database, clock, arrive_at):
    with pytest.raises(BadInput, match="arrive_at"):
        names(database, clock, arrive_at=arrive_at)


# ── In which order ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nearer_of_two_alike_goes_first(database, clock):
    put(database, SeriesKind.PRICE, "NL", 0.3, clock)
    keep(database, station("far", km=5.0), station("near", km=1.0))

    assert names(database, clock) == ["near", "far"]


def test_cheaper_zone_outweighs_a_short_way(database, clock):
    put(database, SeriesKind.PRICE, "NL", 0.9, clock)
    put(database, SeriesKind.PRICE, "DE", 0.05, clock)
    keep(database, station("dear", km=1.0))
    with database.unit_of_work() as work:
        work.sites.save(Site(id="d", name="D", location=HERE, supply_max_kw=50, price_zone="DE"))
        work.stations.save(station("cheap", km=3.0, site_id="d"))
        work.commit()

    assert names(database, clock) == ["cheap", "dear"]


def test_tariff_of_a_station_goes_before_the_price_of_its_zone(database, clock):
    put(database, SeriesKind.PRICE, "NL", 0.3, clock)
    keep(database, station("free of tariff"), station("dear"))
    rule(database, clock, "dear", currency="EUR")

    prices = priced(database, clock)

    # 10 kWh at 0.40 € and a fee of 1 €, with 21 % of VAT.
    assert prices == {"free of tariff": pytest.approx(0.3), "dear": pytest.approx(0.605)}


def test_tariff_in_another_currency_is_a_price_that_nobody_knows(database, clock):
    keep(database, station("abroad"))
    rule(database, clock, "abroad", currency="CHF")

    assert priced(database, clock) == {"abroad": None}


def test_who_wants_no_energy_is_told_a_price_all_the_same(database, clock):
    keep(database, station("dear"))
    rule(database, clock, "dear", currency="EUR")

    assert priced(database, clock, energy_kwh=0.0) == {"dear": pytest.approx(1.4 * 1.21, abs=0.01)}


def rule(database, clock, station_id: str, *, currency: str) -> None:
    vat = Decimal(21)
    parts = (
        PriceComponent(type=TariffDimension.ENERGY, price=Decimal("0.40"), vat_percent=vat),
        PriceComponent(type=TariffDimension.FLAT, price=Decimal(1), vat_percent=vat),
    )
    tariff = Tariff(
        id="day", version=1, name="By day", currency=currency, elements=(TariffElement(price_components=parts),),
        valid_from=clock.now(), published_at=clock.now(), published_by="olga",
    )  # fmt: skip
    ruling = TariffAssignment(
        site_id="s", station_id=station_id, tariff_id="day", since=clock.now(), assigned_by="olga"
    )
    with database.unit_of_work() as work:
        work.tariffs.add(tariff)
        work.tariffs.assign(ruling)
        work.commit()


def priced(database, clock, **wish) -> dict[str, float | None]:
    asked = {"place": HERE, "energy_kwh": 10.0, "stay_minutes": 60.0} | wish
    with database.reading() as work:
        price = TariffPrice(work, otherwise=SeriesPrice(work))
        found = recommend(DriverWish(**asked), work=work, price=price, now=clock.now())
    return {one.station.id: one.facts.price_eur_per_kwh for one in found}


def test_way_costs_great_circle_times_detour_times_consumption_times_price(database, clock):
    put(database, SeriesKind.PRICE, "NL", 0.5, clock)
    keep(database, station("near", km=4.0))

    (one,) = recommended(database, clock, consumption_kwh_per_km=0.2)

    assert one.way_km == pytest.approx(5.2, abs=0.01)
    assert one.facts.way_cost_eur == pytest.approx(5.2 * 0.2 * 0.5, abs=0.01)


def test_restriction_and_demand_leave_less_energy(database, clock):
    keep(database, station("A1"), station("B1"))
    now = clock.now()
    order = Restriction(
        id="r", station_ids=("A1",), limit_kw=2.0, start=now, end=now + timedelta(hours=3), created_by="olga",
        created_at=now,
    )  # fmt: skip
    with database.unit_of_work() as work:
        work.restrictions.save(order)
        work.commit()
    put(database, SeriesKind.DEMAND, "s", 44.0, clock)

    kwh = {one.station.id: one.facts.available_kwh for one in recommended(database, clock)}

    assert kwh == {"A1": pytest.approx(2.0), "B1": pytest.approx(6.0)}


def test_restriction_over_two_sites_counts_what_the_other_draws(database, clock):
    keep(database, station("A1"))
    now = clock.now()
    with database.unit_of_work() as work:
        work.sites.save(Site(id="d", name="D", location=HERE, supply_max_kw=50))
        work.stations.save(station("D1", site_id="d", km=100))
        work.sessions.save(
            ChargingSession(
                id="x",
                site_id="d",
                station_id="D1",
                evse_id=1,
                ocpp_transaction_id="t",
                id_token=None,
                started_at=now,
                power_kw=4.0,
            )
        )
        work.restrictions.save(
            Restriction(
                id="r",
                station_ids=("A1", "D1"),
                limit_kw=7.0,
                start=now,
                end=now + timedelta(hours=3),
                created_by="olga",
                created_at=now,
            )
        )
        work.commit()

    (one,) = recommended(database, clock)

    assert one.facts.available_kwh == pytest.approx(3.0)


@pytest.mark.parametrize(("planned_kwh", "left_kwh"), [([1.0] * 96, 6.0), ([], 8.0)], ids=["planned", "no plan"])
def test_other_evs_leave_what_is_not_planned_for_them(database, clock, planned_kwh, left_kwh):
    keep(database, station("A1"), station("B1"), supply_max_kw=10.0)
    now = clock.now()
    planned = [{"id": "x", "energy_kwh": planned_kwh}] if planned_kwh else []
    with database.unit_of_work() as work:
        work.sessions.save(
            ChargingSession(
                id="x",
                site_id="s",
                station_id="B1",
                evse_id=1,
                ocpp_transaction_id="t",
                id_token=None,
                started_at=now,
                power_kw=2.0,
            )
        )
        work.plans.add(
            StoredPlan(
                id="p",
                site_id="s",
                made_at=now,
                trigger="x",
                formulation="cpo",
                scenario={"start": now.isoformat(), "slot_minutes": 15},
                schedule={"sessions": planned},
            )
        )
        work.commit()

    (one,) = recommended(database, clock)

    assert (one.station.id, one.facts.available_kwh) == ("A1", pytest.approx(left_kwh))


def test_full_site_makes_one_wait_for_the_whole_stay(database, clock):
    keep(database, station("near"))
    put(database, SeriesKind.DEMAND, "s", 60.0, clock)

    (one,) = recommended(database, clock)

    assert (one.facts.available_kwh, one.facts.waiting_minutes, one.facts.charging_minutes) == (0, 60, 60)


# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_stranger_is_told_less_than_a_driver(api, database):
    keep(database, station("near"))

    (stranger,) = api.post("/recommendations", json=ASK, role=None).json()["items"]
    (driver,) = api.post("/recommendations", json=ASK, role="driver").json()["items"]

    assert stranger == driver | {"detail": None}
    assert driver["detail"]["parts"]["energy"] == 1.0
    assert driver["grade"] in {"poor", "fair", "good", "very good", "best"}


@pytest.mark.parametrize("more", [{"arrive_at": "2026-11-23T08:00:00Z"}, {"max_price_eur_per_kwh": 0.5}])
def test_stranger_must_log_in_to_ask_for_a_later_time_or_a_highest_price(api, database, more):
    keep(database, station("near"))

    assert api.post("/recommendations", json=ASK | more, role=None).status_code == 401
    assert api.post("/recommendations", json=ASK | more, role="driver").status_code == 200


def test_stranger_is_slowed_down_and_a_driver_is_not(api):
    answers = [api.post("/recommendations", json=ASK, role=None).status_code for _ in range(12)]
    assert 429 in answers
    assert api.post("/recommendations", json=ASK, role="driver").status_code == 200


def test_wrong_login_is_refused_and_not_taken_for_a_stranger(api):
    assert api.post("/recommendations", json=ASK, role="nobody").status_code == 401


def test_cookie_of_a_session_that_ended_makes_a_stranger(api, monkeypatch):
    def ended(_self, _cookie):
        raise NotAuthenticated("the session has ended")

    monkeypatch.setattr(type(api.app.state.identity), "of_cookie", ended, raising=False)

    assert api.post("/recommendations", json=ASK, role=None, headers={"Cookie": "none=old"}).status_code == 200


@pytest.mark.parametrize("change", [{"latitude_degrees": 91}, {"stay_minutes": 0}, {"energy_kwh": -1}, {"more": 1}])
def test_wish_that_makes_no_sense_is_refused(api, change):
    assert api.post("/recommendations", json=ASK | change).status_code == 422


# ── Delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.floats(0, 50), min_size=4, max_size=4), st.floats(0, 40), st.integers(0, 50), st.integers(1, 90))
def test_delivery_keeps_power_and_stay(room_kw, wanted_kwh, later, stay):
    horizon = Horizon.from_now(START, slot_minutes=15, slots=4)
    arrival = horizon.now + timedelta(minutes=later)
    departure = arrival + timedelta(minutes=stay)

    found = deliver(room_kw, horizon, wanted_kwh=wanted_kwh, arrival=arrival, departure=departure)

    assert 0 <= found.energy_kwh <= wanted_kwh + 1e-9
    assert found.energy_kwh <= max(room_kw) * stay / 60 + 1e-9
    assert 0 <= found.waiting_minutes <= stay + 1e-6
    assert 0 <= found.charging_minutes <= stay + 1e-6


# ── Kept for a while ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_headroom_is_read_anew_after_some_seconds(database, clock):
    wall = [0.0]
    memory = HeadroomMemory(seconds=lambda: wall[0])
    with database.reading() as work:
        site = work.sites.get("s")
        first = memory.read(work, site, [], clock.now())
        wall[0] = KEPT_SECONDS
        kept = memory.read(work, site, [], clock.now())
        wall[0] = KEPT_SECONDS + 0.1
        later = memory.read(work, site, [], clock.now())

    assert kept is first
    assert later is not first
    assert later == first
