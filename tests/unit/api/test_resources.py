"""The resources of ``/api/v1``: what they show, who may, and what they answer to what cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from twinev.domain.charge_points import ChargingStation, Evse, Location
from twinev.domain.facts import Sample
from twinev.domain.plan import StoredPlan
from twinev.domain.session import ChargingSession
from twinev.domain.users import Role

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)

READ = [
    "/sites",
    "/sites/s",
    "/stations",
    "/stations/A",
    "/stations/A/limits",
    "/commands",
    "/plans",
    "/plans/plan",
    "/series/price_eur_per_kwh/NL?start=2026-11-22T18:00:00Z",
]


def session(**changes) -> ChargingSession:
    common = ChargingSession(
        id="charging",
        site_id="s",
        station_id="A",
        evse_id=1,
        ocpp_transaction_id="7",
        id_token="card",
        started_at=START - 30 * MINUTE,
        energy_kwh=3.5,
        power_kw=7.2,
        measured_at=START - MINUTE,
    )
    return replace(common, **changes)


def plan() -> StoredPlan:
    """A plan from 17:55 on: 5 minutes at 6 kW in the slot that ends at 18:00, then 4 kW."""
    return StoredPlan(
        id="plan",
        site_id="s",
        made_at=START - 5 * MINUTE,
        trigger="session.started",
        formulation="cpo",
        scenario={"start": "2026-11-22T18:45:00+01:00", "slot_minutes": 15, "first_slot_minutes": 5.0},
        schedule={
            "status": "optimal",
            "solver": "SCIP",
            "gap": 0.0,
            "objective": 0.5,
            "solve_seconds": 0.2,
            "sessions": [{"id": "charging", "energy_kwh": [0.5, 1.0]}],
            "supply_point": {},
            "explanations": ["The price is not known everywhere.", "Session charging asks for too much."],
        },
    )


@pytest.fixture
def charging(database):
    """An EV charges at A, with a plan and a meter value."""
    with database.unit_of_work() as work:
        work.sessions.save(session())
        work.plans.add(plan())
        work.meter_values.add(
            "A", 1, "7", [Sample(timestamp=START - n * MINUTE, value=1, unit="kWh") for n in range(5)]
        )
        work.commit()
    return database


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", READ)
def test_staff_reads_everything_and_nobody_else_anything(api, charging, path):
    codes = {role: api.get(path, role=role).status_code for role in (*Role, None)}
    assert codes == {
        Role.DRIVER: 403,
        Role.GRID_OPERATOR: 200,
        Role.CHARGE_POINT_OPERATOR: 200,
        Role.ADMINISTRATOR: 200,
        None: 401,
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/sites/t", {"name": "S", "latitude_degrees": 1, "longitude_degrees": 1, "supply_max_kw": 9}),
        ("POST", "/stations", {"id": "NEW", "site_id": "s"}),
        ("POST", "/sessions", {"station_id": "B", "id_token": "card"}),
        ("PUT", "/series/demand_kw/s", {"start": "2026-11-22T18:00:00Z", "step_minutes": 15, "values": [1]}),
        ("PUT", "/id-tokens/new", {"status": "Accepted"}),
    ],
)
def test_only_who_runs_the_charge_points_writes(api, charging, method, path, body):
    for role in (Role.DRIVER, Role.GRID_OPERATOR):
        assert api.ask(method, path, json=body, role=role).status_code == 403
    assert api.ask(method, path, json=body, role=Role.CHARGE_POINT_OPERATOR).is_success


# ── Live state ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_station_shows_measured_and_planned_power(api, charging):
    station = api.get("/stations/A").json()

    (evse,) = station["evses"]
    assert (station["power_kw"], evse["power_kw"], evse["session_id"]) == (7.2, 7.2, "charging")
    assert evse["planned_kw"] == pytest.approx(4.0)
    assert api.get("/stations/B").json()["evses"][0]["planned_kw"] is None


def test_planned_power_of_a_slot_that_had_begun_is_that_of_its_rest(api, charging, clock):
    clock.advance(minutes=-2)
    assert api.get("/stations/A").json()["evses"][0]["planned_kw"] == pytest.approx(6.0)


def test_power_that_was_measured_long_ago_says_nothing_of_now(api, charging, clock):
    clock.advance(minutes=2, seconds=1)
    assert api.get("/stations/A").json()["power_kw"] == 0
    assert api.get("/sessions/charging").json()["power_kw"] == 0


def test_measured_power_of_an_accelerated_clock_may_be_as_old_as_its_messages_travel(api, charging, clock):
    clock.speed = 60.0
    clock.advance(minutes=8)
    assert api.get("/stations/A").json()["power_kw"] == 7.2
    clock.advance(minutes=2)
    assert api.get("/stations/A").json()["power_kw"] == 0


def test_site_adds_up_its_sessions_and_shows_its_series(api, charging):
    api.ask("PUT", "/series/demand_kw/s", json={"start": "2026-11-22T17:00:00Z", "step_minutes": 120, "values": [12.5]})

    (site,) = api.get("/sites").json()["items"]
    assert (site["charging_kw"], site["active_sessions"], site["demand_kw"], site["production_kw"]) == (7.2, 1, 12.5, 0)


def test_session_shows_what_its_plan_says(api, charging):
    shown = api.get("/sessions/charging").json()
    assert shown["planned_kw"] == pytest.approx(4.0)
    assert shown["explanation"] == "Session charging asks for too much."


def test_newer_plan_replaces_the_one_in_memory(api, charging):
    assert api.get("/stations/A").json()["evses"][0]["planned_kw"] == pytest.approx(4.0)
    newer = replace(plan(), id="newer", made_at=START, scenario=plan().scenario | {"first_slot_minutes": 15})
    newer.schedule["sessions"][0]["energy_kwh"][1] = 2.0
    with charging.unit_of_work() as work:
        work.plans.add(newer)
        work.commit()

    assert api.get("/stations/A").json()["evses"][0]["planned_kw"] == pytest.approx(8.0)


def test_listing_two_hundred_stations_takes_a_handful_of_queries(api, charging):
    with charging.unit_of_work() as work:
        for number in range(200):
            evses = (Evse(id=1, max_kw=11), Evse(id=2, max_kw=11))
            work.stations.save(ChargingStation(id=f"N{number:03}", site_id="s", name="N", location=PLACE, evses=evses))
            work.sessions.save(session(id=f"s{number}", station_id=f"N{number:03}", ocpp_transaction_id="t"))
        work.commit()
    statements = []
    event.listen(charging._engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    page = api.get("/stations", params={"limit": 1000}).json()

    assert len(page["items"]) == 202
    assert len([text for text in statements if text.startswith("SELECT")]) <= 6


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "count"), [("/stations", 7), ("/sessions", 6), ("/sessions/charging/meter-values", 5)]
)
def test_list_is_paged_without_gap_or_repetition(api, charging, path, count):
    with charging.unit_of_work() as work:
        for number in range(5):
            station = ChargingStation(
                id=f"N{number}", site_id="s", name="N", location=PLACE, evses=(Evse(id=1, max_kw=11),)
            )
            work.stations.save(station)
            work.sessions.save(session(id=f"s{number}", station_id=f"N{number}"))
        work.commit()
    seen, cursor = [], None
    while True:
        page = api.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= 2
        seen += [str(item) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == count


def test_sessions_are_filtered(api, charging):
    with charging.unit_of_work() as work:
        work.sessions.save(session(id="over", ocpp_transaction_id="1", ended_at=START))
        work.commit()

    def ids(**params) -> list[str]:
        return [item["id"] for item in api.get("/sessions", params=params).json()["items"]]

    assert ids(active=True) == ["charging"]
    assert ids(active=False) == ["over"]
    assert ids(station_id="B") == []
    assert sorted(ids(site_id="s")) == ["charging", "over"]


def test_meter_values_are_filtered(api, charging):
    path = "/sessions/charging/meter-values"
    assert len(api.get(path, params={"since": "2026-11-22T17:59:00Z"}).json()["items"]) == 2
    assert api.get(path, params={"measurand": "Power.Active.Import"}).json()["items"] == []


# ── Doing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_session_is_started_from_afar(api, charging, commands):
    answer = api.post("/sessions", json={"station_id": "B", "evse_id": 1, "id_token": "card"})

    assert answer.status_code == 201
    assert answer.json()["outcome"] == "accepted"
    ((station_id, command),) = commands.sent
    assert (station_id, command.evse_id, command.id_token) == ("B", 1, "card")
    (kept,) = api.get("/commands", params={"station_id": "B"}).json()["items"]
    assert kept == answer.json()
    assert kept["issued_by"] == "charge_point_operator"


def test_session_is_stopped_from_afar(api, charging, commands):
    assert api.post("/sessions/charging/stop").json()["action"] == "RequestStopTransaction"
    assert commands.sent[0][1].ocpp_transaction_id == "7"


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ({"station_id": "A", "id_token": "card"}, 409, "charging"),
        ({"station_id": "Z", "id_token": "card"}, 404, "Z"),
        ({"station_id": "B", "id_token": "card", "evse_id": 9}, 422, "evse_id"),
        ({"id_token": "card"}, 422, "station_id"),
        ({"station_id": "B"}, 409, "public"),
        ({}, 422, "station_id"),
    ],
)
@pytest.mark.usefixtures("charging")
def test_session_that_cannot_start_says_why(api, commands, body, code, word):
    answer = api.post("/sessions", json=body)

    assert answer.status_code == code
    assert word in answer.json()["detail"]
    assert commands.sent == []


def test_session_that_has_ended_cannot_be_stopped(api, charging, commands):
    with charging.unit_of_work() as work:
        work.sessions.save(session(ended_at=START))
        work.commit()

    assert api.post("/sessions/charging/stop").status_code == 409
    assert api.ask("PATCH", "/sessions/charging", json={"energy_kwh": 5}).status_code == 409


def test_needs_are_changed_and_what_is_left_out_stays(api, charging):
    api.ask("PATCH", "/sessions/charging", json={"energy_kwh": 20, "departure_at": "2026-11-23T08:00:00+01:00"})
    changed = api.ask("PATCH", "/sessions/charging", json={"profile": "cheap"}).json()

    assert (changed["energy_requested_kwh"], changed["profile"]) == (20, "cheap")
    assert changed["departure_at"] == "2026-11-23T07:00:00Z"
    with charging.reading() as work:
        assert [event.kind for event in work.outbox.pending(9)] == ["session.needs"] * 2


def test_unknown_profile_is_refused(api, charging):
    problem = api.ask("PATCH", "/sessions/charging", json={"profile": "speedy"}).json()
    assert (problem["key"], problem["value"], problem["allowed"]) == (
        "profile",
        "speedy",
        "one of cheap, fast, green, default",
    )


def test_station_is_registered_and_its_key_told_once(api, charging):
    created = api.post("/stations", json={"id": "NEW", "site_id": "s", "evse_count": 2})

    assert created.status_code == 201
    assert len(created.json()["key"]) == 32
    assert len(api.get("/stations/NEW").json()["evses"]) == 2
    assert created.json()["key"] not in api.get("/stations/NEW").text
    assert api.post("/stations", json={"id": "NEW", "site_id": "s"}).status_code == 409


def test_series_is_written_and_read_back(api, charging):
    body = {"start": "2026-11-22T18:00:00Z", "step_minutes": 60, "values": [0.1, 0.2]}
    assert api.ask("PUT", "/series/price_eur_per_kwh/NL", json=body).is_success

    read = api.get("/series/price_eur_per_kwh/NL", params={"start": body["start"], "step_minutes": 30, "count": 5})
    assert read.json()["values"] == [0.1, 0.1, 0.2, 0.2, None]
    with charging.reading() as work:
        (told,) = work.outbox.pending(9)
    assert (told.kind, told.data["site_id"]) == ("series.changed", "s")


@pytest.mark.parametrize(("path", "key"), [("/series/weather/s", "kind"), ("/series/demand_kw/nowhere", "site")])
def test_series_of_nothing_is_refused(api, charging, path, key):
    body = {"start": "2026-11-22T18:00:00Z", "step_minutes": 60, "values": [0.1]}
    assert api.ask("PUT", path, json=body).json()["key"] == key


def test_site_is_made_and_changed(api, charging):
    body = {"name": "New", "latitude_degrees": 52, "longitude_degrees": 5, "supply_max_kw": 30}
    assert api.ask("PUT", "/sites/new", json=body).json()["supply_max_kw"] == 30
    now = {"If-Match": api.get("/sites/new").headers["ETag"]}
    wrong = body | {"time_zone": "Mars/Base"}
    assert api.ask("PUT", "/sites/new", json=wrong, headers=now).json()["key"] == "time_zone"
    assert api.ask("PUT", "/sites/new", json=body | {"supply_max_kw": 40}, headers=now).json()["supply_max_kw"] == 40


def test_card_is_let_in_and_blocked(api, charging):
    assert api.ask("PUT", "/id-tokens/new", json={"status": "Blocked"}).json()["status"] == "Blocked"
    assert api.ask("PUT", "/id-tokens/new", json={"status": "Perhaps"}).status_code == 422


# ── The system ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_health_is_open_and_tells_of_each_part(api, database):
    health = api.get("/health", role=None).json()

    assert health["status"] == "ok"
    assert {part["name"]: part["ok"] for part in health["parts"]} == dict.fromkeys(
        ("database", "stations", "outbox", "facts"), True
    )


def test_health_tells_of_a_database_that_is_away(api, database, tmp_path):
    database.close()
    for file in tmp_path.glob("twinev.db*"):
        file.unlink()
    (tmp_path / "twinev.db").write_text("not a database any more, and longer than its header ought to be" * 20)

    health = api.get("/health", role=None)

    assert health.status_code == 200
    assert health.json()["status"] == "degraded"


def test_documents_name_every_operation_and_load_nothing_from_elsewhere(api):
    document = api.get("http://api/api/openapi.json").json()
    page = api.get("http://api/api/docs", role=None)

    assert all(path in page.text for path in document["paths"])
    assert "<script" not in page.text
    assert "://" not in page.text.replace("http://api", "")


def test_documents_tell_the_fields_of_a_body(api):
    page = api.get("http://api/api/docs", role=None).text
    needs = page.partition('<article id="SessionNeedsIn">')[2].partition("</article>")[0]
    added = page.partition('<article id="StationIn">')[2].partition("</article>")[0]

    energy = needs.partition("<code>energy_kwh</code>")[2].partition("</tr>")[0]
    site = added.partition("<code>site_id</code>")[2].partition("</tr>")[0]
    assert all(words in energy for words in ("number or null", "<td>no</td>", "at least 0, at most 1000"))
    assert "built-in" not in page
    assert all(words in site for words in ("string", "<td>yes</td>"))
    assert page.count("<code>energy_kwh</code>") > needs.count("<code>energy_kwh</code>"), "beside the operation too"


def test_documents_tell_how_to_log_in_and_lead_back(api):
    page = api.get("http://api/api/docs", role=None).text

    assert "POST /api/v1/auth/login" in page
    assert "Authorization: Bearer" in page
    assert 'href="/"' in page
    assert "prefers-color-scheme: dark" in page


def test_unknown_address_is_a_problem_too(api):
    answer = api.get("/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
