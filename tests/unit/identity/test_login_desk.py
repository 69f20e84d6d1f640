"""The cookie's name and attributes, and the addresses that a login may lead to."""

from __future__ import annotations

import pytest
from fastapi import Response

from twinev.api.login_desk import LoginDesk
from twinev.domain.login import SessionKind, session_cookie_name

PASSWORD = "correct horse battery"


def desk_at(desk, public_url: str, dashboards_url: str = "https://twinev.example:8866") -> LoginDesk:
    return LoginDesk(
        log_in=desk.new_log_in(),
        check_login=desk.check_login,
        users=desk.users,
        public_url=public_url,
        dashboards_url=dashboards_url,
    )


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/", "/"),
        ("/api/docs?x=1#y", "/api/docs?x=1#y"),
        ("https://twinev.example/x", "https://twinev.example/x"),
        ("HTTPS://TWINEV.example/x", "HTTPS://TWINEV.example/x"),
        ("https://twinev.example:8866/voila/render/a.ipynb", "https://twinev.example:8866/voila/render/a.ipynb"),
        ("", "/"),
        (None, "/"),
        ("next", "/"),
        ("?x", "/"),
        ("http://twinev.example/", "/"),
        ("https://twinev.example:8867/", "/"),
        ("https://twinev.example.evil/", "/"),
        ("https://twinev.example@evil/", "/"),
        ("https://evil@twinev.example/", "/"),
        ("//evil/", "/"),
        ("///evil/", "/"),
        ("/\\evil/", "/"),
        ("\\\\evil/", "/"),
        ("/\n/evil", "/"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("https:evil", "/"),
        ("https:///evil", "/"),
        ("http://[", "/"),
    ],
)
def test_login_leads_to_our_own_addresses_only(desk, address: str | None, leads_to: str) -> None:
    assert desk_at(desk, "https://twinev.example").safe_next(address) == leads_to


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [
        ("http://127.0.0.1:8080", "twinev_session", False),
        ("https://twinev.example", "__Host-twinev_session", True),
    ],
)
def test_cookie_is_bound_to_the_host_under_https(desk, public_url: str, name: str, secure: bool) -> None:
    login_desk = desk_at(desk, public_url)
    opened = desk.new_log_in().with_password("driver", PASSWORD, address="1", kind=SessionKind.BROWSER)
    response = Response()

    login_desk.set_cookie(response, opened)

    cookie = response.headers["set-cookie"]
    assert login_desk.cookie_name == session_cookie_name(public_url) == name
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) is secure
    for attribute in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
