"""What is asked, how often, and by whom: four reads for each write, as screens and phones ask.

Who asks is drawn anew for each request. A write that only works on what is known of earlier answers (an ETag, a
reservation of one's own) takes the newest of it.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.api_requests.connections import Answer, Request

#: How often of a hundred.
SHARES = {
    "availability": 9, "sessions (own)": 9, "progress": 8, "station": 7, "stations": 6, "restrictions": 5,
    "recommendations": 5, "CDRs": 5, "sessions (staff)": 4, "plans": 4, "tariffs": 4, "meter values": 3, "metrics": 3,
    "reservations": 3, "vehicles": 3, "preferences": 2,
    "reserve": 5, "cancel reservation": 4, "edit preferences": 3, "edit vehicle": 2, "add vehicle": 1,
    "change session": 2, "edit station": 2, "preview restriction": 1,
}  # fmt: skip
WRITES = frozenset(list(SHARES)[-8:])
#: Beside 2xx: a lost race for an EVSE or for a version, as people have them too.
EXPECTED = {
    "reserve": {409}, "cancel reservation": {409}, "edit preferences": {412}, "edit station": {412},
    "add vehicle": {409},
}  # fmt: skip


@dataclass(kw_only=True)
class Scene:
    """Who there is, what they may ask for, and what earlier answers told.

    Parameters
    ----------
    tokens : mapping
        Access tokens by role; a driver's place in the list is that in ``sessions`` and of his vehicle.
    sessions : mapping
        By a driver's place: ids of sessions that ended; and of those that run, in ``running``.
    """

    tokens: Mapping[str, list[str]]
    station_ids: list[str]
    site_ids: list[str]
    sessions: Mapping[int, list[str]]
    running: Mapping[int, list[str]]
    chance: random.Random
    etags: dict[str, str] = field(default_factory=dict)
    reservations: list[tuple[str, str]] = field(default_factory=list)

    def driver(self) -> int:
        return self.chance.randrange(len(self.tokens["driver"]))

    def a(self, role: str) -> str:
        return self.chance.choice(self.tokens[role])

    def staff(self) -> str:
        return self.a(self.chance.choice(("charge_point_operator", "grid_operator")))


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request, its kind, and what to learn from its answer."""

    kind: str
    request: Request
    learn: Callable[[Answer], None] = lambda _answer: None


def draw(scene: Scene) -> Ask:
    """The next request."""
    kind = scene.chance.choices(list(SHARES), weights=list(SHARES.values()))[0]
    return of_kind(kind, scene)


def of_kind(kind: str, scene: Scene) -> Ask:
    """The next request of a kind; another one where nothing is known yet that this kind needs."""
    asked = (_READS | _WRITES)[kind](scene)
    return asked if isinstance(asked, Ask) else Ask(kind=kind, request=asked)


def _get(path: str, token: str | None = None) -> Request:
    return Request(method="GET", path=path, token=token)


def _own(scene: Scene, path: str) -> Request:
    return _get(path, scene.tokens["driver"][scene.driver()])


def _of_session(scene: Scene, of: Mapping[int, list[str]], tail: str) -> Request:
    driver = scene.chance.choice(list(of))
    return _get(f"/sessions/{scene.chance.choice(of[driver])}/{tail}", scene.tokens["driver"][driver])


def _station(scene: Scene) -> Ask:
    station_id = scene.chance.choice(scene.station_ids)
    request = _get(f"/stations/{station_id}", scene.staff())
    return Ask(kind="station", request=request, learn=lambda answer: _keep_etag(scene, station_id, answer))


def _preferences(scene: Scene) -> Ask:
    token = scene.tokens["driver"][scene.driver()]
    request = _get("/preferences", token)
    return Ask(kind="preferences", request=request, learn=lambda answer: _keep_etag(scene, token, answer))


def _recommendations(scene: Scene) -> Request:
    place = {"latitude_degrees": 52.04 + scene.chance.uniform(-0.03, 0.03), "longitude_degrees": 5.14}
    wish = place | {"max_distance_km": 10.0, "energy_kwh": 20.0, "stay_minutes": 120.0}
    return Request(method="POST", path="/recommendations", token=scene.tokens["driver"][scene.driver()], body=wish)


