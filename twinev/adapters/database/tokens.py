"""The repository of id tokens that may charge."""

from __future__ import annotations

from sqlalchemy import Connection, select

from twinev.adapters.database.statements import upsert
from twinev.adapters.database.tables import id_tokens


class DatabaseTokens:
    """Implements `twinev.services.ports.charge_points.Tokens`; OCPP's tokens do not tell upper from lower case."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def status(self, id_token: str) -> str | None:
        return self._connection.execute(
            select(id_tokens.c.status).where(id_tokens.c.id_token == id_token.lower())
        ).scalar()

    def user_of(self, id_token: str) -> str | None:
        return self._connection.execute(
            select(id_tokens.c.user_id).where(id_tokens.c.id_token == id_token.lower())
        ).scalar()

    def of_user(self, user_id: str) -> list[str]:
        statement = select(id_tokens.c.id_token).where(id_tokens.c.user_id == user_id).order_by(id_tokens.c.id_token)
        return list(self._connection.execute(statement).scalars())

    def save(self, id_token: str, status: str, user_id: str | None = None) -> None:
        upsert(self._connection, id_tokens, {"id_token": id_token.lower(), "status": status, "user_id": user_id})
