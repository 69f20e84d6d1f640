"""What an identity server publishes of itself: addresses and keys; fetched, kept, and used stale while it is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from twinev.errors import BadInput, Unavailable

METADATA_FRESH_SECONDS = 600.0
KEYS_FRESH_SECONDS = 300.0
#: An unknown key may be a new one; who sends invented ones must not make us ask at every request.
KEYS_AGAIN_SECONDS = 5.0
#: A server that was found to answer is taken to answer for so long. [s]
ANSWERS_SECONDS = 2.0
REQUEST_SECONDS = 3.0

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri", "introspection_endpoint", "end_session_endpoint")

_log = logging.getLogger(__name__)


def require_issuer(issuer: str) -> str:
    """Return the issuer's address without a slash at its end, else raise `BadInput`."""
    parts = urlsplit(issuer)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise BadInput("TWINEV_OIDC_ISSUER", issuer, "an https address (http on this machine only)")
    return issuer.rstrip("/")


class PublishedFacts:
    """The metadata and the keys of one issuer.

    Parameters
    ----------
    issuer : str
        Its address; what it publishes must name exactly this one.
    transport : httpx.BaseTransport, optional
        What carries the requests where it is not the network.
    monotonic : callable
        A clock in seconds that never goes back.
    """

    def __init__(
        self,
        *,
        issuer: str,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = require_issuer(issuer)
        self._monotonic = monotonic
        self._http = httpx.Client(timeout=REQUEST_SECONDS, transport=transport, trust_env=False)
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] | None = None
        self._metadata_at = self._keys_at = self._keys_tried_at = float("-inf")
        self._keys: KeySet | None = None

    def address(self, name: str) -> str:
        """Return one of the issuer's addresses, such as ``token_endpoint``."""
        with self._lock:
            if self._metadata is None or self._monotonic() - self._metadata_at >= METADATA_FRESH_SECONDS:
                try:
                    self._read_metadata()
                except Unavailable as error:
                    if self._metadata is None:
                        raise
                    _log.warning("the identity server's older addresses stand: %s", error)
            return self._metadata[name]

    def require_answer(self) -> None:
        """Raise `Unavailable` unless the server answers now: a browser must not be sent to one that is away."""
        with self._lock:
            if self._monotonic() - self._metadata_at >= ANSWERS_SECONDS:
                self._read_metadata()

    def keys(self, kid: str | None) -> KeySet:
        """Return the issuer's keys; an unknown ``kid`` makes us look for new ones, but not at every request."""
        jwks_uri = self.address("jwks_uri")
        with self._lock:
            now = self._monotonic()
            known = self._keys is not None and any(key.kid == kid for key in self._keys)
            stale = now - self._keys_at >= KEYS_FRESH_SECONDS
            if (stale or not known) and now - self._keys_tried_at >= KEYS_AGAIN_SECONDS:
                self._keys_tried_at = now
                self._read_keys(jwks_uri)
            if self._keys is None:
                raise Unavailable(f"the identity server {self.issuer} has given no keys")
            return self._keys

    def _read_metadata(self) -> None:
        metadata = self._fetch(f"{self.issuer}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.issuer:
            raise Unavailable(
                f"the identity server at {self.issuer} calls itself {metadata.get('issuer')!r}; TWINEV_OIDC_ISSUER must"
                " be spelled exactly as it does"
            )
        missing = [name for name in NEEDED if not isinstance(metadata.get(name), str)]
        if missing:
            raise Unavailable(f"the identity server {self.issuer} names no {', '.join(missing)}")
        self._metadata = metadata
        self._metadata_at = self._monotonic()

    def _read_keys(self, jwks_uri: str) -> None:
        try:
            self._keys = KeySet.import_key_set(self._fetch(jwks_uri))
            self._keys_at = self._monotonic()
        except (Unavailable, JoseError, KeyError, ValueError, TypeError) as error:
            _log.warning("the identity server's keys were not read, the older ones stand: %s", type(error).__name__)

    def _fetch(self, address: str) -> dict[str, Any]:
        try:
            answer = self._http.get(address)
            answer.raise_for_status()
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                f"the identity server {self.issuer} does not answer as it should ({type(error).__name__})"
            ) from error
        if not isinstance(document, dict):
            raise Unavailable(f"the identity server {self.issuer} answered something else than an object")
        return document
