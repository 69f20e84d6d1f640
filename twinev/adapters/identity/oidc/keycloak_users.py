"""Keycloak's users, by its admin API and a service account that may view and manage users, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from twinev.adapters.identity.oidc.published import PublishedFacts
from twinev.domain.login import Account
from twinev.domain.users import Role, User
from twinev.errors import BadInput, Conflict, NotFound, Unavailable

REQUEST_SECONDS = 10.0
#: A token that ends sooner is not used any more: the request takes time too. [s]
TOKEN_RESERVE_SECONDS = 20.0


class KeycloakUsers:
    """Implements `twinev.services.ports.user_directory.UserDirectory`.

    Parameters
    ----------
    facts : PublishedFacts
        The realm's addresses; its issuer is ``…/realms/<realm>``.
    client_id, client_secret : str
        The service account, with the roles manage-users and view-users of realm-management.
    transport : httpx.BaseTransport, optional
        What carries the requests where it is not the network.
    monotonic : callable
        A clock in seconds that never goes back.
    """

    def __init__(
        self,
        *,
        facts: PublishedFacts,
        client_id: str,
        client_secret: str,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        server, found, realm = facts.issuer.rpartition("/realms/")
        if not found:
            raise BadInput(
                "TWINEV_OIDC_ISSUER", facts.issuer, "a realm of Keycloak, …/realms/NAME, to manage its users"
            )
        self._facts = facts
        self._credentials = (client_id, client_secret)
        self._http = httpx.Client(
            base_url=f"{server}/admin/realms/{realm}", timeout=REQUEST_SECONDS, transport=transport, trust_env=False
        )
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token, self._token_ends = "", float("-inf")

    def page(self, *, search: str, first: int, limit: int) -> list[Account]:
        wanted = {"search": f"*{search}*"} if search else {}
        rows = self._send("GET", "/users", params=wanted | {"first": first, "max": limit}).json()
        return [self._account(row) for row in rows]

    def by_id(self, user_id: str) -> Account:
        return self._account(self._user(user_id))

    def create(self, *, username: str, password: str, temporary: bool, display_name: str) -> str:
        answer = self._send(
            "POST",
            "/users",
            json={
                "username": username,
                "enabled": True,
                "credentials": [_credential(password, temporary)],
                **_names(display_name),
            },
            refused="password",
        )
        return answer.headers["Location"].rpartition("/")[2]

    def describe(self, user_id: str, *, display_name: str, disabled: bool) -> None:
        # The whole of it goes back: Keycloak empties attributes that are left out.
        user = self._user(user_id) | _names(display_name) | {"enabled": not disabled}
        self._send("PUT", _path(user_id), json=user, refused="display_name")

    def set_roles(self, user_id: str, *, add: Iterable[Role], remove: Iterable[Role]) -> None:
        path = f"{_path(user_id)}/role-mappings/realm"
        for method, roles, listed in (
            ("POST", frozenset(add), f"{path}/available"),
            ("DELETE", frozenset(remove), path),
        ):
            if not roles:
                continue
            meant = [
                {"id": role["id"], "name": role["name"]}
                for role in self._send("GET", listed).json()
                if role["name"] in roles
            ]
            missing = sorted(roles - {role["name"] for role in meant})
            if missing:
                verb = "given" if method == "POST" else "taken: it comes from a group or another role"
                raise Conflict(f"the role {', '.join(missing)} cannot be {verb} at the identity server")
            self._send(method, path, json=meant)

    def set_password(self, user_id: str, password: str, *, temporary: bool) -> None:
        body = _credential(password, temporary)
        self._send("PUT", f"{_path(user_id)}/reset-password", json=body, refused="password")

    def log_out(self, user_id: str) -> None:
        self._send("POST", f"{_path(user_id)}/logout")

    def _user(self, user_id: str) -> dict[str, Any]:
        return self._send("GET", _path(user_id), user_id=user_id).json()

    def _account(self, row: dict[str, Any]) -> Account:
        known = set(Role)
        held = self._send("GET", f"{_path(row['id'])}/role-mappings/realm/composite").json()
        name = f"{row.get('firstName') or ''} {row.get('lastName') or ''}".strip()
        user = User(
            id=row["id"],
            username=row["username"][:64],
            display_name=name,
            roles=frozenset(Role(role["name"]) for role in held if role["name"] in known),
        )
        return Account(
            user=user,
            disabled=not row.get("enabled", False),
            password_temporary="UPDATE_PASSWORD" in (row.get("requiredActions") or ()),
        )

    def _send(
        self, method: str, path: str, *, user_id: str | None = None, refused: str | None = None, **content: Any
    ) -> httpx.Response:
        answer = self._request(method, path, **content)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            # Keycloak has changed its keys, or was restored: a token that has time left is worth nothing.
            self._token_ends = float("-inf")
            answer = self._request(method, path, **content)
        if answer.is_success:
            return answer
        if answer.status_code == HTTPStatus.NOT_FOUND and user_id is not None:
            raise NotFound("user", user_id)
        if answer.status_code == HTTPStatus.CONFLICT:
            raise Conflict("a user of this name is there already; choose another username")
        if answer.status_code == HTTPStatus.BAD_REQUEST and refused is not None:
            raise BadInput(refused, "(not repeated)", f"what the identity server's rules allow ({_reason(answer)})")
        raise Unavailable(
            f"the identity server answered {answer.status_code} to {method} of users; does the service account have"
            " the roles manage-users and view-users?"
        )

    def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            headers = {"Authorization": f"Bearer {self._access_token()}"}
            return self._http.request(method, path, headers=headers, **content)
        except httpx.HTTPError as error:
            raise Unavailable(f"the identity server does not answer ({type(error).__name__})") from None

    def _access_token(self) -> str:
        with self._lock:
            if self._monotonic() >= self._token_ends:
                answer = self._http.post(
                    self._facts.address("token_endpoint"),
                    data={"grant_type": "client_credentials"},
                    auth=self._credentials,
                )
                if not answer.is_success:
                    raise Unavailable(
                        "the identity server refuses the service account of user management; check"
                        " TWINEV_OIDC_USERS_CLIENT_ID and TWINEV_OIDC_USERS_CLIENT_SECRET"
                    )
                token = answer.json()
                self._token = token["access_token"]
                self._token_ends = self._monotonic() + token["expires_in"] - TOKEN_RESERVE_SECONDS
            return self._token


def _path(user_id: str) -> str:
    return f"/users/{quote(user_id, safe='')}"


def _credential(password: str, temporary: bool) -> dict[str, Any]:
    return {"type": "password", "value": password, "temporary": temporary}


def _names(display_name: str) -> dict[str, str]:
    first, _, last = display_name.rpartition(" ")
    return {"firstName": first or last, "lastName": last if first else ""}


def _reason(answer: httpx.Response) -> str:
    try:
        content = answer.json()
    except ValueError:
        return "no reason given"
    return str(
        content.get("error_description") or content.get("errorMessage") or content.get("error") or "no reason given"
    )
