"""Every operation that names a session, a reservation or a vehicle, tried with the ids of another driver's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twinev.domain.charge_points import ConnectorStatus, Evse
from twinev.domain.session import ChargingSession

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
DORA, EMIL = "driver:dora", "driver:emil"
WINDOW = {"start": "2026-11-22T19:00:00Z", "end": "2026-11-22T21:00:00Z"}
CAR = {"name": "Car", "battery_kwh": 60}
OWNED = ("{session_id}", "{reservation_id}", "{vehicle_id}")


@pytest.fixture
def doras(api, database) -> dict[str, str]:
    """The ids of what is Dora's, by the place that they take in a path."""
    with database.unit_of_work() as work:
        work.stations.set_online("A", True, START, "socket")
        work.stations.save_evse("A", Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE))
        running = ChargingSession(
            id="doras", site_id="s", station_id="B", evse_id=1, ocpp_transaction_id="1", id_token="t", user_id="dora",
            started_at=START,
        )  # fmt: skip
        work.sessions.save(running)
        work.commit()
    shared = _made(api, "charge_point_operator", "/vehicles", CAR | {"shared": True, "site_id": "s"})
    return {
        "session": "doras",
        "reservation": _made(api, DORA, "/reservations", WINDOW | {"station_id": "A"}),
        "vehicle": _made(api, DORA, "/vehicles", CAR),
        "shared": shared,
        "booking": _made(api, DORA, f"/vehicles/{shared}/reservations", WINDOW),
    }


def _made(api, role: str, path: str, body: dict) -> str:
    return api.post(path, role=role, json=body).raise_for_status().json()["id"]


def _filled(path: str, ids: dict[str, str]) -> str:
    if "{vehicle_id}" in path and "{reservation_id}" in path:
        path = path.replace("{vehicle_id}", ids["shared"]).replace("{reservation_id}", ids["booking"])
    return path.format(session_id=ids["session"], reservation_id=ids["reservation"], vehicle_id=ids["vehicle"])


def test_another_drivers_ids_are_ids_of_nothing(api, doras):
    paths = api.app.openapi()["paths"]
    operations = [
        (method.upper(), path) for path, item in paths.items() for method in item if any(one in path for one in OWNED)
    ]
    assert len(operations) >= 16

    codes = {}
    for method, path in operations:
        where = _filled(path, doras).removeprefix("/api/v1")
        body = {} if method in ("GET", "DELETE") else {"json": WINDOW if path.endswith("/reservations") else {}}
        codes[f"{method} {path}"] = api.ask(method, where, role=EMIL, **body).status_code

    assert {operation: code for operation, code in codes.items() if code != 404} == {}
    assert api.get(f"/sessions/{doras['session']}", role=DORA).status_code == 200
    assert api.get(f"/vehicles/{doras['shared']}/reservations/{doras['booking']}", role=DORA).status_code == 200
