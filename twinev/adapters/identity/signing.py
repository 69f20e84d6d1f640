"""Signs cookies and tokens with a key that only the API has."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature
from itsdangerous import Signer as HmacSigner

from twinev.errors import BadInput

SHORTEST_KEY = 32


class SecretKeySigner:
    """Implements `twinev.services.identity_ports.Signer` with HMAC-SHA-256, one derived key for each purpose.

    Parameters
    ----------
    secret_key : str
        At least 32 characters of randomness.
    """

    def __init__(self, *, secret_key: str) -> None:
        if len(secret_key) < SHORTEST_KEY:
            raise BadInput(
                "TWINEV_SECRET_KEY", f"({len(secret_key)} characters)", f"at least {SHORTEST_KEY} random characters"
            )
        self._secret_key = secret_key

    def sign(self, purpose: str, text: str) -> str:
        return self._signer(purpose).sign(text.encode()).decode()

    def read(self, purpose: str, signed: str) -> str | None:
        try:
            return self._signer(purpose).unsign(signed.encode()).decode()
        except (BadSignature, UnicodeError):
            return None

    def _signer(self, purpose: str) -> HmacSigner:
        return HmacSigner(
            self._secret_key, salt=f"twinev.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256
        )
