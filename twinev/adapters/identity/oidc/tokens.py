"""Checks the identity server's tokens: who signed them, for whom, for what, and until when.

Sources: OpenID Connect Core 1.0 §3.1.3.7, RFC 9068 §4, RFC 8725, OpenID Connect Back-Channel Logout 1.0 §2.6.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from twinev.adapters.identity.oidc.published import PublishedFacts
from twinev.errors import NotAuthenticated
from twinev.services.ports.clock import Clock

#: Signatures by the issuer's private keys only: with HMAC in the list, a public key could serve as the secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
#: How far the two clocks may be apart. [s]
LEEWAY_SECONDS = 10
LONGEST_TOKEN = 16_384

_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

Claims = dict[str, Any]


class TokenCheck:
    """Reads the tokens of one issuer.

    Parameters
    ----------
    facts : PublishedFacts
        The issuer's keys.
    client_id : str
        Ours: the audience of every token that counts here.
    machine_clients : Collection[str]
        The clients whose access tokens are taken beside our own (``azp``).
    clock : Clock
        The wall's clock.
    """

    def __init__(
        self, *, facts: PublishedFacts, client_id: str, machine_clients: Collection[str], clock: Clock
    ) -> None:
        self._facts = facts
        self._client_id = client_id
        self._machine_clients = frozenset(machine_clients) | {client_id}
        self._clock = clock

    def access(self, token: str) -> Claims:
        """Return the claims of an access token that was made for this API by a client that may."""
        claims = self._claims(token, typ="Bearer", required=("sub", "jti", "azp"))
        # Compared as texts: a list that contains the name is not the name.
        if not isinstance(claims["azp"], str) or claims["azp"] not in self._machine_clients:
            raise _refused("its client may not call this API")
        return claims

    def identity(self, token: str, *, nonce: str) -> Claims:
        """Return the claims of an ID token that answers the login with this nonce."""
        claims = self._claims(token, typ="ID", required=("sub", "nonce"))
        if claims["nonce"] != nonce:
            raise _refused("it answers another login")
        if claims.get("azp", self._client_id) != self._client_id:
            raise _refused("it was made for another client")
        return claims

    def logout(self, token: str) -> Claims:
        """Return the claims of the issuer's message that a login has ended."""
        claims = self._claims(token, typ="Logout", required=("iat", "jti", "events"))
        events = claims["events"]
        if "nonce" in claims or not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
            raise _refused("it does not say that a login has ended")
        if not (isinstance(claims.get("sid"), str) or isinstance(claims.get("sub"), str)):
            raise _refused("it names no login")
        return claims

    def _claims(self, token: str, *, typ: str, required: Collection[str]) -> Claims:
        if len(token) > LONGEST_TOKEN:
            raise _refused("it is too long")
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            claims = jwt.decode(token, self._facts.keys(kid), algorithms=ALGORITHMS).claims
            self._registry(required).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused(type(error).__name__) from error
        if claims.get("typ") != typ:
            raise _refused(f"it is no {typ} token")
        return claims

    def _registry(self, required: Collection[str]) -> JWTClaimsRegistry:
        now: Callable[[], int] = lambda: int(self._clock.now().timestamp())  # noqa: E731
        return JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._facts.issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            **{name: {"essential": True} for name in required if name != "iat"},
        )


def _refused(why: str) -> NotAuthenticated:
    return NotAuthenticated(f"the token does not count here: {why}; get a new one at the identity server")
