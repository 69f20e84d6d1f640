"""The realm file: what it promises of logins, and that it holds no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from twinev.domain.users import Role
from twinev.wiring.identity import CALLBACK_PATH

FILE = Path(__file__).parents[3] / "deploy" / "keycloak" / "twinergy-realm.json"


@pytest.fixture(scope="module")
def realm() -> dict:
    return json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def clients(realm: dict) -> dict[str, dict]:
    return {client["clientId"]: client for client in realm["clients"]}


def test_realm_has_the_roles_of_the_platform(realm: dict) -> None:
    assert [role["name"] for role in realm["roles"]["realm"]] == [role.value for role in Role]


def test_realm_holds_no_secret(clients: dict[str, dict], realm: dict) -> None:
    assert all(re.fullmatch(r"\$\{TWINEV_\w+\}", client["secret"]) for client in clients.values())
    assert not any("credentials" in user for user in realm["users"])


def test_people_log_in_by_code_with_pkce_at_one_address(clients: dict[str, dict]) -> None:
    api = clients["twinev-api"]
    assert api["attributes"]["pkce.code.challenge.method"] == "S256"
    assert api["redirectUris"] == ["${TWINEV_PUBLIC_URL}" + CALLBACK_PATH]
    assert "*" not in json.dumps(list(clients.values()))


def test_nobody_types_a_password_into_a_program(clients: dict[str, dict]) -> None:
    for client in clients.values():
        assert not client["publicClient"]
        assert not client["directAccessGrantsEnabled"]
        assert not client["implicitFlowEnabled"]
        assert not client["fullScopeAllowed"]


def test_users_service_account_has_the_least_rights(realm: dict) -> None:
    account = next(user for user in realm["users"] if user["serviceAccountClientId"] == "twinev-users")
    assert account["clientRoles"] == {"realm-management": ["manage-users", "view-users"]}
    assert "realmRoles" not in account


def test_tokens_are_short_and_guessing_is_slowed(realm: dict) -> None:
    assert realm["accessTokenLifespan"] <= 300
    assert realm["bruteForceProtected"]
    assert not realm["permanentLockout"]
