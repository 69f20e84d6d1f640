"""What the groups of calls share: the connection, bodies and paths."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from twinev.client.connection import Connection
from twinev.errors import BadInput
from twinev.wire.base import WireModel

Body = TypeVar("Body", bound=WireModel)


class Calls:
    """A group of calls over one connection; `Client` is made of them."""

    _connection: Connection


def body_of(kind: type[Body], **fields: object) -> Body:
    """Return the body, else raise `BadInput` for the first field that it cannot take."""
    try:
        return kind(**fields)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadInput(
            ".".join(str(part) for part in fault["loc"]),
            fault.get("input"),
            fault["msg"].removeprefix("Input should be "),
        ) from error


def path_to(*segments: str) -> str:
    """Join the segments of a path, each encoded."""
    return "/" + "/".join(quote(segment, safe="") for segment in segments)
