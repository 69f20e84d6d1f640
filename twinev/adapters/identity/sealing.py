"""Encrypts what is kept but must not be readable from a copy of the database, or by a browser that carries it."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken


class SecretKeySealer:
    """Implements `twinev.services.identity_ports.Sealer` with Fernet (AES-CBC and HMAC), one derived key a purpose.

    Parameters
    ----------
    secret_key : str
        At least 32 characters of randomness.
    """

    def __init__(self, *, secret_key: str) -> None:
        self._secret_key = secret_key.encode()

    def seal(self, purpose: str, text: str) -> str:
        return self._fernet(purpose).encrypt(text.encode()).decode()

    def unseal(self, purpose: str, sealed: str) -> str | None:
        try:
            return self._fernet(purpose).decrypt(sealed.encode()).decode()
        except (InvalidToken, UnicodeError):
            return None

    def _fernet(self, purpose: str) -> Fernet:
        # The key is random already: a keyed hash is enough to derive one for each purpose.
        key = hmac.new(self._secret_key, f"twinev.seal.{purpose}".encode(), hashlib.sha256).digest()
        return Fernet(base64.urlsafe_b64encode(key))
