"""Who may open a socket: reads a WebSocket request, asks the API, and answers 404, 401 or 503 where it may not."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from twinev.adapters.ocpp.ports import Desk
from twinev.domain.facts import ConnectAnswer, ConnectQuestion
from twinev.errors import Unavailable

logger = logging.getLogger(__name__)

PATH_PREFIX = "/ocpp/"
LONGEST_ID = 48
WITHOUT_COMPRESSION = "ocpp1.6"


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A station that may connect, and what the API says of it."""

    station_id: str
    answer: ConnectAnswer


class Admission:
    """The handshake's two decisions.

    Parameters
    ----------
    desk : Desk
        Knows the stations.
    protocols : sequence of str
        The sub-protocols that are spoken here.
    """

    def __init__(self, *, desk: Desk, protocols: Sequence[str]) -> None:
        self._desk = desk
        self._protocols = frozenset(protocols)

    async def check(self, connection: ServerConnection, request: Request) -> Admitted | Response:
        """Admit the station, or answer why not."""
        station_id = station_id_of(request.path)
        if station_id is None:
            return connection.respond(HTTPStatus.NOT_FOUND, f"connect to {PATH_PREFIX}<station id>\n")
        username, password = credentials_of(request.headers.get_all("Authorization"), station_id)
        question = ConnectQuestion(
            station_id=station_id,
            security_profile=0 if username is None else 1,
            username=username,
            password=password,
        )
        try:
            answer = await self._desk.connect(question)
        except Unavailable as error:
            logger.warning("station %s is turned away: %s", station_id, error)
            response = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "try again in a few seconds\n")
            response.headers["Retry-After"] = "5"
            return response
        if answer.verdict == "unknown":
            return connection.respond(HTTPStatus.NOT_FOUND, "this station is not known here\n")
        if answer.verdict == "unauthorised":
            response = connection.respond(HTTPStatus.UNAUTHORIZED, "the station's key is missing or wrong\n")
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
            return response
        self._choose_compression(connection, request)
        return Admitted(station_id=station_id, answer=answer)

    def select_subprotocol(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The first that the station offers and we speak.

        None lets the handshake succeed without the header, as OCPP-J wants it; the socket is then closed.
        """
        return next((protocol for protocol in offered if protocol in self._protocols), None)

    def _choose_compression(self, connection: ServerConnection, request: Request) -> None:
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        protocols = [Subprotocol(part.strip()) for part in offered.split(",")]
        if self.select_subprotocol(connection, protocols) == WITHOUT_COMPRESSION:
            # Of 1.6 no station expects it, and it would cost 40 kB a socket.
            connection.protocol.available_extensions = []


def station_id_of(path: str) -> str | None:
    """The percent-decoded id in ``/ocpp/{id}``; None where there is none that could be one."""
    raw = path.split("?", 1)[0]
    if not raw.startswith(PATH_PREFIX) or "/" in raw.removeprefix(PATH_PREFIX):
        return None
    try:
        station_id = unquote_to_bytes(raw.removeprefix(PATH_PREFIX)).decode()
    except UnicodeDecodeError:
        return None
    usable = station_id.isprintable() and station_id.strip() and len(station_id) <= LONGEST_ID
    return station_id if usable else None


def credentials_of(headers: Sequence[str], station_id: str) -> tuple[str | None, str | None]:
    """User name and password of HTTP basic authentication; None for both where there is no usable header."""
    if len(headers) != 1:
        return None, None
    scheme, _, encoded = headers[0].partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return None, None
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")
    # A station's id may hold a colon, which by the letter of RFC 7617 a user name may not.
    if text.startswith(f"{station_id}:"):
        return station_id, text[len(station_id) + 1 :]
    username, colon, password = text.partition(":")
    return (username, password) if colon else (None, None)
