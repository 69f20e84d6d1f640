"""Domain objects as JSON documents, for what is written once and read as a whole."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Table

from twinev.adapters.database.statements import insert_new
from twinev.errors import Conflict
from twinev.wire.messages import decode, encode

Document = TypeVar("Document")

#: How many documents are kept at hand: each takes some kilobytes.
MOST = 5000


def to_document(value: object) -> Any:
    """What a JSON column keeps; decimals are text, to the last digit."""
    return orjson.loads(encode(value))


def from_document(kind: type[Document], document: Any) -> Document:
    return decode(kind, orjson.dumps(document))


def from_known_document(kind: type[Document], document: Any) -> Document:
    """As `from_document`, for documents that are read again and again: those that are alike are made once."""
    text = document if isinstance(document, str) else orjson.dumps(document).decode()
    return _made(kind, text)


@lru_cache(maxsize=MOST)
def _made(kind: type[Document], text: str) -> Document:
    return decode(kind, text.encode())


def insert_once(connection: Connection, table: Table, row: dict[str, Any], what: str) -> None:
    """Insert a row that is kept for good; raise `Conflict` when one with its key is there."""
    if not insert_new(connection, table, [row]):
        raise Conflict(f"{what} is there already, and is never changed")
