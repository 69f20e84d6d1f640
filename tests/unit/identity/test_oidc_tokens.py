"""Tokens of an identity server: which count, with real keys and signatures; and keys that change or cannot be read."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from twinev.adapters.identity.oidc.published import KEYS_AGAIN_SECONDS, KEYS_FRESH_SECONDS, NEEDED, PublishedFacts
from twinev.adapters.identity.oidc.tokens import TokenCheck
from twinev.errors import BadInput, NotAuthenticated, Unavailable

ISSUER = "https://login.example.org/realms/twinergy"
NONCE = "n-1"
HMAC_HEADER = b'{"alg":"HS256","kid":"first"}'
LOGOUT = {"http://schemas.openid.net/event/backchannel-logout": {}}


class Issuer:
    """Publishes metadata and keys over a transport of its own, counts who asks, and can be away."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"})
        self.published = [self.key]
        self.metadata = {"issuer": ISSUER} | {name: f"{ISSUER}/{name}" for name in NEEDED}
        self.asked: list[str] = []
        self.away = False
        self.seconds = 0.0
        self.facts = PublishedFacts(
            issuer=ISSUER, transport=httpx.MockTransport(self._answer), monotonic=lambda: self.seconds
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rpartition("/")[2])
        if self.away:
            raise httpx.ConnectError("away", request=request)
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(200, json=self.metadata)
        return httpx.Response(200, json=KeySet(self.published).as_dict(private=False))


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def check(issuer: Issuer, desk) -> TokenCheck:
    return TokenCheck(facts=issuer.facts, client_id="twinev-api", machine_clients=["twinev-jobs"], clock=desk.clock)


@pytest.fixture
def sign(issuer: Issuer, desk) -> Callable[..., str]:
    """Makes a token that is right but for what is given; ``None`` leaves a claim out."""

    def make(*, key: Any = None, alg: str = "RS256", kid: str | None = "first", **changes: Any) -> str:
        now = int(desk.clock.now().timestamp())
        claims = {
            "iss": ISSUER, "aud": "twinev-api", "azp": "twinev-api", "typ": "Bearer", "sub": "s-1", "jti": "j-1",
            "iat": now, "exp": now + 300, "nonce": NONCE,
        } | changes  # fmt: skip
        present = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": alg} | ({"kid": kid} if kid else {})
        return jwt.encode(header, present, key or issuer.key, algorithms=[alg])

    return make


