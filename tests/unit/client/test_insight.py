"""Calls for recommendations, usage metrics and plans looked at again, answered as the API does."""

import json

import httpx
import pytest

from twinev.client import Client
from twinev.errors import BadInput

PARTS = {"price": 0.25, "way": 0.2, "energy": 0.3, "waiting": 0.1, "charging": 0.15}
CELL = {
    "site_id": "s", "period": "2026-10", "start": "2026-09-30T22:00:00Z", "end": "2026-10-31T23:00:00Z", "shown": False,
}  # fmt: skip
FIGURES = {
    "plan_id": "p", "formulation": "cpo", "status": "optimal", "cost_eur": 1.0, "peak_kw": 3.0, "imported_kwh": 2.0,
    "exported_kwh": 0.0, "charged_kwh": 2.0, "discharged_kwh": 0.0, "shortfall_kwh": 0.0, "limit_excess_kwh": 0.0,
}  # fmt: skip
REPRODUCTION = {
    "plan_id": "p", "same": True, "repeatable": True, "differs": [], "stored_sha256": "a", "again_sha256": "a",
    "schedule": {},
}  # fmt: skip


def asked(body: dict) -> tuple[Client, list[httpx.Request]]:
    """A client whose every request is answered alike, and the requests."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=body)

    return Client("http://api.test", transport=httpx.MockTransport(answer), token="given"), requests


def test_place_of_the_driver_goes_in_the_body_and_not_in_the_address():
    client, requests = asked({"items": [], "weights": PARTS})

    found = client.recommend(52.1, 5.1, energy_kwh=12.0, connector_type="cCCS2")

    assert found.weights.energy == 0.3
    assert (requests[0].url.path, requests[0].url.query) == ("/api/v1/recommendations", b"")
    sent = json.loads(requests[0].content)
    assert (sent["latitude_degrees"], sent["energy_kwh"], sent["connector_type"]) == (52.1, 12.0, "cCCS2")
    assert "max_distance_km" not in sent, "what is left out is for the driver's preferences to say"


@pytest.mark.parametrize("wish", [{"stay_minutes": 0}, {"nonsense": 1}])
def test_wish_that_cannot_be_sent_is_refused_at_once(wish):
    client, requests = asked({})

    with pytest.raises(BadInput):
        client.recommend(52.1, 5.1, **wish)
    assert requests == []


def test_metrics_are_asked_for_by_site_and_month():
    client, requests = asked({"least_users": 5, "items": [CELL]})
    assert client.metrics(site_id="s", months=3).items[0].sessions is None
    assert dict(requests[0].url.params) == {"site_id": "s", "months": "3"}

    client, requests = asked({"least_users": 5, "month": CELL, "days": [], "restrictions": 2, "restrictions_kept": 1})
    assert client.staff_metrics("s", "2026-10").restrictions_kept == 1
    assert dict(requests[0].url.params) == {"site_id": "s", "month": "2026-10"}


def test_plans_are_compared_and_made_again():
    client, requests = asked({"same_scenario": True, "a": FIGURES, "b": FIGURES, "sessions": []})
    assert client.compare_plans("p", "q").same_scenario
    assert dict(requests[0].url.params) == {"a": "p", "b": "q"}

    client, requests = asked(REPRODUCTION)
    assert client.reproduce_plan("p").same
    assert (requests[0].method, requests[0].url.path) == ("POST", "/api/v1/plans/p/reproductions")
