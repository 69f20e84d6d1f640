"""How OCPI answers: everything in an envelope with a status code of its own, lists in pages by offset."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from twinev.api.ocpi.values import date_time
from twinev.errors import BadInput, NotAuthenticated, NotFound, TwinEVError
from twinev.wire.moment import LATEST

#: OCPI 2.2.1, Status codes.
SUCCESS, CLIENT_ERROR, INVALID_PARAMETERS, UNKNOWN_LOCATION, SERVER_ERROR = 1000, 2000, 2001, 2003, 3000
#: A partner who wants everything asks from the beginning of his clock.
EARLIEST_YEAR = 1970
#: The most objects on a page.
MOST = 100


@dataclass(frozen=True, kw_only=True)
class OcpiAsk:
    """Which objects somebody asks for: those last updated in [date_from, date_to), from ``offset`` on."""

    date_from: datetime | None
    date_to: datetime | None
    offset: int
    limit: int

    def covers(self, last_updated: datetime) -> bool:
        return (self.date_from is None or self.date_from <= last_updated) and (
            self.date_to is None or last_updated < self.date_to
        )


async def ocpi_ask(
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=2**31)] = MOST,
) -> OcpiAsk:
    """Read the parameters; OCPI's times are UTC, with the Z or without."""
    return OcpiAsk(
        date_from=_utc("date_from", date_from), date_to=_utc("date_to", date_to), offset=offset, limit=min(limit, MOST)
    )


WantedObjects = Annotated[OcpiAsk, Depends(ocpi_ask)]


def envelope(
    data: Any = None, *, status_code: int = SUCCESS, message: str = "Success", http: int = HTTPStatus.OK
) -> JSONResponse:
    """Wrap an answer."""
    body = {"status_code": status_code, "status_message": message, "timestamp": date_time(datetime.now(UTC))}
    return JSONResponse(body if data is None else body | {"data": data}, status_code=int(http))


def page(objects: Sequence[Any], total: int, ask: OcpiAsk, request: Request, base_url: str) -> JSONResponse:
    """Wrap a page of a list, and say where the next one is."""
    response = envelope(list(objects))
    response.headers["X-Total-Count"] = str(total)
    response.headers["X-Limit"] = str(MOST)
    following = ask.offset + ask.limit
    if following < total:
        asked = dict(request.query_params) | {"offset": str(following), "limit": str(ask.limit)}
        response.headers["Link"] = f'<{base_url}{request.url.path}?{urlencode(asked)}>; rel="next"'
    return response


def cut_page(objects: Sequence[dict[str, Any]], ask: OcpiAsk) -> tuple[Sequence[dict[str, Any]], int]:
    """Cut a page out of whole objects; return it and how many there are in all."""
    chosen = sorted(
        (one for one in objects if ask.covers(datetime.fromisoformat(one["last_updated"]))),
        key=lambda one: (one["last_updated"], one["id"]),
    )
    return chosen[ask.offset : ask.offset + ask.limit], len(chosen)


class OcpiRoute(APIRoute):
    """A route whose errors are in the envelope too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError as error:
                fault = error.errors()[0]
                message = f"{fault['loc'][-1]}: {fault['msg']}"
                return envelope(status_code=INVALID_PARAMETERS, message=message, http=HTTPStatus.BAD_REQUEST)
            except TwinEVError as error:
                return _refusal(error)

        return answered


def _refusal(error: TwinEVError) -> Response:
    message = str(error)[:255]
    if isinstance(error, NotAuthenticated):
        response = envelope(status_code=CLIENT_ERROR, message=message, http=HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = "Token"
        return response
    if isinstance(error, NotFound):
        return envelope(status_code=UNKNOWN_LOCATION, message=message, http=HTTPStatus.NOT_FOUND)
    if isinstance(error, BadInput):
        return envelope(status_code=INVALID_PARAMETERS, message=message, http=HTTPStatus.BAD_REQUEST)
    return envelope(status_code=SERVER_ERROR, message=message, http=HTTPStatus.SERVICE_UNAVAILABLE)


def _utc(name: str, instant: datetime | None) -> datetime | None:
    if instant is None:
        return None
    if not EARLIEST_YEAR <= instant.year <= LATEST.year:
        raise BadInput(name, instant.isoformat(), f"a time from {EARLIEST_YEAR} to {LATEST.year}")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
