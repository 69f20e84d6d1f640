"""The OpenAPI document tells what each operation answers when it refuses: every status, as problem details."""

from __future__ import annotations

import pytest
from wired_api import wired_api

from twinev.api.problems import _STATUS, MEDIA_TYPE

PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
WITHOUT_LOGIN = {"/api/v1/auth/login", "/api/v1/auth/tickets/redeem", "/api/v1/recommendations"}


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    with wired_api(tmp_path_factory.mktemp("api")) as api:
        yield api.app.openapi()


@pytest.fixture(scope="module")
def operations(document):
    return {(method, path): one for path, item in document["paths"].items() for method, one in item.items()}


def lacking(operations, status: str, concerned) -> list[tuple[str, str]]:
    """The operations that ``concerned`` picks and that do not tell ``status``; at least one is picked."""
    picked = [name for name, operation in operations.items() if concerned(*name, operation)]
    assert picked
    return [name for name in picked if status not in operations[name]["responses"]]


def parameters_of(operation) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ())}


@pytest.mark.parametrize(
    ("status", "concerned"),
    [
        ("400", lambda method, path, operation: "requestBody" in operation),
        ("401", lambda method, path, operation: "security" in operation or path in WITHOUT_LOGIN),
        ("403", lambda method, path, operation: "security" in operation),
        ("404", lambda method, path, operation: "{" in path),
        ("404", lambda method, path, operation: path == "/api/v1/plans/compare"),
        ("409", lambda method, path, operation: "Idempotency-Key" in parameters_of(operation)),
        ("412", lambda method, path, operation: "If-Match" in parameters_of(operation)),
        ("413", lambda method, path, operation: "requestBody" in operation),
        ("422", lambda method, path, operation: True),
        ("428", lambda method, path, operation: "If-Match" in parameters_of(operation) and method != "delete"),
        ("429", lambda method, path, operation: path != "/api/v1/health"),
        ("503", lambda method, path, operation: path != "/api/v1/health"),
    ],
)
def test_operation_tells_the_errors_that_may_come(operations, status, concerned):
    assert lacking(operations, status, concerned) == []


def test_reading_tells_no_errors_of_edits(operations):
    told = {status for (method, _), one in operations.items() if method == "get" for status in one["responses"]}

    assert told.isdisjoint({"400", "409", "412", "413", "428"})


def test_every_error_is_told_as_a_problem_with_its_reason(operations):
    answers = [
        answer for one in operations.values() for status, answer in one["responses"].items() if int(status) >= 400
    ]

    assert all(answer["content"] == {MEDIA_TYPE: PROBLEM} for answer in answers)
    assert all(len(answer["description"]) > len("Conflict") for answer in answers)


def test_every_status_of_a_known_error_is_told_somewhere(operations):
    told = {int(status) for one in operations.values() for status in one["responses"]}

    assert {int(status) for _, status in _STATUS} <= told


def test_fastapis_own_errors_are_told_nowhere(document):
    assert "ValidationError" not in str(document)
    assert document["components"]["schemas"]["Problem"]["required"] == ["title", "status", "detail"]


def test_document_is_the_same_however_often_it_is_asked_for(tmp_path):
    with wired_api(tmp_path) as api:
        first = str(api.app.openapi())

        assert str(api.app.openapi()) == first


def test_waiting_time_and_login_are_told_as_headers(operations):
    answers = operations["post", "/api/v1/plans"]["responses"]

    assert set(answers["401"]["headers"]) == {"WWW-Authenticate"}
    assert set(answers["429"]["headers"]) == set(answers["503"]["headers"]) == {"Retry-After"}
