"""Who may open a socket: reads a WebSocket request, asks the API, and answers 404, 403, 401 or 503 where it may not."""

from __future__ import annotations

import base64
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from twinev.adapters.ocpp.boot_gate import Registration
from twinev.adapters.ocpp.certificates import Certificates
from twinev.adapters.ocpp.ports import Boots, Desk
from twinev.adapters.ocpp.station_socket import Crowd
from twinev.adapters.ocpp.tls import names_of, security_profile_of
from twinev.adapters.ocpp.turns import NoTurn, Turns
from twinev.domain.facts import ConnectAnswer, ConnectQuestion
from twinev.errors import Unavailable

logger = logging.getLogger(__name__)

PATH_PREFIX = "/ocpp/"
LONGEST_ID = 48
WITHOUT_COMPRESSION = "ocpp1.6"
# Whoever is told to try again is told a time of its own, so that a storm does not come back as one.
SOONEST_RETRY_SECONDS, LATEST_RETRY_SECONDS = 5, 15


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A station that may connect, what the API says of it, and how its last boot was answered."""

    station_id: str
    answer: ConnectAnswer
    registration: Registration


class Admission:
    """The handshake's two decisions.

    No verdict is kept: each handshake asks, so a key that is withdrawn is refused at once.

    Parameters
    ----------
    desk : Desk
        Knows the stations.
    boots : Boots
        Knows how their boots went.
    protocols : sequence of str
        The sub-protocols that are spoken here.
    turns : Turns
        How many may ask the desk at a time.
    crowd : Crowd
        How many may come in.
    certificates : Certificates, optional
        Knows which certificates of stations were revoked.
    """

    def __init__(
        self, *, desk: Desk, boots: Boots, protocols: Sequence[str], turns: Turns, crowd: Crowd,
        certificates: Certificates | None = None,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._boots = boots
        self._protocols = frozenset(protocols)
        self._turns = turns
        self._crowd = crowd
        self._certificates = certificates

    async def check(self, connection: ServerConnection, request: Request) -> Admitted | Response:
        """Admit the station, or answer why not."""
        station_id = station_id_of(request.path)
        if station_id is None:
            return connection.respond(HTTPStatus.NOT_FOUND, f"connect to {PATH_PREFIX}<station id>\n")
        if self._crowd.full:
            self._crowd.turn_away()
            return _try_again(connection)
        if self.revoked(connection):
            logger.warning("station %s is refused: its certificate was revoked", station_id)
            return connection.respond(HTTPStatus.FORBIDDEN, "the certificate was revoked\n")
        question = _question(connection, request, station_id)
        if question is None:
            return connection.respond(HTTPStatus.FORBIDDEN, "the certificate's common name must be the station's id\n")
        verdict = await self._ask(connection, question)
        if isinstance(verdict, Admitted):
            self._choose_compression(connection, request)
        return verdict

    def revoked(self, connection: ServerConnection) -> bool:
        """Whether the certificate that this socket came with does not hold any more."""
        if self._certificates is None:
            return False
        return self._certificates.revoked(connection.transport.get_extra_info("ssl_object"))

    def select_subprotocol(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The first that the station offers and we speak.

        None lets the handshake succeed without the header, as OCPP-J wants it; the socket is then closed.
        """
        return next((protocol for protocol in offered if protocol in self._protocols), None)

    async def _ask(self, connection: ServerConnection, question: ConnectQuestion) -> Admitted | Response:
        try:
            async with self._turns.turn():
                if connection.state is not State.CONNECTING:  # Gone while it waited: the API need not bother.
                    return _try_again(connection)
                answer = await self._desk.connect(question)
                if answer.verdict != "accepted":
                    return _refusal(connection, answer)
                # A station that reconnects without a boot is where it was (OCPP 1.6 ed. 2, §4.2).
                registration = Registration(await self._boots.last_answer(question.station_id))
        except (NoTurn, Unavailable) as error:
            why = "too many stations connect at the moment" if isinstance(error, NoTurn) else error
            logger.warning("station %s is turned away: %s", question.station_id, why)
            return _try_again(connection)
        return Admitted(station_id=question.station_id, answer=answer, registration=registration)

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
    """User name and password of HTTP basic authentication; None for both where there is no usable header.

    Each character of the password is one of its bytes: a key of OCPP 1.6 may be 16 to 20 octets that are no text.
    """
    if len(headers) != 1:
        return None, None
    scheme, _, encoded = headers[0].partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return None, None
    # A station's id may hold a colon, which by the letter of RFC 7617 a user name may not.
    own = station_id.encode() + b":"
    if decoded.startswith(own):
        return station_id, decoded.removeprefix(own).decode("latin-1")
    username, colon, password = decoded.partition(b":")
    return (username.decode(errors="replace"), password.decode("latin-1")) if colon else (None, None)


def _question(connection: ServerConnection, request: Request, station_id: str) -> ConnectQuestion | None:
    """What to ask the API; None for a station whose certificate is another's."""
    username, password = credentials_of(request.headers.get_all("Authorization"), station_id)
    tls = connection.transport.get_extra_info("ssl_object")
    profile = security_profile_of(tls, has_key=username is not None)
    if profile == 3 and station_id not in (names := names_of(tls.getpeercert())):
        logger.warning("station %s is refused: its certificate names %s", station_id, ", ".join(names) or "nobody")
        return None
    return ConnectQuestion(station_id=station_id, security_profile=profile, username=username, password=password)


def _try_again(connection: ServerConnection) -> Response:
    response = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "try again in a few seconds\n")
    response.headers["Retry-After"] = str(random.randint(SOONEST_RETRY_SECONDS, LATEST_RETRY_SECONDS))
    return response


def _refusal(connection: ServerConnection, answer: ConnectAnswer) -> Response:
    if answer.verdict == "unknown":
        return connection.respond(HTTPStatus.NOT_FOUND, "this station is not known here\n")
    response = connection.respond(HTTPStatus.UNAUTHORIZED, "the station's key or its security profile is wrong\n")
    response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
    return response
