"""Each driver's virtual id token: what identifies him at a station when he has no card in hand."""

from __future__ import annotations

import secrets

from twinev.domain.users import AuthorizationStatus
from twinev.services.ports.unit_of_work import UnitOfWork

# OCPP 1.6 takes 20 characters; nobody guesses 64 bits.
PREFIX = "app-"
_RANDOM_BYTES = 8


def driver_token(user_id: str, *, work: UnitOfWork) -> str:
    """Return the user's virtual token, made at the first call; the caller commits."""
    known = next((token for token in work.tokens.of_user(user_id) if token.startswith(PREFIX)), None)
    if known is not None:
        return known
    token = PREFIX + secrets.token_hex(_RANDOM_BYTES)
    work.tokens.save(token, AuthorizationStatus.ACCEPTED, user_id)
    return token
