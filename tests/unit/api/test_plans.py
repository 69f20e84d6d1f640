"""POST /plans: a scenario in, a kept plan out; limits on its size and on how many are made at once."""

import asyncio
import json

import pytest

from twinev.errors import ScenarioError, SolverFailure, Unavailable

SCENARIO = {
    "slot_minutes": 15,
    "start": "2026-11-22T18:00:00+01:00",
    "slots": 4,
    "supply_point": {"max_kw": 10, "min_kw": -10},
    "sessions": [
        {"id": "EV0", "capacity_kwh": 60, "soc_kwh": 50, "evse_power_kw": 7.7, "target_soc": 0.9, "target_slot": 3}
    ],
}


def test_plan_is_made_and_kept_with_its_inputs(api, planner):
    created = api.post("/plans", json=SCENARIO, params={"formulation": "grid", "time_limit": 5, "gap": 0.01})

    assert created.status_code == 201
    assert created.json()["schedule"]["status"] == "optimal"
    expected = {"formulation": "grid", "profile": None, "solver": "auto", "gap": 0.01, "time_limit_seconds": 5.0}
    assert planner.asked == [expected]
    kept = api.get(f"/plans/{created.json()['id']}").json()
    assert kept["schedule"] == created.json()["schedule"]
    asked = {"profile": None, "solver": "auto", "gap": 0.01, "time_limit_seconds": 5.0}
    assert kept["asked"] == asked
    assert (kept["scenario"]["sessions"][0]["id"], kept["trigger"], kept["site_id"]) == ("EV0", "api", None)
    (listed,) = api.get("/plans").json()["items"]
    assert (listed["id"], listed["schedule"], listed["formulation"]) == (kept["id"], None, "grid")


@pytest.mark.parametrize("role", ["grid_operator", "charge_point_operator", "administrator"])
def test_any_staff_may_plan(api, role):
    assert api.post("/plans", json=SCENARIO, role=role).status_code == 201


def test_driver_may_not_plan(api, planner):
    assert api.post("/plans", json=SCENARIO, role="driver").status_code == 403
    assert planner.asked == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"slot_minuts": 15}, "slot_minuts"),
        ({"slot_minutes": -1}, "slot_minutes"),
        ({"demand_kw": [1.0]}, "demand_kw"),
        ({"sessions": [SCENARIO["sessions"][0] | {"target_soc": 2}]}, "sessions[0].target_soc"),
    ],
)
def test_scenario_that_cannot_be_used_is_named_by_its_key(api, change, key):
    answer = api.post("/plans", json=SCENARIO | change)

    assert answer.status_code == 422
    assert answer.json()["key"] == key


@pytest.mark.parametrize("body", [b"", b"{", b"[1, 2]", b"NaN", b'{"slots": NaN}', b"\xff\xfe"])
def test_body_that_is_no_scenario_is_refused(api, body):
    assert api.post("/plans", content=body).status_code == 422


def test_key_that_stands_twice_is_refused_by_its_place(api, planner):
    body = json.dumps(SCENARIO).replace('"soc_kwh"', '"soc_kwh": 1, "soc_kwh"')

    answer = api.post("/plans", content=body)

    assert (answer.status_code, answer.json()["key"]) == (422, "sessions[0].soc_kwh")
    assert planner.asked == []


def test_documents_tell_the_keys_of_a_scenario(api):
    document = api.get("http://api/api/openapi.json").json()
    page = api.get("http://api/api/docs", role=None).text

    schemas = document["components"]["schemas"]
    body = document["paths"]["/api/v1/plans"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Scenario"}
    assert set(SCENARIO) <= set(schemas["Scenario"]["properties"])
    assert schemas["Scenario"]["properties"]["sessions"]["items"] == {"$ref": "#/components/schemas/ScenarioSession"}
    assert set(SCENARIO["sessions"][0]) <= set(schemas["ScenarioSession"]["properties"])
    session = page.partition('<article id="ScenarioSession">')[2].partition("</article>")[0]
    target = session.partition("<code>target_soc</code>")[2].partition("</tr>")[0]
    assert "at least 0, at most 1" in target
    assert "one of: green, fast, cheap, default, null" in session


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ScenarioError("formulation", "magic", "cpo, grid"), 422),
        (Unavailable("no planner is running"), 503),
        (SolverFailure("the solver crashed"), 503),
    ],
)
def test_planner_that_fails_is_reported(api, planner, error, code):
    planner.error = error

    answer = api.post("/plans", json=SCENARIO)

    assert answer.status_code == code
    assert answer.json()["detail"] == str(error)
    assert api.get("/plans").json()["items"] == []


def test_scenario_that_is_too_large_is_refused(api, planner):
    answer = api.post("/plans", content=b" " * 8_000_001)

    assert answer.status_code == 413
    assert "8 MB" in answer.json()["detail"]
    assert planner.asked == []


def test_third_plan_at_once_is_told_to_come_again(api, planner):
    async def scenario():
        planner.gate = asyncio.Event()
        async with api.client() as client:
            making = [asyncio.create_task(client.post("/plans", json=SCENARIO)) for _ in range(2)]
            while len(planner.asked) < 2:
                await asyncio.sleep(0.01)
            refused = await client.post("/plans", json=SCENARIO)
            planner.gate.set()
            made = await asyncio.gather(*making)
            later = await client.post("/plans", json=SCENARIO)
        return refused, made, later

    refused, made, later = asyncio.run(scenario())

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "5"
    assert [answer.status_code for answer in (*made, later)] == [201, 201, 201]


# ── Idempotency-Key ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_repeated_request_is_answered_as_the_first_time(api, planner):
    first, again = (api.post("/plans", json=SCENARIO, headers={"Idempotency-Key": "k"}) for _ in range(2))

    assert again.status_code == 201
    assert again.json() == first.json()
    assert len(planner.asked) == 1


def test_key_of_another_request_is_refused(api, planner):
    api.post("/plans", json=SCENARIO, headers={"Idempotency-Key": "k"})
    other = api.post("/plans", json=SCENARIO | {"slots": 5}, headers={"Idempotency-Key": "k"})

    assert (other.status_code, other.json()["key"]) == (422, "Idempotency-Key")
    assert len(planner.asked) == 1


def test_keys_of_two_users_are_apart(api, planner):
    for role in ("grid_operator", "administrator"):
        api.post("/plans", json=SCENARIO, headers={"Idempotency-Key": "k"}, role=role)
    assert len(planner.asked) == 2


def test_request_that_failed_may_be_repeated(api, planner):
    planner.error = Unavailable("no planner is running")
    assert api.post("/plans", json=SCENARIO, headers={"Idempotency-Key": "k"}).status_code == 503

    planner.error = None
    assert api.post("/plans", json=SCENARIO, headers={"Idempotency-Key": "k"}).status_code == 201


def test_repetition_of_a_request_under_way_is_a_conflict(api, planner):
    async def scenario():
        planner.gate = asyncio.Event()
        async with api.client() as client:
            headers = {"Idempotency-Key": "k"}
            making = asyncio.create_task(client.post("/plans", json=SCENARIO, headers=headers))
            while not planner.asked:
                await asyncio.sleep(0.01)
            repeated = await client.post("/plans", json=SCENARIO, headers=headers)
            planner.gate.set()
            return repeated, await making

    repeated, made = asyncio.run(scenario())

    assert (repeated.status_code, made.status_code) == (409, 201)
