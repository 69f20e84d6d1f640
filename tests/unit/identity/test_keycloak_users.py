"""Keycloak's admin API as a directory: what each of its answers means; the real one is asked in tests/browser."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from twinev.adapters.identity.oidc.keycloak_users import KeycloakUsers
from twinev.adapters.identity.oidc.published import NEEDED, PublishedFacts
from twinev.domain.users import Role
from twinev.errors import BadInput, Conflict, NotFound, Unavailable

ISSUER = "https://login.example.org/realms/twinergy"
OLGA = {"id": "1", "username": "olga", "enabled": True, "firstName": "Olga", "requiredActions": ["UPDATE_PASSWORD"]}


class Keycloak:
    """Answers as Keycloak does; ``answer`` has the next word on anything but tokens."""

    def __init__(self) -> None:
        self.tokens = 0
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
        transport = httpx.MockTransport(self._handle)
        facts = PublishedFacts(issuer=ISSUER, transport=transport)
        self.users = KeycloakUsers(facts=facts, client_id="u", client_secret="s", transport=transport)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("openid-configuration"):
            return httpx.Response(200, json={"issuer": ISSUER} | {name: f"{ISSUER}/{name}" for name in NEEDED})
        if path.endswith("token_endpoint"):
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"t-{self.tokens}", "expires_in": 300})
        self.requests.append(request)
        said = self.answer(request)
        if said is not None:
            return said
        if path.endswith("composite"):
            return httpx.Response(200, json=[{"name": "driver"}, {"name": "offline_access"}])
        return httpx.Response(200, json=OLGA)


@pytest.fixture
def keycloak() -> Keycloak:
    return Keycloak()


def test_user_has_the_roles_that_mean_something_here(keycloak: Keycloak) -> None:
    account = keycloak.users.by_id("1")
    assert (account.user.username, account.user.display_name, account.user.roles) == ("olga", "Olga", {Role.DRIVER})
    assert account.password_temporary
    assert not account.disabled


def test_token_is_used_again_until_it_is_worth_nothing(keycloak: Keycloak) -> None:
    keycloak.users.by_id("1")
    assert keycloak.tokens == 1
    keycloak.answer = lambda request: httpx.Response(401) if request.headers["Authorization"] == "Bearer t-1" else None
    assert keycloak.users.by_id("1").user.id == "1"
    assert keycloak.tokens == 2


def test_id_cannot_lead_to_another_address(keycloak: Keycloak) -> None:
    keycloak.users.by_id("../../master/users")
    assert keycloak.requests[0].url.raw_path == b"/admin/realms/twinergy/users/..%2F..%2Fmaster%2Fusers"


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFound), (403, Unavailable), (500, Unavailable), (401, Unavailable)]
)
def test_refusal_becomes_an_error_of_ours(keycloak: Keycloak, status: int, error: type[Exception]) -> None:
    keycloak.answer = lambda _request: httpx.Response(status, json={})
    with pytest.raises(error):
        keycloak.users.by_id("1")


def test_taken_username_and_weak_password_are_told(keycloak: Keycloak) -> None:
    new = {"username": "olga", "password": "a-password-of-hers", "temporary": True, "display_name": ""}
    keycloak.answer = lambda _request: httpx.Response(409, json={})
    with pytest.raises(Conflict):
        keycloak.users.create(**new)
    keycloak.answer = lambda _request: httpx.Response(400, json={"error_description": "must contain a digit"})
    with pytest.raises(BadInput, match="must contain a digit") as told:
        keycloak.users.create(**new)
    assert "a-password-of-hers" not in str(told.value)


def test_role_of_a_group_cannot_be_taken_here(keycloak: Keycloak) -> None:
    keycloak.answer = lambda request: httpx.Response(200, json=[]) if request.method == "GET" else None
    with pytest.raises(Conflict, match="comes from a group"):
        keycloak.users.set_roles("1", add=(), remove=[Role.DRIVER])


def test_server_that_is_away_is_unavailable(keycloak: Keycloak) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away", request=request)

    keycloak.answer = away
    with pytest.raises(Unavailable):
        keycloak.users.page(search="", first=0, limit=10)


def test_issuer_that_is_no_keycloak_realm_is_refused() -> None:
    with pytest.raises(BadInput, match="realm of Keycloak"):
        KeycloakUsers(facts=PublishedFacts(issuer="https://login.example.org"), client_id="u", client_secret="s")
