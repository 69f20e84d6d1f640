"""The client over a transport that answers as the API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from twinev.client import Client
from twinev.client.bearer import BearerLogin
from twinev.errors import BadInput, Conflict, Forbidden, NotAuthenticated, NotFound, Unavailable
from twinev.wire.commands import ResetIn

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ME = {"id": "1", "username": "olga", "display_name": "Olga", "roles": ["grid_operator"]}
LOGIN = {"access_token": "token-1", "token_type": "bearer", "expires_in": 300}


def _client(handler: Callable[[httpx.Request], httpx.Response], **login: str) -> Client:
    return Client("http://api.test", transport=httpx.MockTransport(handler), **login or {"token": "given"})


def _health(now: datetime) -> dict:
    return {"status": "ok", "version": "0", "now": now.isoformat(), "parts": [], "invented_later": 1}


def test_list_follows_the_cursor_to_the_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        place = int(request.url.params.get("cursor", 0))
        item = {
            "id": str(place), "station_id": "A", "action": "SetChargingProfile", "issued_by": "planning",
            "sent_at": NOW.isoformat(), "answered_at": None, "outcome": None, "status": None, "round_trip_ms": None,
            "plan_id": None, "payload": {},
        }  # fmt: skip
        return httpx.Response(200, json={"items": [item], "next_cursor": str(place + 1) if place < 4 else None})

    client = _client(answer)
    assert [command.id for command in client.commands(at_most=None)] == ["0", "1", "2", "3", "4"]
    assert [command.id for command in client.commands(at_most=2)] == ["0", "1"]


def test_keys_that_a_newer_server_adds_are_passed_over() -> None:
    client = _client(lambda _: httpx.Response(200, json=_health(NOW)))
    assert client.health().now == NOW


def test_answer_that_cannot_be_read_is_an_error_with_its_address() -> None:
    client = _client(lambda _: httpx.Response(200, text="<html>proxy</html>"))
    with pytest.raises(Unavailable, match=r"GET http://api\.test/api/v1/health"):
        client.health()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, NotAuthenticated), (403, Forbidden), (404, NotFound), (409, Conflict), (422, BadInput), (503, Unavailable)],
)
def test_problem_details_become_exceptions_with_the_servers_words(status: int, kind: type[Exception]) -> None:
    problem = {
        "title": "No",
        "status": status,
        "detail": "the reason",
        "key": "limit_kw",
        "value": "-1",
        "allowed": "≥ 0",
    }
    client = _client(lambda _: httpx.Response(status, json=problem))
    with pytest.raises(kind, match="the reason"):
        client.sites()


def test_bad_input_keeps_the_key_for_the_form() -> None:
    problem = {"title": "No", "status": 422, "detail": "no", "key": "end", "value": "x", "allowed": "later"}
    client = _client(lambda _: httpx.Response(422, json=problem))
    with pytest.raises(BadInput) as caught:
        client.sites()
    assert (caught.value.key, caught.value.allowed) == ("end", "later")


def test_error_page_of_a_proxy_is_told_by_its_status() -> None:
    client = _client(lambda _: httpx.Response(502, text="<html>"))
    with pytest.raises(Unavailable, match="502 Bad Gateway"):
        client.sites()


def test_lost_connection_is_tried_again_with_the_same_idempotency_key() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            raise httpx.RemoteProtocolError("gone", request=request)
        return httpx.Response(201, json={"id": "r1"})

    assert _client(answer).restrict(["A"], 12, start=NOW, end=NOW.replace(hour=13)).id == "r1"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_two_orders_have_two_idempotency_keys() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(201, json={"id": "r1"})

    client = _client(answer)
    for _ in range(2):
        client.restrict(["A"], 12, start=NOW, end=NOW.replace(hour=13))
    assert len(set(keys)) == 2


def test_slow_answer_is_not_asked_for_twice() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(Unavailable, match=r"does not answer \(ReadTimeout\)"):
        _client(answer).sites()
    assert len(asked) == 1


def test_body_that_the_model_refuses_is_never_sent() -> None:
    client = _client(lambda request: pytest.fail(f"sent {request}"))
    with pytest.raises(BadInput, match="limit_kw"):
        client.restrict(["A"], -1, start=NOW, end=NOW)


def test_id_with_a_slash_stays_one_segment() -> None:
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return httpx.Response(404, json={"title": "none", "status": 404, "detail": "none"})

    with pytest.raises(NotFound):
        _client(answer).station("RDAM/1 2")
    assert paths == [b"/api/v1/stations/RDAM%2F1%202"]


def test_password_is_exchanged_once_for_a_token() -> None:
    seen: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.path, request.headers.get("Authorization")))
        if request.url.path.endswith("/login"):
            assert json.loads(request.content) == {"username": "olga", "password": "secret"}
            return httpx.Response(200, json=LOGIN)
        return httpx.Response(200, json=ME)

    client = _client(answer, username="olga", password="secret")
    assert client.me().username == "olga"
    client.me()
    assert seen == [
        ("/api/v1/auth/login", None),
        ("/api/v1/auth/me", "Bearer token-1"),
        ("/api/v1/auth/me", "Bearer token-1"),
    ]


def test_ticket_is_redeemed_once_and_never_again() -> None:
    redeemed = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/redeem"):
            redeemed.append(json.loads(request.content)["ticket"])
            return httpx.Response(200, json=LOGIN)
        return httpx.Response(401, json={"title": "no", "status": 401, "detail": "the session has ended"})

    client = _client(answer, ticket="t-1")
    for _ in range(2):
        with pytest.raises(NotAuthenticated, match="the session has ended"):
            client.me()
    assert redeemed == ["t-1"]


def test_refused_token_leads_to_one_new_login_where_a_password_is_known() -> None:
    logins = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/login"):
            logins.append(1)
            return httpx.Response(200, json=LOGIN | {"access_token": f"token-{len(logins)}"})
        if request.headers["Authorization"] == "Bearer token-1":
            return httpx.Response(401, json={"title": "no", "status": 401, "detail": "ended"})
        return httpx.Response(200, json=ME)

    assert _client(answer, username="olga", password="secret").me().username == "olga"
    assert len(logins) == 2


def test_token_is_renewed_before_it_runs_out() -> None:
    seconds = [0.0]
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url.path} {request.headers.get('Authorization')}")
        return httpx.Response(200, json=LOGIN | {"access_token": f"token-{len(seen)}"})

    login = BearerLogin(base_url="http://api.test", ticket="t", monotonic=lambda: seconds[0])
    with httpx.Client(transport=httpx.MockTransport(answer), auth=login) as http:
        http.get("http://api.test/x")
        seconds[0] = 200.0
        http.get("http://api.test/x")
    assert seen == [
        "/auth/tickets/redeem None",
        "/x Bearer token-1",
        "/auth/renew Bearer token-1",
        "/x Bearer token-3",
    ]


COMMAND = {
    "id": "c", "station_id": "CP/1", "action": "Reset", "issued_by": "olga", "sent_at": NOW.isoformat(),
    "answered_at": None, "outcome": "accepted", "status": "Accepted", "round_trip_ms": 12.5, "plan_id": None,
    "payload": {"kind": "OnIdle"}, "response": {"status": "Accepted"},
}  # fmt: skip


def test_command_says_what_it_is_and_who_sends_it() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json=COMMAND)

    sent = _client(answer).command("CP/1", ResetIn(kind="OnIdle"))

    assert (sent.outcome, sent.response) == ("accepted", {"status": "Accepted"})
    assert asked[0].url.raw_path == b"/api/v1/stations/CP%2F1/commands"
    assert json.loads(asked[0].content) == {"action": "Reset", "kind": "OnIdle", "evse_id": None}
    assert asked[0].headers["User-Agent"].startswith("script twinev-client/")


def test_reports_of_a_station_are_asked_for_by_kind_and_request() -> None:
    report = {
        "id": "4", "station_id": "A", "report": "NotifyReport", "timestamp": NOW.isoformat(),
        "received_at": NOW.isoformat(), "evse_id": None, "request_id": 7, "seq_no": 0, "to_be_continued": False,
        "content": {"requestId": 7},
    }  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v1/stations/A/reports"
        assert (request.url.params["report"], request.url.params["request_id"]) == ("NotifyReport", "7")
        return httpx.Response(200, json={"items": [report], "next_cursor": None})

    (only,) = _client(answer).station_reports("A", report="NotifyReport", request_id=7)
    assert only.content == {"requestId": 7}


def test_events_are_read_from_the_stream() -> None:
    event = {"id": "7", "kind": "plan.made", "at": NOW.isoformat(), "data": {"site_id": "utrecht"}}
    body = f": hello\n\nid: 7\nevent: plan.made\ndata: {json.dumps(event)}\n\n"
    client = _client(lambda _: httpx.Response(200, text=body, headers={"Content-Type": "text/event-stream"}))
    [only] = client.events(reconnect=False)
    assert (only.kind, only.data) == ("plan.made", {"site_id": "utrecht"})


def test_events_go_on_after_the_last_one_that_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinev.client.rest_client.EVENTS_RETRY_SECONDS", 0.0)
    asked_after: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked_after.append(request.headers.get("Last-Event-ID"))
        event = {"id": str(len(asked_after)), "kind": "plan.made", "at": NOW.isoformat(), "data": {}}
        return httpx.Response(200, text=f"data: {json.dumps(event)}\n\n")

    events = _client(answer).events()
    assert [next(events).id for _ in range(3)] == ["1", "2", "3"]
    assert asked_after == [None, "1", "2"]


def test_refused_event_stream_says_why() -> None:
    problem = {"title": "no", "status": 401, "detail": "log in first"}
    client = _client(lambda _: httpx.Response(401, json=problem))
    with pytest.raises(NotAuthenticated, match="log in first"):
        next(client.events())


def _identity_server(endpoint: str, seen: list[httpx.Request]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path.endswith("/auth/methods"):
            return httpx.Response(200, json={"password": False, "issuer": "x", "token_endpoint": endpoint})
        if str(request.url) == endpoint:
            return httpx.Response(200, json=LOGIN)
        return httpx.Response(200, json=ME)

    return answer


def test_service_account_gets_its_token_at_the_identity_server() -> None:
    seen: list[httpx.Request] = []
    answer = _identity_server("https://login.test/token", seen)
    client = _client(answer, client_id="jobs", client_secret="s-1")
    assert client.me().username == "olga"
    asked = next(request for request in seen if request.url.host == "login.test")
    assert asked.headers["Authorization"] == httpx.BasicAuth("jobs", "s-1")._auth_header
    assert b"s-1" not in asked.content
    assert seen[-1].headers["Authorization"] == "Bearer token-1"


def test_secret_of_a_service_account_is_not_sent_in_the_clear() -> None:
    seen: list[httpx.Request] = []
    client = _client(_identity_server("http://login.test/token", seen), client_id="jobs", client_secret="s-1")
    with pytest.raises(NotAuthenticated, match="only over https"):
        client.me()
    assert [request.url.host for request in seen] == ["api.test"]


def test_service_account_needs_an_identity_server() -> None:
    client = _client(lambda _: httpx.Response(200, json={"password": True}), client_id="jobs", client_secret="s-1")
    with pytest.raises(NotAuthenticated, match="username and password"):
        client.me()


def test_client_stays_logged_in_while_nobody_asks_and_stops_when_it_is_closed() -> None:
    asked = threading.Semaphore(0)

    def answer(_request: httpx.Request) -> httpx.Response:
        asked.release()
        return httpx.Response(200, json=ME)

    client = _client(answer)
    client.stay_logged_in(ask_seconds=0.01)
    assert all(asked.acquire(timeout=30) for _ in range(4))
    client.close()
    _join_stayer()


def test_client_stops_staying_when_the_login_has_ended() -> None:
    answers = iter([httpx.Response(200, json=ME)])
    client = _client(
        lambda _: next(answers, httpx.Response(401, json={"title": "x", "status": 401, "detail": "ended"}))
    )
    client.stay_logged_in(ask_seconds=0.01)
    _join_stayer()
    client.close()


def _join_stayer() -> None:
    for thread in threading.enumerate():
        if thread.name == "stay-logged-in":
            thread.join(30)
            assert not thread.is_alive()
