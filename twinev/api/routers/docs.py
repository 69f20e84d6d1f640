"""The list of operations for people, made from the OpenAPI document; no script, nothing from elsewhere."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

OPENAPI_PATH = "/api/openapi.json"
_FOLDER = Path(__file__).resolve().parent.parent / "templates"
_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def show_docs(request: Request) -> HTMLResponse:
    """Show every operation with its parameters and bodies."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups[operation.get("tags", ["other"])[0]].append(_operation(path, method, operation))
    page = _pages.get_template("docs.html").render(info=document["info"], groups=groups, openapi_path=OPENAPI_PATH)
    return HTMLResponse(page)


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    answers = [
        {"status": status, "schema": _schema_of(answer)}
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    parameters = [
        {
            "name": parameter["name"],
            "place": parameter["in"],
            "required": parameter.get("required", False),
            "schema": _named(parameter.get("schema", {})),
        }
        for parameter in operation.get("parameters", ())
    ]
    return {
        "method": method.upper(),
        "path": path,
        "text": operation.get("description", operation.get("summary", "")),
        "parameters": parameters,
        "body": _schema_of(operation.get("requestBody", {})),
        "answers": answers,
    }


def _schema_of(content: dict[str, Any]) -> str:
    for media in content.get("content", {}).values():
        return _named(media.get("schema", {}))
    return ""


def _named(schema: dict[str, Any]) -> str:
    """Say a schema in a few words."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_named(choice) for choice in schema["anyOf"])
    return schema.get("format", schema.get("type", ""))
