"""What charging would come to with each profile, told before it starts: planned by the optimiser, priced by tariffs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.api.app import create_app
from twinev.api.routers import charging_previews
from twinev.domain.charge_points import ConnectorStatus, Evse
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.vehicles import ChargingNeeds
from twinev.errors import Unavailable
from twinev.sct import optimise
from twinev.services.idle_sessions import IdleSessions
from twinev.services.known_limits import KnownLimits
from twinev.services.preview_charging import AT_ONCE, PreviewCharging
from twinev.services.told_limits import ToldLimits

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
DORA, EMIL = "driver:dora", "driver:emil"
WINDOW = {"start": "2026-11-22T18:00:00Z", "end": "2026-11-22T22:00:00Z"}
BATTERY = {"battery_kwh": 50, "soc": 0.4, "target_soc": 0.62}
#: 11 kWh at 11 kW take an hour. The market: dear at first, then cheap; green in the third hour alone.
PRICES = (0.40,) * 4 + (0.10,) * 4 + (0.20,) * 88
RENEWABLE = (0.2,) * 8 + (0.9,) * 4 + (0.2,) * 84


class OptimisingPlanner:
    """The optimiser itself; counts how many ask at once."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.now, self.most = 0, 0

    async def plan(self, problem, *, formulation, time_limit_seconds):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if self.error is not None:
                raise self.error
            return await asyncio.to_thread(optimise, problem, formulation=formulation, time_limit=time_limit_seconds)
        finally:
            self.now -= 1


@pytest.fixture
def planner():
    return OptimisingPlanner()


@pytest.fixture
def service(database, clock, planner):
    return PreviewCharging(
        planner=planner,
        reading=database.reading,
        clock=clock,
        rules=ReservationRules(),
        known=KnownLimits(told=ToldLimits(), plans_here=lambda: True),
        idle=IdleSessions(),
        time_limit_seconds=60.0,
    )


@pytest.fixture
def api(api, database, clock, planner, service):
    """Stations A and B online and free, the prices of two days, and the route under test."""
    with database.unit_of_work() as work:
        for station_id in ("A", "B"):
            work.stations.set_online(station_id, True, START, "socket")
            work.stations.save_evse(station_id, Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE))
        site = replace(work.sites.get("s"), horizon_slots=24)
        work.sites.save(site)
        for kind, values in ((SeriesKind.PRICE, PRICES), (SeriesKind.RENEWABLE_SHARE, RENEWABLE)):
            work.series.put(Series(kind=kind, subject=site.price_zone, start=START, step_minutes=15, values=values))
        work.commit()
    api.app = create_app(
        platform=api.app.state.platform,
        identity=api.app.state.identity,
        routers=(charging_previews.router,),
        state={"preview_charging": service},
    )
    return api


@pytest.fixture
def market_tariff(api):
    """The market's price, 0.05 €/kWh more, without VAT."""
    component = {"type": "ENERGY", "price": 0.05, "market_fallback": 0.30, "step_size": 1}
    body = {"id": "market", "name": "Market", "elements": [{"price_components": [component]}]}
    api.post("/tariffs", json=body).raise_for_status()
    api.post("/tariffs/assignments", json={"site_id": "s", "tariff_id": "market"}).raise_for_status()


def reserve(api, role: str = DORA, **body) -> str:
    made = api.post("/reservations", role=role, json=WINDOW | {"station_id": "A"} | body)
    return made.raise_for_status().json()["id"]


def preview(api, role: str = DORA, **body):
    return api.post("/sessions/preview", role=role, json=body)


def outcomes(answer) -> dict[str, dict]:
    return {one["profile"]: one for one in answer.raise_for_status().json()["outcomes"]}


@pytest.mark.usefixtures("market_tariff")
def test_each_profile_tells_its_own_end_cost_and_renewable_part(api):
    answer = preview(api, reservation_id=reserve(api), **BATTERY)

    found = outcomes(answer)
    assert answer.json()["wanted_kwh"] == pytest.approx(11.0)
    assert set(found) == {"cheap", "fast", "green", "default"}
    assert found["fast"]["done_at"] == "2026-11-22T19:00:00Z"
    assert found["cheap"]["done_at"] == "2026-11-22T20:00:00Z"
    assert found["green"]["done_at"] == "2026-11-22T21:00:00Z"
    totals = {profile: float(one["cost"]["total"]["incl_vat"]) for profile, one in found.items()}
    assert totals["fast"] == pytest.approx(11 * 0.45)
    assert totals["cheap"] == pytest.approx(11 * 0.15)
    assert totals["green"] == pytest.approx(11 * 0.25)
    assert found["fast"]["renewable_part"] == pytest.approx(0.2)
    assert found["green"]["renewable_part"] == pytest.approx(0.9)
    for one in found.values():
        assert one["energy_kwh"] == pytest.approx(11.0)
        assert one["soc"] == pytest.approx(0.62)
        assert one["explanation"] is None


def test_preview_keeps_and_sends_nothing(api, database, commands):
    preview(api, reservation_id=reserve(api), **BATTERY).raise_for_status()

    assert not commands.sent
    with database.reading() as work:
        assert not work.sessions.active()
        assert work.plans.latest("s") is None