_READS: dict[str, Callable[[Scene], Request | Ask]] = {
    "availability": lambda scene: _get("/availability?limit=50"),
    "sessions (own)": lambda scene: _own(scene, "/sessions?limit=20"),
    "sessions (staff)": lambda scene: _get("/sessions?limit=50", scene.a("charge_point_operator")),
    "progress": lambda scene: _of_session(scene, scene.running, "progress"),
    "meter values": lambda scene: _of_session(scene, scene.sessions, "meter-values"),
    "station": _station,
    "stations": lambda scene: _get(f"/stations?limit=50&site_id={scene.chance.choice(scene.site_ids)}", scene.staff()),
    "restrictions": lambda scene: _get("/restrictions?limit=20", scene.a("grid_operator")),
    "recommendations": _recommendations,
    "CDRs": lambda scene: _own(scene, "/cdrs?limit=20"),
    "plans": lambda scene: _get(f"/plans?limit=10&site_id={scene.chance.choice(scene.site_ids)}", scene.staff()),
    "tariffs": lambda scene: _get("/tariffs"),
    "metrics": lambda scene: _get("/metrics?months=2"),
    "reservations": lambda scene: _own(scene, "/reservations?limit=20"),
    "vehicles": lambda scene: _own(scene, "/vehicles"),
    "preferences": _preferences,
}


def _reserve(scene: Scene) -> Ask:
    token = scene.tokens["driver"][scene.driver()]
    # Whole quarters within the coming six days; a window that begins soon would need a station that is online.
    start = datetime.now(UTC) + timedelta(hours=3) + timedelta(minutes=15 * scene.chance.randrange(500))
    body = {
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "station_id": scene.chance.choice(scene.station_ids),
    }

    def learn(answer: Answer) -> None:
        if answer.status == 201:
            scene.reservations.append((token, answer.json()["id"]))

    return Ask(kind="reserve", request=_post("/reservations", token, body), learn=learn)


def _cancel(scene: Scene) -> Ask:
    if not scene.reservations:
        return _reserve(scene)
    token, reservation_id = scene.reservations.pop(0)
    request = Request(method="DELETE", path=f"/reservations/{reservation_id}", token=token)
    return Ask(kind="cancel reservation", request=request)


def _edit_preferences(scene: Scene) -> Ask:
    known = [token for token in scene.tokens["driver"] if token in scene.etags]
    if not known:
        return _preferences(scene)
    token = scene.chance.choice(known)
    body = {"max_distance_km": scene.chance.randrange(5, 50)}
    request = Request(method="PATCH", path="/preferences", token=token, body=body, if_match=scene.etags[token])
    return Ask(kind="edit preferences", request=request, learn=lambda answer: _keep_etag(scene, token, answer))


def _edit_station(scene: Scene) -> Ask:
    known = [station_id for station_id in scene.station_ids if station_id in scene.etags]
    if not known:
        return _station(scene)
    station_id = scene.chance.choice(known)
    request = Request(
        method="PATCH",
        path=f"/stations/{station_id}",
        token=scene.a("charge_point_operator"),
        body={"name": f"Bay {scene.chance.randrange(1000)}"},
        if_match=scene.etags[station_id],
    )
    return Ask(kind="edit station", request=request, learn=lambda answer: _keep_etag(scene, station_id, answer))


def _edit_vehicle(scene: Scene) -> Request:
    driver = scene.driver()
    body = {"battery_kwh": scene.chance.randrange(40, 90)}
    return Request(method="PATCH", path=f"/vehicles/vehicle-{driver}", token=scene.tokens["driver"][driver], body=body)


def _change_session(scene: Scene) -> Request:
    driver = scene.chance.choice(list(scene.running))
    session_id = scene.chance.choice(scene.running[driver])
    body = {"energy_kwh": scene.chance.randrange(20, 60)}
    return Request(method="PATCH", path=f"/sessions/{session_id}", token=scene.tokens["driver"][driver], body=body)


def _preview(scene: Scene) -> Request:
    start = datetime.now(UTC) + timedelta(hours=1)
    body = {
        "site_ids": [scene.chance.choice(scene.site_ids)],
        "limit_kw": float(scene.chance.randrange(20, 100)),
        "start": start.isoformat(),
        "end": (start + timedelta(hours=2)).isoformat(),
    }
    return Request(method="POST", path="/restrictions/preview", token=scene.a("grid_operator"), body=body)


def _add_vehicle(scene: Scene) -> Request:
    return _post("/vehicles", scene.tokens["driver"][scene.driver()], {"name": "Another car", "battery_kwh": 50.0})


def _post(path: str, token: str, body: Any) -> Request:
    return Request(method="POST", path=path, token=token, body=body, idempotency_key=uuid.uuid4().hex)


def _keep_etag(scene: Scene, name: str, answer: Answer) -> None:
    if answer.etag is not None:
        scene.etags[name] = answer.etag
    else:
        # Somebody else was faster: to be read again before the next edit.
        scene.etags.pop(name, None)


_WRITES: dict[str, Callable[[Scene], Request | Ask]] = {
    "reserve": _reserve,
    "cancel reservation": _cancel,
    "edit preferences": _edit_preferences,
    "edit vehicle": _edit_vehicle,
    "add vehicle": _add_vehicle,
    "change session": _change_session,
    "edit station": _edit_station,
    "preview restriction": _preview,
}
