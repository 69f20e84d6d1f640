"""Puts the scenario file's schema into the OpenAPI document, its objects as components of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from twinev.sct.schemas import read_schema

SCENARIO = "Scenario"
_REFERENCE = "#/components/schemas/{}"
# What a schema says of itself as a file; a component is none.
_OF_A_FILE = ("$schema", "$id")


def reference_to(component: str) -> dict[str, str]:
    """Return what stands for a component."""
    return {"$ref": _REFERENCE.format(component)}


def describe_files(app: FastAPI) -> None:
    """Let the application's OpenAPI document hold what `reference_to` refers to."""
    describe: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {}).setdefault("schemas", {}).update(scenario_components())
        return document

    # How FastAPI wants its document changed.
    app.openapi = openapi


def scenario_components() -> dict[str, Any]:
    """Return the schema of the scenario file as components: ``Scenario``, ``ScenarioSession`` and so on."""
    components: dict[str, Any] = {}

    def place(part: dict[str, Any]) -> dict[str, Any]:
        if "items" in part:
            return {**part, "items": place(part["items"])}
        if "properties" not in part:
            return part
        title = part["title"].title().replace(" ", "")
        name = title if title == SCENARIO else SCENARIO + title
        kept = {key: value for key, value in part.items() if key not in _OF_A_FILE}
        components[name] = {**kept, "properties": {key: place(value) for key, value in part["properties"].items()}}
        return reference_to(name)

    place(dict(read_schema("scenario")))
    return components
