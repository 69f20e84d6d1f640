"""What the client sends for drivers: addresses, bodies, and the version that an edit was made from."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from twinev.client import Client
from twinev.errors import BadInput, ChangedMeanwhile

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
RESERVATION = {
    "id": "r", "user_id": "u", "site_id": "s", "station_id": "A", "evse_id": 1, "connector_type": "cType2",
    "start": START.isoformat(), "end": (START + HOUR).isoformat(), "grace_minutes": 15,
    "expires_at": START.isoformat(), "made_at": START.isoformat(), "status": "active", "station_answer": None,
    "ended_at": None, "session_id": None,
}  # fmt: skip
VEHICLE = {
    "id": "v", "name": "Car", "battery_kwh": 60, "connectors": ["cType2"], "max_ac_kw": 11, "max_dc_kw": 0,
    "consumption_kwh_per_km": 0.18, "v2g": False, "shared": True, "mine": False, "site_id": "s", "available": True,
}  # fmt: skip
BOOKING = {
    "id": "b", "vehicle_id": "v", "user_id": "u", "site_id": "s", "start": START.isoformat(),
    "end": (START + HOUR).isoformat(), "expires_at": START.isoformat(), "made_at": START.isoformat(),
    "status": "active", "picked_up_at": None, "ended_at": None,
}  # fmt: skip
PREFERENCES = {
    "profile": "default", "min_target_soc": 0.8, "max_distance_km": 5, "language": "en", "notify_reservation": True,
    "notify_session_ended": True, "notify_price": False, "default_vehicle_id": None,
}  # fmt: skip


class Api:
    """Answers every request alike and keeps what it was asked."""

    def __init__(self, answer: dict, *, status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.asked: list[httpx.Request] = []
        self.client = Client("http://api.test", transport=httpx.MockTransport(self._take), token="given")

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        changing = request.method not in ("GET", "POST")
        return httpx.Response(self.status if changing else 200, json=self.answer, headers={"ETag": '"seen"'})

    @property
    def last(self) -> tuple[str, str, dict | None]:
        request = self.asked[-1]
        body = json.loads(request.content) if request.content else None
        return request.method, request.url.path.removeprefix("/api/v1"), body


def test_reservation_is_asked_for_with_what_is_given() -> None:
    api = Api(RESERVATION)

    made = api.client.reserve(start=START, end=START + HOUR, connector_type="cCCS2")

    method, path, body = api.last
    assert (method, path, made.id) == ("POST", "/reservations", "r")
    assert (body["connector_type"], body["station_id"]) == ("cCCS2", None)
    assert api.client.cancel_reservation("r").status == "active"
    assert api.last[:2] == ("DELETE", "/reservations/r")
    with pytest.raises(BadInput, match="evse_id"):
        api.client.reserve(start=START, end=START + HOUR, evse_id=0)


def test_list_of_reservations_passes_its_filters_on() -> None:
    api = Api({"items": [RESERVATION], "next_cursor": None})

    assert [one.id for one in api.client.reservations(user_id="u", status="no_show")] == ["r"]
    assert dict(api.asked[-1].url.params) == {"user_id": "u", "reservation_status": "no_show", "limit": "200"}


def test_private_station_is_opened_and_closed_for_a_user() -> None:
    api = Api({"station_id": "A/1", "private": True, "user_ids": ["u"]})

    assert api.client.allow_at_station("A/1", "u").private
    assert api.asked[-1].url.raw_path == b"/api/v1/stations/A%2F1/access/u"
    api.client.withdraw_from_station("A/1", "u")
    assert (api.asked[-1].method, api.client.station_access("A/1").user_ids) == ("DELETE", ("u",))


def test_vehicle_changes_send_what_is_given_alone() -> None:
    api = Api(VEHICLE)

    api.client.change_vehicle("v", available=False)

    assert api.last == ("PATCH", "/vehicles/v", {"available": False})
    with pytest.raises(BadInput, match="battery_kwh"):
        api.client.change_vehicle("v", battery_kwh=0)
    assert api.client.add_vehicle("Car", battery_kwh=60, shared=True, site_id="s").shared


def test_shared_vehicle_is_reserved_picked_up_and_returned() -> None:
    api = Api(BOOKING)
    me = api.client

    me.reserve_vehicle("v", start=START, end=START + HOUR)
    me.pick_up_vehicle("v", "b")
    me.return_vehicle("v", "b")
    me.cancel_vehicle_reservation("v", "b")

    path = "/api/v1/vehicles/v/reservations"
    assert [(asked.method, asked.url.path) for asked in api.asked] == [
        ("POST", path),
        ("POST", f"{path}/b/pick-up"),
        ("POST", f"{path}/b/return"),
        ("DELETE", f"{path}/b"),
    ]


def test_preferences_are_changed_from_the_version_that_was_read() -> None:
    api = Api(PREFERENCES)

    api.client.change_preferences(language="nl")

    assert api.last == ("PATCH", "/preferences", {"language": "nl"})
    assert api.asked[-1].headers["If-Match"] == '"seen"'


def test_preferences_that_changed_meanwhile_are_an_error_of_its_own() -> None:
    api = Api({"title": "Changed", "status": 412, "detail": "changed in between"}, status=412)
    api.answer |= PREFERENCES

    with pytest.raises(ChangedMeanwhile):
        api.client.change_preferences(language="nl")


def test_preview_of_charging_asks_for_the_wish_and_reads_each_profile() -> None:
    price = {"excl_vat": "1.65", "incl_vat": "2.00"}
    none = {"excl_vat": "0", "incl_vat": "0"}
    cost = {
        "as_of": START.isoformat(), "currency": "EUR", "tariff_id": "t", "tariff_version": 1, "periods": [],
        "energy_kwh": "11", "charging_seconds": "3600", "parking_seconds": "0", "billed_kwh": "11",
        "billed_charging_seconds": "3600", "billed_parking_seconds": "0", "energy": price, "time": none,
        "parking": none, "fixed": none, "total": price,
    }  # fmt: skip
    outcome = {
        "profile": "green", "energy_kwh": 11, "soc": 0.6, "done_at": START.isoformat(), "cost": cost,
        "renewable_part": 0.9, "plan": [], "explanation": None,
    }  # fmt: skip
    api = Api(
        {
            "station_id": "A", "evse_id": 1, "now": START.isoformat(), "departure_at": (START + HOUR).isoformat(),
            "wanted_kwh": 11, "outcomes": [outcome],
        }
    )  # fmt: skip

    found = api.client.preview_charging(reservation_id="r", battery_kwh=50, soc=0.4, target_soc=0.62)

    method, path, body = api.last
    assert (method, path, body["reservation_id"], body["target_soc"]) == ("POST", "/sessions/preview", "r", 0.62)
    assert found.outcomes[0].renewable_part == 0.9