def test_access_token_for_this_api_counts(check, sign) -> None:
    assert check.access(sign())["sub"] == "s-1"
    assert check.access(sign(azp="twinev-jobs", aud=["account", "twinev-api"]))["azp"] == "twinev-jobs"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://login.example.org/realms/other"},
        {"iss": ISSUER + "/"},
        {"iss": [ISSUER]},
        {"iss": None},
        {"aud": "account"},
        {"aud": None},
        {"aud": []},
        {"azp": "somebody-else"},
        {"azp": ["twinev-api", "twinev-jobs"]},
        {"azp": None},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": None},
        {"typ": ["Bearer"]},
        {"sub": None},
        {"sub": ["s-1"]},
        {"exp": 0},
        {"exp": None},
        {"exp": "9999999999"},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
    ],
)
def test_access_token_with_a_wrong_claim_is_refused(check, sign, changes: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        check.access(sign(**changes))


def test_token_ends_with_its_life(check, sign, desk) -> None:
    token = sign()
    desk.clock.forward(seconds=299)
    check.access(token)
    desk.clock.forward(seconds=12)
    with pytest.raises(NotAuthenticated):
        check.access(token)


def test_token_of_another_key_is_refused(check, sign) -> None:
    stranger = RSAKey.generate_key(2048, parameters={"kid": "first"})
    with pytest.raises(NotAuthenticated):
        check.access(sign(key=stranger))


def test_public_key_is_no_secret_to_sign_with(check, sign, issuer: Issuer) -> None:
    _, payload, _ = sign().split(".")
    signed = f"{_part(HMAC_HEADER)}.{payload}"
    # By hand: the library refuses to make such a signature.
    signature = hmac.new(issuer.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    with pytest.raises(NotAuthenticated):
        check.access(f"{signed}.{_part(signature)}")


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize("token", ["eyJ", "eyJhbGciOiJub25lIn0.e30.", "eyJ.eyJ.eyJ", "eyJ" + "a" * 20_000, "eyJä.b.c"])
def test_what_is_no_signed_token_is_refused(check, token: str) -> None:
    with pytest.raises(NotAuthenticated):
        check.access(token)


def test_signature_by_elliptic_curve_counts(check, sign, issuer: Issuer) -> None:
    key = ECKey.generate_key("P-256", parameters={"kid": "curve", "use": "sig"})
    issuer.published.append(key)
    assert check.access(sign(key=key, alg="ES256", kid="curve"))["sub"] == "s-1"


def test_identity_token_answers_the_login_that_asked(check, sign) -> None:
    assert check.identity(sign(typ="ID"), nonce=NONCE)["sub"] == "s-1"
    for changes in (
        {"nonce": "n-2"},
        {"nonce": None},
        {"azp": "twinev-jobs"},
        {"typ": "Bearer"},
        {"aud": "twinev-jobs"},
    ):
        with pytest.raises(NotAuthenticated):
            check.identity(sign(**{"typ": "ID"} | changes), nonce=NONCE)


def test_logout_token_names_a_login(check, sign) -> None:
    right = {"typ": "Logout", "events": LOGOUT, "nonce": None, "sid": "sid-1"}
    assert check.logout(sign(**right))["sid"] == "sid-1"
    for changes in ({"events": None}, {"events": {}}, {"nonce": NONCE}, {"sid": None, "sub": None}, {"typ": "Bearer"}):
        with pytest.raises(NotAuthenticated):
            check.logout(sign(**right | changes))


def test_new_key_is_found_when_a_token_names_it(check, sign, issuer: Issuer) -> None:
    check.access(sign())
    new = RSAKey.generate_key(2048, parameters={"kid": "second", "use": "sig"})
    issuer.published = [new]
    issuer.seconds += KEYS_AGAIN_SECONDS
    assert check.access(sign(key=new, kid="second"))["sub"] == "s-1"
    with pytest.raises(NotAuthenticated):
        check.access(sign(kid="first"))


def test_invented_keys_do_not_make_us_ask_each_time(check, sign, issuer: Issuer) -> None:
    check.access(sign())
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            check.access(sign(kid=f"invented-{number}"))
    assert issuer.asked.count("jwks_uri") == 1


def test_old_keys_stand_while_the_issuer_is_away(check, sign, issuer: Issuer) -> None:
    token = sign()
    check.access(token)
    issuer.away = True
    issuer.seconds += 10 * KEYS_FRESH_SECONDS
    assert check.access(token)["sub"] == "s-1"


def test_issuer_that_was_never_reached_is_unavailable(check, sign, issuer: Issuer) -> None:
    issuer.away = True
    with pytest.raises(Unavailable):
        check.access(sign())


def test_browser_is_not_sent_to_an_issuer_that_is_away(issuer: Issuer) -> None:
    issuer.facts.require_answer()
    issuer.away = True
    issuer.seconds += 60
    with pytest.raises(Unavailable):
        issuer.facts.require_answer()


def test_issuer_must_call_itself_as_we_do(issuer: Issuer) -> None:
    issuer.metadata["issuer"] = "https://elsewhere.example.org"
    with pytest.raises(Unavailable, match="spelled exactly"):
        issuer.facts.address("token_endpoint")


@pytest.mark.parametrize("issuer_address", ["http://login.example.org/realms/x", "login.example.org", "", "ftp://a/b"])
def test_issuer_is_reached_over_https_only(issuer_address: str) -> None:
    with pytest.raises(BadInput, match="TWINEV_OIDC_ISSUER"):
        PublishedFacts(issuer=issuer_address)
