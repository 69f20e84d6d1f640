"""The list of operations for people, made from the OpenAPI document; no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

OPENAPI_PATH = "/api/openapi.json"
# What a JSON schema calls a limit, and how it is told.
LIMITS = {
    "minimum": "at least {}", "exclusiveMinimum": "more than {}", "maximum": "at most {}",
    "exclusiveMaximum": "less than {}", "minLength": "at least {} characters", "maxLength": "at most {} characters",
    "minItems": "at least {} items", "maxItems": "at most {} items", "pattern": "pattern {}",
}  # fmt: skip
_FOLDER = Path(__file__).resolve().parent.parent / "templates"
_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def show_docs(request: Request) -> HTMLResponse:
    """Show every operation with its parameters and bodies, and the fields of every body."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups[operation.get("tags", ["other"])[0]].append(_operation(path, method, operation))
    schemas = {
        name: {
            "text": schema.get("description", "").replace("``", ""),
            "choices": _values(schema),
            "fields": _fields(schema),
        }
        for name, schema in sorted(document.get("components", {}).get("schemas", {}).items())
    }
    page = _pages.get_template("docs.html").render(
        info=document["info"], groups=groups, schemas=schemas, openapi_path=OPENAPI_PATH
    )
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
            "limits": _limits(parameter.get("schema", {})),
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
    if schema.get("type") == "array":
        return f"list of {_named(schema.get('items', {})) or 'anything'}"
    if "const" in schema:
        return f"“{schema['const']}”"
    kind = schema.get("format", schema.get("type", ""))
    return kind if isinstance(kind, str) else " or ".join(_named({**schema, "type": one}) for one in kind)


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a body: what each is called, its type, whether it must be there, and its limits."""
    return [
        {
            "name": name,
            "schema": _named(field) or "anything",
            "required": name in schema.get("required", ()),
            "limits": _limits(field),
            "text": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _limits(schema: dict[str, Any]) -> str:
    """What a value may be, in words; a choice's limits are those of its parts."""
    told = [words.format(_plain(schema[key])) for key, words in LIMITS.items() if key in schema]
    told += [_values(schema)] if "enum" in schema else []
    told += [_limits(part) for part in (*schema.get("anyOf", ()), schema.get("items", {})) if part]
    # A default of nothing says no more than that the field is optional.
    told += [f"{json.dumps(schema['default'])} if left out"] if schema.get("default") is not None else []
    return ", ".join(dict.fromkeys(words for words in told if words))


def _plain(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _values(schema: dict[str, Any]) -> str:
    values = ", ".join("null" if value is None else str(value) for value in schema.get("enum", ()))
    return f"one of: {values}" if values else ""
