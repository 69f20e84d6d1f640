"""The keys of stations: made at random, kept as keyed HMACs, and changed without ever shutting a station out.

A station has one key that it is known to use, and keys that it was told to use from now on but has not come with yet.
Any of them lets it in. When it comes with one of the latter, that is its key, and all older ones are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from twinev.services.ports.unit_of_work import UnitOfWork


def make_key() -> str:
    """A new key.

    32 hexadecimal digits: OCPP 2.x allows 16 characters and more in a BasicAuthPassword, and OCPP 1.6 wants the
    digits of 16 to 20 octets in an AuthorizationKey.
    """
    return secrets.token_hex(16)


def key_hmac(secret_key: str, station_id: str, key: str) -> bytes:
    """What is kept of a station's key: random keys need no slow hash, and reconnecting thousands must be cheap."""
    return hmac.digest(
        secret_key.encode(), b"station-key\0" + station_id.encode() + b"\0" + key.encode(), hashlib.sha256
    )


def is_current_key(given: str, station_id: str, *, work: UnitOfWork, secret_key: str) -> bool:
    """Whether the station is known to use this key."""
    kept = work.stations.key_hmac(station_id)
    return kept is not None and _matches(given, station_id, kept, secret_key)


def pending_key(given: str, station_id: str, *, work: UnitOfWork, secret_key: str) -> int | None:
    """The number of the key among those that the station has not come with yet; None when it is none of them."""
    for number, kept in work.stations.pending_keys(station_id):
        if _matches(given, station_id, kept, secret_key):
            return number
    return None


def _matches(given: str, station_id: str, kept: bytes, secret_key: str) -> bool:
    # OCPP 1.6 stations send either the digits that were set in them or the octets that those stand for (security
    # whitepaper ed. 2, A00.FR.205); a character of ``given`` is an octet.
    octets = given.encode("latin-1", errors="replace")
    forms = (given, octets.hex())
    return any(hmac.compare_digest(key_hmac(secret_key, station_id, form), kept) for form in forms)
