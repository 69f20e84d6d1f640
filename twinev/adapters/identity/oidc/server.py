"""Logs people in at an OpenID Connect server: code with PKCE, refresh, introspection, logout; Authlib speaks it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from twinev.adapters.identity.oidc.published import REQUEST_SECONDS, PublishedFacts
from twinev.adapters.identity.oidc.tokens import Claims, TokenCheck
from twinev.domain.users import Role, User
from twinev.errors import NotAuthenticated, TwinEVError, Unavailable
from twinev.services.ports.identity_server import EndedLogin, Grant, Identified, TokenHolder

SCOPE = "openid"
#: After a failure the server is left alone for so long: a queue of requests that wait for it would hold up the API. [s]
LEFT_ALONE_SECONDS = 2.0
# What the server says of a code, token or session that is worth nothing; everything else is a fault of ours or its own.
_WORTHLESS = frozenset({"invalid_grant", "invalid_token", "access_denied"})

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class OidcServer:
    """Implements `twinev.services.ports.identity_server.IdentityServer`.

    Parameters
    ----------
    facts : PublishedFacts
        The server's addresses.
    tokens : TokenCheck
        Reads its tokens.
    client_id, client_secret : str
        Ours.
    redirect_uri : str
        Where the server sends browsers back to; registered there, character by character.
    """

    def __init__(
        self,
        *,
        facts: PublishedFacts,
        tokens: TokenCheck,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._facts = facts
        self._tokens = tokens
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._redirect_uri = redirect_uri
        self._monotonic = monotonic
        self._left_alone_until = float("-inf")

    def login_address(self, *, state: str, nonce: str, code_verifier: str) -> str:
        self._facts.require_answer()
        with self._session() as session:
            address, _ = session.create_authorization_url(
                self._facts.address("authorization_endpoint"), state=state, nonce=nonce, code_verifier=code_verifier
            )
        return address

    def identify(self, *, code: str, nonce: str, code_verifier: str) -> Identified:
        answer = self._ask(
            lambda session: session.fetch_token(
                self._facts.address("token_endpoint"),
                grant_type="authorization_code",
                code=code,
                code_verifier=code_verifier,
            )
        )
        identity = self._tokens.identity(_text(answer, "id_token"), nonce=nonce)
        return self._identified(answer, subject=identity["sub"])

    def refresh(self, refresh_token: str) -> Identified:
        answer = self._ask(
            lambda session: session.refresh_token(self._facts.address("token_endpoint"), refresh_token=refresh_token)
        )
        return self._identified(answer, subject=None)

    def end(self, refresh_token: str) -> None:
        # From here instead of by the browser: that would need the ID token in an address, which ends up in histories.
        # https://www.keycloak.org/docs/latest/securing_apps: the logout endpoint takes the refresh token of a client.
        body = self._client | {"refresh_token": refresh_token}
        self._ask(
            lambda session: _checked(session.post(self._facts.address("end_session_endpoint"), data=body, **_BARE))
        )

    def holder_of(self, access_token: str) -> TokenHolder:
        claims = self._tokens.access(access_token)
        return TokenHolder(user=_user(claims), token_id=claims["jti"], expires_at=_expiry(claims))

    def require_active(self, access_token: str) -> None:
        answer = self._ask(
            lambda session: _checked(
                session.introspect_token(self._facts.address("introspection_endpoint"), token=access_token)
            ).json()
        )
        if not isinstance(answer, dict) or answer.get("active") is not True:
            raise NotAuthenticated("the identity server has ended this token's login; get a new one there")

    def ended_login(self, logout_token: str) -> EndedLogin:
        claims = self._tokens.logout(logout_token)
        sid, sub = claims.get("sid"), claims.get("sub")
        return EndedLogin(
            server_session_id=sid if isinstance(sid, str) else None, user_id=sub if isinstance(sub, str) else None
        )

    def _identified(self, answer: Mapping[str, Any], *, subject: str | None) -> Identified:
        claims = self._tokens.access(_text(answer, "access_token"))
        if claims["azp"] != self._client["client_id"] or subject not in (None, claims["sub"]):
            raise NotAuthenticated("the identity server's tokens do not belong together; log in again")
        grant = Grant(
            refresh_token=_text(answer, "refresh_token"),
            server_session_id=str(claims.get("sid", "")),
            checked_until=_expiry(claims),
        )
        return Identified(user=_user(claims), grant=grant)

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            **self._client,
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",
            default_timeout=REQUEST_SECONDS,
        )
        session.trust_env = False
        return session

    def _ask(self, question: Callable[[OAuth2Session], Answer]) -> Answer:
        if self._monotonic() < self._left_alone_until:
            raise Unavailable("the identity server does not answer; try again in a moment")
        try:
            with self._session() as session:
                return question(session)
        except OAuthError as error:
            if error.error in _WORTHLESS:
                raise NotAuthenticated("the identity server says that this login does not count any more") from error
            _log.error("the identity server refuses this platform: %s", error.error)
            raise Unavailable(
                f"the identity server refuses this platform ({error.error}); check TWINEV_OIDC_CLIENT_ID and"
                " TWINEV_OIDC_CLIENT_SECRET"
            ) from None
        except TwinEVError:
            raise
        except (requests.RequestException, ValueError, KeyError) as error:
            self._left_alone_until = self._monotonic() + LEFT_ALONE_SECONDS
            # Its text may repeat what was sent.
            raise Unavailable(f"the identity server does not answer as it should ({type(error).__name__})") from None


_BARE = {"withhold_token": True}


def _checked(answer: requests.Response) -> requests.Response:
    if answer.status_code >= requests.codes.bad_request:
        content = answer.json()
        raise OAuthError(error=content.get("error", str(answer.status_code)))
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    text = answer.get(name)
    if not isinstance(text, str):
        raise Unavailable(f"the identity server gave no {name}")
    return text


def _expiry(claims: Claims) -> datetime:
    return datetime.fromtimestamp(claims["exp"], tz=UTC)


def _user(claims: Claims) -> User:
    """Return who the token stands for. A token without roles, or with roles of others, gives none here."""
    access = claims.get("realm_access")
    named = access.get("roles") if isinstance(access, dict) else None
    known = set(Role)
    roles = frozenset(Role(name) for name in named if name in known) if isinstance(named, list) else frozenset()
    username = claims.get("preferred_username")
    if not isinstance(username, str) or not username.isprintable() or not 1 <= len(username) <= 64:
        raise NotAuthenticated("the identity server gave no usable username (1 to 64 characters)")
    name = claims.get("name")
    return User(
        id=claims["sub"],
        username=username,
        roles=roles,
        display_name=name[:255] if isinstance(name, str) and name.isprintable() else "",
    )