def test_target_beyond_reach_tells_what_there_will_be_and_no_end(api):
    wish = {"battery_kwh": 100, "soc": 0.0, "target_soc": 1.0, "departure_at": "2026-11-22T20:00:00Z"}

    found = outcomes(preview(api, reservation_id=reserve(api), **wish))

    for one in found.values():
        assert one["done_at"] is None
        assert one["energy_kwh"] == pytest.approx(22.0, abs=0.01)
        assert one["soc"] == pytest.approx(0.22, abs=0.001)
        assert one["explanation"].startswith("Your EV asks for 100.0 kWh by ")


def test_without_a_tariff_it_costs_nothing(api):
    found = outcomes(preview(api, reservation_id=reserve(api), **BATTERY))

    assert all(one["cost"]["tariff_id"] is None for one in found.values())
    assert all(float(one["cost"]["total"]["incl_vat"]) == 0 for one in found.values())


def test_parking_after_the_target_costs_only_who_stays(api):
    elements = [{"price_components": [{"type": "PARKING_TIME", "price": 2.0, "step_size": 1}]}]
    api.post("/tariffs", json={"id": "p", "name": "Parking", "elements": elements}).raise_for_status()
    api.post("/tariffs/assignments", json={"site_id": "s", "tariff_id": "p"}).raise_for_status()
    reservation = reserve(api)

    stops = outcomes(preview(api, reservation_id=reservation, **BATTERY))["fast"]
    stays = outcomes(preview(api, reservation_id=reservation, stop_at_target=False, **BATTERY))["fast"]

    assert float(stops["cost"]["total"]["incl_vat"]) == 0
    assert float(stays["cost"]["total"]["incl_vat"]) == pytest.approx(3 * 2.0)


@pytest.mark.usefixtures("market_tariff")
def test_drivers_own_tariff_goes_before_that_of_the_place(api):
    elements = [{"price_components": [{"type": "ENERGY", "price": 1.0, "step_size": 1}]}]
    api.post("/tariffs", json={"id": "own", "name": "Own", "elements": elements}).raise_for_status()
    api.post("/contracts", json={"user_id": "dora", "tariff_id": "own"}).raise_for_status()

    found = outcomes(preview(api, reservation_id=reserve(api), **BATTERY))

    assert {one["cost"]["tariff_id"] for one in found.values()} == {"own"}
    assert float(found["cheap"]["cost"]["total"]["incl_vat"]) == pytest.approx(11.0)


def test_others_who_charge_at_the_site_keep_their_part(api, database):
    with database.unit_of_work() as work:
        site = work.sites.get("s")
        needs = ChargingNeeds(energy_kwh=20.0, departure_at=START + 2 * HOUR)
        charging = ChargingSession(
            id="emils", site_id="s", station_id="B", evse_id=1, ocpp_transaction_id="1", id_token="card",
            user_id="emil", started_at=START - HOUR, needs=needs,
        )  # fmt: skip
        work.sessions.save(charging)
        work.series.put(
            Series(
                kind=SeriesKind.DEMAND,
                subject="s",
                start=START,
                step_minutes=15,
                values=(site.supply_max_kw - 11,) * 96,
            )
        )
        work.commit()

    found = outcomes(preview(api, reservation_id=reserve(api), departure_at="2026-11-22T20:00:00Z", **BATTERY))

    # 22 kWh within the two hours, of which Emil's EV needs 20 as much as Dora's its 11: somebody is short.
    assert found["default"]["energy_kwh"] < 11.0 - 1.0


def test_departure_beyond_all_prices_is_refused(api):
    api.ask("PUT", "/stations/B/access/dora").raise_for_status()

    answer = preview(api, station_id="B", departure_at="2926-11-22T18:00:00Z", **BATTERY)

    assert answer.status_code == 422
    assert "departure_at" in answer.text


def test_private_station_needs_no_reservation_and_a_public_one_does(api):
    api.ask("PUT", "/stations/B/access/dora").raise_for_status()

    assert preview(api, station_id="B", **BATTERY).status_code == 200
    assert preview(api, EMIL, station_id="B", **BATTERY).status_code == 404
    assert preview(api, station_id="A", **BATTERY).status_code == 409


def test_another_drivers_reservation_is_none(api):
    assert preview(api, EMIL, reservation_id=reserve(api), **BATTERY).status_code == 404


def test_offline_station_is_told_as_such(api, database):
    reservation = reserve(api)
    with database.unit_of_work() as work:
        work.stations.set_online("A", False, START, "socket")
        work.commit()

    answer = preview(api, reservation_id=reservation, **BATTERY)

    assert answer.status_code == 409
    assert "offline" in answer.json()["detail"]


def test_planner_that_is_away_is_told_as_such(api, planner):
    planner.error = Unavailable("no planner answers")

    assert preview(api, reservation_id=reserve(api), **BATTERY).status_code == 503


def test_many_previews_wait_for_each_other(api, planner):
    reservation = reserve(api)

    async def ask_five() -> list[int]:
        async with api.client(DORA) as client:
            body = {"reservation_id": reservation, **BATTERY}
            answers = await asyncio.gather(*(client.post("/sessions/preview", json=body) for _ in range(5)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask_five()) == [200] * 5
    assert planner.most <= AT_ONCE
