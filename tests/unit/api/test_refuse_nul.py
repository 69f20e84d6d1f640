"""The character NUL, which PostgreSQL keeps in no text: refused with 422 wherever a request brings it."""

import asyncio

import pytest

from twinev.api.refuse_nul import RefuseNul


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/stations/A%00B", {}),
        ("GET", "/stations?site_id=s%00", {}),
        ("GET", "/stations?cursor=QQBC%00", {}),
        ("POST", "/stations", {"content": b'{"id": "C", "site_id": "s", "name": "a\\u0000b"}'}),
        ("POST", "/stations", {"content": b'{"id": "C", "site_id": "s", "name": "a\x00b"}'}),
    ],
)
def test_nul_is_bad_input(api, method, path, content):
    answer = api.ask(method, path, headers={"Content-Type": "application/json"}, **content)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "NUL" in answer.text


def test_percent_sign_in_json_is_a_text_like_any_other(api):
    body = {"id": "C", "site_id": "s", "name": "100%00"}

    assert api.ask("POST", "/stations", json=body).status_code == 201


def test_nul_that_is_parted_between_two_messages_is_found():
    parts = [b'{"name": "a\\u0', b'000b"}']

    async def app(_scope, receive, _send):
        while parts:
            await receive()

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(_message):
        raise AssertionError("nothing is to be sent")

    scope = {"type": "http", "path": "/", "query_string": b"", "headers": []}
    with pytest.raises(Exception, match="NUL"):
        asyncio.run(RefuseNul(app)(scope, receive, send))
