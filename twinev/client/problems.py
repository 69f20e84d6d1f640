"""Turns the API's problem details (RFC 9457) back into the exceptions of `twinev.errors`."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from pydantic import ValidationError

from twinev.errors import (
    BadInput,
    ChangedMeanwhile,
    Conflict,
    Forbidden,
    NotAuthenticated,
    NotFound,
    TwinEVError,
    Unavailable,
    VersionMissing,
)
from twinev.wire.rest.pages import Problem


def error_of(response: httpx.Response) -> TwinEVError:
    """The exception that an error answer stands for; its text is the server's own."""
    problem = _problem_in(response)
    error = _ERRORS.get(response.status_code, _other)(problem)
    error.args = (problem.detail,)
    return error


def _problem_in(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content, extra="ignore")
    except ValidationError:
        # A proxy in between answers with a page of its own.
        where = f"{response.request.method} {response.request.url.path}"
        detail = f"{where} was answered with {response.status_code} {response.reason_phrase}"
        return Problem(title=response.reason_phrase, status=response.status_code, detail=detail)


def _bad_input(problem: Problem) -> TwinEVError:
    return BadInput(problem.key or "request", problem.value, problem.allowed or problem.detail)


def _other(problem: Problem) -> TwinEVError:
    return Unavailable(problem.detail) if problem.status >= 500 else BadInput("request", None, problem.detail)


_ERRORS: dict[int, Callable[[Problem], TwinEVError]] = {
    400: _bad_input,
    401: lambda problem: NotAuthenticated(problem.detail),
    403: lambda problem: Forbidden(problem.detail),
    404: lambda problem: NotFound(problem.key or problem.title, problem.value or ""),
    409: lambda problem: Conflict(problem.detail),
    412: lambda problem: ChangedMeanwhile(problem.detail),
    413: _bad_input,
    422: _bad_input,
    428: lambda problem: VersionMissing(problem.detail),
    429: lambda problem: Unavailable(problem.detail),
}
