"""Puts the errors that each operation may answer into the OpenAPI document, derived from what its route depends on.

A route names only what nothing here can know of it, in its ``responses``; how an error looks is said here for all.
What is an error of the API itself (500) is promised by no operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from twinev.api.etags import edit_of, ending_of
from twinev.api.identity import SAFE_METHODS, current_login
from twinev.api.limit_rates import EXEMPT
from twinev.api.problems import MEDIA_TYPE
from twinev.wire.rest.pages import Problem

_PROBLEM = "Problem"
_REFERENCE = "#/components/schemas/"
# FastAPI describes its own way of telling bad input, which no answer here has.
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")
_FIRST_ERROR = 400

_WHY = {
    HTTPStatus.BAD_REQUEST: "the body cannot be read",
    HTTPStatus.UNAUTHORIZED: "no valid login came with the request",
    HTTPStatus.FORBIDDEN: "this user may not do that, or the CSRF token of a browser's session is missing",
    HTTPStatus.NOT_FOUND: "nothing has that id, or what has it is somebody else's",
    HTTPStatus.CONFLICT: "the request contradicts what is there",
    HTTPStatus.PRECONDITION_FAILED: "somebody else changed it since the version in If-Match",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is larger than anything that the API takes",
    HTTPStatus.UNPROCESSABLE_ENTITY: "a value cannot be used: key, value and allowed say which and why",
    HTTPStatus.PRECONDITION_REQUIRED: "If-Match is missing",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests or tries in a short time",
    HTTPStatus.SERVICE_UNAVAILABLE: "a part of the system that is needed does not answer",
}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "how to log in", "string"),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "how long to wait [s]", "integer"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "how long to wait [s]", "integer"),
}


def describe_errors(app: FastAPI) -> None:
    """Let the application's OpenAPI document tell the errors of every operation."""
    describe: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        schemas = document["components"]["schemas"]
        for name in _OF_FASTAPI:
            schemas.pop(name, None)
        schemas[_PROBLEM] = Problem.model_json_schema()
        for route in iter_route_contexts(app.routes):
            if isinstance(route.original_route, APIRoute) and route.include_in_schema:
                for method in route.methods:
                    operation = document["paths"][route.path_format][method.lower()]
                    _complete(operation, errors_of(method, operation, route, schemas))
        return document

    # How FastAPI wants its document changed.
    app.openapi = openapi


def errors_of(method: str, operation: dict[str, Any], route: Any, schemas: dict[str, Any]) -> set[HTTPStatus]:
    """Return the statuses of the errors that an operation may answer, by what it depends on, takes and names."""
    calls = set(_calls(route.dependant))
    changes = method not in SAFE_METHODS
    has_login = current_login in calls
    takes_body = "requestBody" in operation
    has_id = "{" in route.path_format
    may_come = {
        HTTPStatus.BAD_REQUEST: takes_body,
        HTTPStatus.UNAUTHORIZED: has_login,
        HTTPStatus.FORBIDDEN: has_login,
        HTTPStatus.NOT_FOUND: has_id or _names_an_id(operation, schemas),
        HTTPStatus.CONFLICT: changes and has_login and (has_id or takes_body),
        HTTPStatus.PRECONDITION_FAILED: edit_of in calls or ending_of in calls,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: takes_body,
        # Also where nothing is taken: the character NUL is refused in every address.
        HTTPStatus.UNPROCESSABLE_ENTITY: True,
        HTTPStatus.PRECONDITION_REQUIRED: edit_of in calls,
        HTTPStatus.TOO_MANY_REQUESTS: not route.path_format.startswith(EXEMPT),
        HTTPStatus.SERVICE_UNAVAILABLE: not route.path_format.startswith(EXEMPT),
    }
    return {status for status, may in may_come.items() if may}


def _complete(operation: dict[str, Any], errors: set[HTTPStatus]) -> None:
    """Describe ``errors`` and those that the route names itself, in the order of their statuses."""
    responses = operation["responses"]
    named = {HTTPStatus(int(code)) for code in responses if code.isdecimal() and int(code) >= _FIRST_ERROR}
    for status in errors | named:
        responses[str(int(status))] = _answer(status)
    operation["responses"] = dict(sorted(responses.items()))


def _answer(status: HTTPStatus) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _WHY[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE + _PROBLEM}}},
    }
    if status in _HEADERS:
        name, description, kind = _HEADERS[status]
        answer["headers"] = {name: {"description": description, "schema": {"type": kind}}}
    return answer


def _calls(dependant: Dependant) -> Iterator[Any]:
    """Everything that a route depends on, at any depth."""
    for needed in dependant.dependencies:
        yield needed.call
        yield from _calls(needed)


def _names_an_id(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether the query or the body names something by its id; a list of what is not there is empty instead."""
    query = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
    if "cursor" in query:
        return False
    return any(_is_id(name) for name in query) or any(map(_is_id, _fields(operation.get("requestBody"), schemas)))


def _is_id(name: str) -> bool:
    return name.endswith(("_id", "_ids"))


def _fields(part: Any, schemas: dict[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of all fields of a body, at any depth."""
    if isinstance(part, list):
        for item in part:
            yield from _fields(item, schemas, seen)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix(_REFERENCE)
        if name in schemas and name not in seen:
            yield from _fields(schemas[name], schemas, seen | {name})
        yield from part.get("properties", ())
        for item in part.values():
            yield from _fields(item, schemas, seen)
