"""The restrictions' resource over HTTP bodies, for every role, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest

from twinev.api.app import create_app
from twinev.api.live import PlanMemory
from twinev.api.platform import Platform
from twinev.api.routers import flexibility_orders, restrictions
from twinev.clock import PlatformClock
from twinev.domain.facts import Sample
from twinev.domain.login import LoggedIn, SessionKind
from twinev.domain.users import Role, User
from twinev.errors import NotAuthenticated
from twinev.sct import optimise
from twinev.services.idle_sessions import IdleSessions
from twinev.services.known_limits import KnownLimits
from twinev.services.preview_restriction import PreviewRestriction
from twinev.services.told_limits import ToldLimits

MAY = [Role.GRID_OPERATOR, Role.ADMINISTRATOR]
MAY_NOT = [Role.DRIVER, Role.CHARGE_POINT_OPERATOR]


class TokensAreRoles:
    """Logs in whoever names a role as the bearer token."""

    cookie_name = "session"
    at_once = True

    def of_token(self, token):
        if token not in set(Role):
            raise NotAuthenticated("no such token")
        user = User(id=token, username=token, roles=frozenset({Role(token)}))
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        return LoggedIn(user=user, session_id="s", kind=SessionKind.TOKEN, expires_at=expires_at)

    of_cookie = of_token

    def confirm(self, login, token):
        pass

    def check_csrf(self, login, token):
        pass


class Api:
    """Calls the application without a socket."""

    def __init__(self, app):
        self._app = app

    def get(self, path, **request):
        return self._call("GET", path, **request)

    def post(self, path, **request):
        return self._call("POST", path, **request)

    def patch(self, path, **request):
        return self._call("PATCH", path, **request)

    def delete(self, path, **request):
        return self._call("DELETE", path, **request)

    def _call(self, method, path, **request):
        async def call():
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
                return await client.request(method, path, **request)

        return asyncio.run(call())


class LocalPlanner:
    """Solves here and now."""

    async def plan(self, problem, *, formulation="cpo", time_limit_seconds=60.0, **_):
        return optimise(problem, formulation=formulation, time_limit=time_limit_seconds)


@pytest.fixture
def api(database, make):
    make.fill(database, stations=3)
    clock = PlatformClock()
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    planner = LocalPlanner()
    preview = PreviewRestriction(
        planner=planner,
        reading=database.reading,
        clock=clock,
        known=KnownLimits(told=ToldLimits(), plans_here=lambda: True),
        idle=IdleSessions(),
    )
    platform = Platform(
        **storage,
        clock=clock,
        planner=planner,
        command_station=SimpleNamespace(),
        events=SimpleNamespace(),
        plan_memory=PlanMemory(),
        secret_key="k" * 64,
    )
    app = create_app(
        platform=platform,
        identity=TokensAreRoles(),
        routers=(restrictions.router, flexibility_orders.router),
        state={"preview_restriction": preview},
    )
    return Api(app)


def body_of(**changes):
    now = datetime.now(UTC)
    return {
        "station_ids": ["S00", "S01"],
        "limit_kw": 4.0,
        "start": now.isoformat(),
        "end": (now + timedelta(hours=2)).isoformat(),
    } | changes


def as_(role):
    return {"Authorization": f"Bearer {role}"}


@pytest.mark.parametrize("role", MAY)
def test_role_that_may_orders_looks_up_and_revokes(api, role):
    made = api.post("/restrictions", json=body_of(v2g=True), headers=as_(role))
    assert made.status_code == 201
    path = f"/restrictions/{made.json()['id']}"

    shown = api.get(path, headers=as_(role)).json()
    revoked = api.delete(path, headers=as_(role))
    after = api.get(path, headers=as_(role)).json()

    assert shown["limit_kw"] == 4.0
    assert shown["v2g"] is True
    assert shown["created_by"] == role
    assert shown["state"] == "pending"
    assert [station["station_id"] for station in shown["stations"]] == ["S00", "S01"]
    assert revoked.status_code == 204
    assert after["state"] == "revoked"
    assert after["revoked_at"]


def test_restriction_that_was_changed_since_it_was_read_is_not_revoked(api):
    path = f"/restrictions/{api.post('/restrictions', json=body_of(), headers=as_(Role.GRID_OPERATOR)).json()['id']}"
    headers = as_(Role.GRID_OPERATOR)
    read = {"If-Match": api.get(path, headers=headers).headers["ETag"]}
    api.patch(path, json={"limit_kw": 3.0}, headers=headers | read)

    refused = api.delete(path, headers=headers | read)
    kept = api.get(path, headers=headers)
    revoked = api.delete(path, headers=headers | {"If-Match": kept.headers["ETag"]})

    assert refused.status_code == 412
    assert kept.json()["revoked_at"] is None
    assert revoked.status_code == 204


@pytest.mark.parametrize("role", MAY_NOT)
def test_role_that_may_not_is_refused_and_nothing_is_kept(api, role):
    kept = api.post("/restrictions", json=body_of(), headers=as_(Role.GRID_OPERATOR)).json()["id"]

    answers = [
        api.post("/restrictions", json=body_of(), headers=as_(role)),
        api.post("/restrictions/preview", json=body_of(), headers=as_(role)),
        api.delete(f"/restrictions/{kept}", headers=as_(role)),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    listed = api.get("/restrictions", headers=as_(Role.ADMINISTRATOR)).json()["items"]
    assert [(one["id"], one["revoked_at"]) for one in listed] == [(kept, None)]


def test_charge_point_operator_may_look_and_driver_may_not(api):
    assert api.get("/restrictions", headers=as_(Role.CHARGE_POINT_OPERATOR)).status_code == 200
    assert api.get("/restrictions", headers=as_(Role.DRIVER)).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_let_in_without_a_login(api, method):
    assert getattr(api, method)("/restrictions").status_code == 401


@pytest.mark.parametrize("role", MAY)
def test_preview_tells_the_effect_and_keeps_nothing(api, role):
    answer = api.post("/restrictions/preview", json=body_of(limit_kw=1.0), headers=as_(role))

    assert answer.status_code == 200, answer.text
    effect = answer.json()
    assert effect["evs_affected"] == 2
    assert max(effect["before_kw"]) > 1.0
    # The restriction lasts for two hours: eight whole slots at least.
    assert max(effect["after_kw"][:8]) <= 1.0
    assert api.get("/restrictions", headers=as_(role)).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"station_ids": ["S00", "nobody"]}, "station_ids[1]"),
        ({"station_ids": []}, "station_ids"),
        ({"limit_kw": -1}, "limit_kw"),
        ({"end": "2020-01-01T00:00:00Z"}, "end"),
        ({"start": "2026-11-23T18:00:00"}, "start"),
        ({"colour": "red"}, "colour"),
    ],
)
@pytest.mark.parametrize("path", ["/restrictions", "/restrictions/preview"])
def test_bad_order_is_refused_by_its_key(api, path, changes, key):
    answer = api.post(path, json=body_of(**changes), headers=as_(Role.GRID_OPERATOR))

    assert answer.status_code == 422
    assert answer.json()["key"] == key


def test_unknown_restriction_is_not_found(api):
    for method in ("get", "delete"):
        assert getattr(api, method)("/restrictions/none", headers=as_(Role.GRID_OPERATOR)).status_code == 404


def test_repeated_order_with_one_idempotency_key_is_made_once(api):
    headers = as_(Role.GRID_OPERATOR) | {"Idempotency-Key": "one"}
    body = body_of()

    answers = [api.post("/restrictions", json=body, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(api.get("/restrictions", headers=headers).json()["items"]) == 1


def test_list_is_paged_newest_first(api):
    headers = as_(Role.GRID_OPERATOR)
    made = [api.post("/restrictions", json=body_of(), headers=headers).json()["id"] for _ in range(3)]

    first = api.get("/restrictions", params={"limit": 2}, headers=headers).json()
    second = api.get("/restrictions", params={"limit": 2, "cursor": first["next_cursor"]}, headers=headers).json()

    assert [one["id"] for one in (*first["items"], *second["items"])] == list(reversed(made))
    assert second["next_cursor"] is None


def order(api, role=Role.GRID_OPERATOR, **changes):
    answer = api.post("/restrictions", json=body_of(**changes), headers=as_(role))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.mark.parametrize(
    "place",
    [
        {"site_ids": ["site"]},
        {"area": {"type": "Circle", "centre": [4.4, 52.0], "radius_km": 1.0}},
        {"area": {"type": "Polygon", "coordinates": [[[4, 51], [5, 51], [5, 53], [4, 53], [4, 51]]]}},
    ],
)
def test_order_for_a_place_means_the_stations_that_stand_there(api, place):
    order_id = order(api, station_ids=[], **place)

    shown = api.get(f"/restrictions/{order_id}", headers=as_(Role.GRID_OPERATOR)).json()

    assert shown["station_ids"] == ["S00", "S01", "S02"]
    for key, value in place.items():
        assert shown[key] == value


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"station_ids": []}, "station_ids"),
        ({"site_ids": ["site"]}, "station_ids"),
        ({"station_ids": [], "site_ids": ["nowhere"]}, "site_ids[0]"),
        ({"station_ids": ["S00", "S99"]}, "station_ids[1]"),
        ({"station_ids": [], "area": {"type": "Circle", "centre": [0, 0], "radius_km": 1}}, "area"),
        ({"station_ids": [], "area": {"type": "Polygon", "coordinates": [[[5, 52], [6, 52], [6, 53], [5, 53]]]}},
         "area.coordinates"),
    ],
)  # fmt: skip
def test_selection_that_means_no_station_is_refused_by_name(api, changes, key):
    answer = api.post("/restrictions", json=body_of(**changes), headers=as_(Role.GRID_OPERATOR))

    assert answer.status_code == 422
    assert answer.json()["key"] == key


def test_change_needs_the_version_that_it_was_made_from_and_is_kept_in_the_history(api):
    path = f"/restrictions/{order(api)}"
    before = api.get(path, headers=as_(Role.GRID_OPERATOR))
    etag = before.headers["ETag"]

    blind = api.patch(path, json={"limit_kw": 2.0}, headers=as_(Role.GRID_OPERATOR))
    changed = api.patch(path, json={"limit_kw": 2.0}, headers=as_(Role.ADMINISTRATOR) | {"If-Match": etag})
    late = api.patch(path, json={"limit_kw": 9.0}, headers=as_(Role.GRID_OPERATOR) | {"If-Match": etag})

    assert (blind.status_code, changed.status_code, late.status_code) == (428, 200, 412)
    assert before.json()["version"] == etag
    assert changed.json()["limit_kw"] == 2.0
    assert changed.headers["ETag"] == changed.json()["version"] != etag
    api.delete(path, headers=as_(Role.GRID_OPERATOR))
    history = api.get(f"{path}/history", headers=as_(Role.CHARGE_POINT_OPERATOR)).json()
    assert [(entry["act"], entry["by"], entry["limit_kw"]) for entry in history] == [
        ("ordered", "grid_operator", 4.0),
        ("changed", "administrator", 2.0),
        ("revoked", "grid_operator", 2.0),
    ]


@pytest.mark.parametrize("role", MAY_NOT)
def test_role_that_may_not_changes_nothing(api, role):
    path = f"/restrictions/{order(api)}"
    etag = api.get(path, headers=as_(Role.GRID_OPERATOR)).headers["ETag"]

    refused = api.patch(path, json={"limit_kw": 99.0}, headers=as_(role) | {"If-Match": etag})

    assert refused.status_code == 403
    assert api.get(path, headers=as_(Role.GRID_OPERATOR)).json()["limit_kw"] == 4.0


def test_list_is_filtered_and_exported(api):
    later = datetime.now(UTC) + timedelta(days=3)
    first = order(api)
    other = order(api, role=Role.ADMINISTRATOR, station_ids=["S02"])
    planned = order(api, start=later.isoformat(), end=(later + timedelta(hours=1)).isoformat())
    api.delete(f"/restrictions/{other}", headers=as_(Role.GRID_OPERATOR))

    def found(**wanted):
        listed = api.get("/restrictions", params=wanted, headers=as_(Role.GRID_OPERATOR)).json()["items"]
        return {one["id"] for one in listed}

    assert found() == {first, other, planned}
    assert found(state="open") == {first, planned}
    assert found(state="revoked") == {other}
    assert found(state="over") == set()
    assert found(created_by="administrator") == {other}
    assert found(station_id="S02") == {other}
    assert found(site_id="site") == {first, other, planned}
    assert found(since=(later - timedelta(days=1)).isoformat()) == {planned}
    assert found(until=(later - timedelta(days=1)).isoformat()) == {first, other}
    table = api.get("/restrictions/export", params={"state": "open"}, headers=as_(Role.GRID_OPERATOR))
    assert table.headers["content-type"].startswith("text/csv")
    assert [line.split(",")[0] for line in table.text.splitlines()] == ["id", planned, first]


def draw(database, power_kw, *, since):
    """The EVs at S00 and S01 were there since then, and each drew this."""
    reading = Sample(timestamp=since, measurand="Power.Active.Import", value=power_kw, unit="kW")
    with database.unit_of_work() as work:
        for session in work.sessions.active():
            work.sessions.save(replace(session, started_at=since))
            if session.station_id in ("S00", "S01"):
                work.meter_values.add(session.station_id, 1, session.ocpp_transaction_id, [reading])
        work.commit()


def test_what_was_measured_is_told_beside_what_was_ordered(api, database):
    begun = datetime.now(UTC) - timedelta(minutes=10)
    draw(database, 2.5, since=begun - timedelta(minutes=5))
    path = f"/restrictions/{order(api, start=begun.isoformat())}"

    measured = api.get(f"{path}/measured", headers=as_(Role.CHARGE_POINT_OPERATOR)).json()

    assert measured["highest_kw"] == 5.0
    assert measured["kept_share"] == 0.0
    assert measured["excess_kwh"] == pytest.approx(10 / 60, abs=0.01)
    assert measured["measured_kw"][0] == 5.0
    assert [limit["limit_kw"] for limit in measured["ordered"]] == [4.0]
    assert measured["silent_station_ids"] == []


def test_nothing_is_measured_before_the_begin(api):
    start = datetime.now(UTC) + timedelta(hours=1)
    path = f"/restrictions/{order(api, start=start.isoformat())}"

    measured = api.get(f"{path}/measured", headers=as_(Role.GRID_OPERATOR)).json()

    assert (measured["kept_share"], measured["highest_kw"], measured["measured_kw"]) == (None, None, [])


def test_preview_of_a_change_compares_with_the_order_as_it_stands(api):
    kept = order(api, limit_kw=1.0)
    headers = as_(Role.GRID_OPERATOR)

    def effect(**params):
        return api.post("/restrictions/preview", json=body_of(limit_kw=3.0), params=params, headers=headers)

    instead = effect(in_place_of=kept).json()
    assert max(instead["before_kw"][:8]) <= 1.0 < max(instead["after_kw"][:8]) <= 3.0
    assert effect(in_place_of="nothing").status_code == 404


def flexibility(**changes):
    now = datetime.now(UTC).isoformat()
    return {"site_id": "site", "start": now, "step_minutes": 15, "values_kw": [-5.0]} | changes


def test_flexibility_orders_overlap_and_one_taken_back_leaves_the_others(api, database):
    start = (datetime.now(UTC) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    headers = as_(Role.GRID_OPERATOR)
    orders = [
        api.post(
            "/flexibility-orders", json=flexibility(start=start.isoformat(), values_kw=[-5.0] * 4), headers=headers
        ).json(),
        api.post(
            "/flexibility-orders", json=flexibility(start=start.isoformat(), values_kw=[-9.0, -9.0]), headers=headers
        ).json(),
    ]

    def held():
        with database.reading() as work:
            return work.series.values("flexibility_kw", "site", start, step_minutes=15, count=5)

    assert held() == [-9.0, -9.0, -5.0, -5.0, None]
    revoked = api.delete(f"/flexibility-orders/{orders[1]['id']}", headers=headers).json()
    assert held() == [-5.0, -5.0, -5.0, -5.0, None]
    api.delete(f"/flexibility-orders/{orders[0]['id']}", headers=headers)
    assert held() == [0.0, 0.0, 0.0, 0.0, None]
    assert (revoked["state"], revoked["revoked_by"]) == ("revoked", "grid_operator")
    listed = api.get("/flexibility-orders", params={"site_id": "site"}, headers=headers).json()["items"]
    assert [(one["id"], one["state"]) for one in listed] == [(one["id"], "revoked") for one in reversed(orders)]


@pytest.mark.parametrize(
    ("changes", "status", "key"),
    [
        ({"site_id": "nowhere"}, 404, "site"),
        ({"values_kw": [-61.0]}, 422, "values_kw[0]"),
        ({"start": "2020-01-01T00:00:00Z"}, 422, "start"),
    ],
)
def test_flexibility_order_that_cannot_be_meant_is_refused(api, changes, status, key):
    body = flexibility(**changes)

    answer = api.post("/flexibility-orders", json=body, headers=as_(Role.GRID_OPERATOR))

    assert answer.status_code == status
    assert answer.json().get("key") == key


@pytest.mark.parametrize("role", MAY_NOT)
def test_role_that_may_not_orders_no_flexibility(api, role):
    assert api.post("/flexibility-orders", json=flexibility(), headers=as_(role)).status_code == 403


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("path", ["/restrictions", "/restrictions/export"])
@pytest.mark.parametrize("bound", ["since", "until"])
def test_list_bounded_by_the_edge_of_the_calendar_is_bad_input(api, path, bound, moment):
    answer = api.get(f"{path}?{bound}={moment}", headers=as_(Role.GRID_OPERATOR))

    assert answer.status_code == 422
    assert answer.json()["key"] == bound
