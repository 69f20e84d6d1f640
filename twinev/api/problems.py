"""Errors as problem details (RFC 9457): the one place that gives an error of TwinEV its HTTP status."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from twinev.errors import (
    BadInput,
    ChangedMeanwhile,
    Conflict,
    Forbidden,
    NotAuthenticated,
    NotFound,
    SolverFailure,
    TooManyTries,
    TwinEVError,
    Unavailable,
    VersionMissing,
)
from twinev.wire.rest.pages import Problem

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# The most special first: an error takes the status of the first kind that it is of.
_STATUS: tuple[tuple[type[TwinEVError], HTTPStatus], ...] = (
    (BadInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (ChangedMeanwhile, HTTPStatus.PRECONDITION_FAILED),
    (VersionMissing, HTTPStatus.PRECONDITION_REQUIRED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotAuthenticated, HTTPStatus.UNAUTHORIZED),
    (TooManyTries, HTTPStatus.TOO_MANY_REQUESTS),
    (SolverFailure, HTTPStatus.SERVICE_UNAVAILABLE),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)

# What pydantic knows of the allowed values, by the names of its error contexts.
_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def answer_with_problems(app: FastAPI) -> None:
    """Have ``app`` answer every error as problem details."""
    app.add_exception_handler(TwinEVError, _of_twinev)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(UnicodeEncodeError, _of_half_character)
    app.add_exception_handler(Exception, _of_anything)


def problem_of(error: TwinEVError) -> Problem:
    """Describe an error; what it knows goes along."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    facts = {}
    if isinstance(error, BadInput):
        facts = {"key": _plain(str(error.key)), "value": _shown(error.value), "allowed": _plain(str(error.allowed))}
    elif isinstance(error, NotFound):
        facts = {"key": error.what, "value": _shown(error.identifier)}
    return Problem(title=_title(error), status=status, detail=_plain(str(error)), **facts)


def _of_twinev(_request: Request, error: TwinEVError) -> Response:
    return answer_to(error)


def answer_to(error: TwinEVError) -> Response:
    """Answer an error; where no handler of the application would, outside of its routes."""
    problem = problem_of(error)
    headers = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, TooManyTries):
        headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    elif problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    return _response(problem, headers)


def _of_validation(_request: Request, error: RequestValidationError) -> Response:
    fault = error.errors()[0]
    place = [part for part in fault["loc"] if part not in ("body", "query", "path", "header")]
    key = _plain(".".join(str(part) for part in place) or str(fault["loc"][0]))
    context = fault.get("ctx", {})
    limits = [f"{words} {context[name]}" for name, words in _LIMITS.items() if name in context]
    allowed = " and ".join(limits) or str(context.get("expected", fault["msg"]))
    value = None if fault["type"] == "missing" else _shown(fault.get("input"))
    detail = _plain(f"{key}: {fault['msg']}")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return _response(Problem(title="Bad input", status=status, detail=detail, key=key, value=value, allowed=allowed))


def _of_http(_request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    return _response(
        Problem(title=status.phrase, status=status, detail=_plain(str(error.detail))), dict(error.headers or {})
    )


def _of_half_character(_request: Request, error: UnicodeEncodeError) -> Response:
    """A text that nothing had to look into, and that no database can keep."""
    return answer_to(BadInput("body", str(error.object), "text of whole Unicode characters"))


def _of_anything(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _response(
        Problem(
            title="Internal error",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            detail="the API met an error of its own; its log says which",
        )
    )


def _response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def _title(error: TwinEVError) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).strip()
    return words.capitalize()


def _plain(text: str) -> str:
    """As UTF-8 can say it: JSON's escapes may name half a character, which no answer can hold."""
    return text.encode(errors="replace").decode()


def _shown(value: object, limit: int = 200) -> str:
    text = _plain(value if isinstance(value, str) else repr(value))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
