"""Whether a card may charge at a site."""

from __future__ import annotations

from twinev.domain.users import AuthorizationStatus
from twinev.services.ports.unit_of_work import UnitOfWork


def token_status(id_token: str, *, site_id: str, work: UnitOfWork) -> str:
    """Return an AuthorizationStatus: what is known of the card, else what its site does with strangers."""
    known = work.tokens.status(id_token)
    if known is not None:
        return known
    accepts = work.sites.get(site_id).accepts_unknown_tokens
    return AuthorizationStatus.ACCEPTED if accepts else AuthorizationStatus.INVALID
