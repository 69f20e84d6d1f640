"""Makes pictures of a chart's specification, without a browser and without a network: SVG, PNG, HTML."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vl_convert

from twinev.errors import BadInput, Unavailable

PIXELS_PER_POINT = 2.0


def draw_svg(spec: dict[str, Any]) -> str:
    """Return the chart as an SVG that refers to nothing outside itself."""
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=_version(spec))
    if "role-mark" not in svg:
        raise Unavailable("vl-convert drew nothing: it prints its error and returns an empty chart")
    return svg


def draw_png(spec: dict[str, Any]) -> bytes:
    """Return the chart as a PNG, two pixels to a point."""
    return vl_convert.vegalite_to_png(json.dumps(spec), vl_version=_version(spec), scale=PIXELS_PER_POINT)


def draw_html(spec: dict[str, Any]) -> str:
    """Return the chart as one page with all its scripts inside; pointing at a mark tells its values."""
    return vl_convert.vegalite_to_html(json.dumps(spec), vl_version=_version(spec), bundle=True)


DRAWERS: dict[str, Callable[[dict[str, Any]], str | bytes]] = {".svg": draw_svg, ".png": draw_png, ".html": draw_html}


def require_drawable(path: Path, key: str = "chart") -> None:
    """Refuse a file name whose suffix names no picture, before anything is computed for it."""
    if path.suffix.lower() not in DRAWERS:
        raise BadInput(key, str(path), f"a file name that ends in {', '.join(DRAWERS)}")


def draw(spec: dict[str, Any], path: Path) -> None:
    """Draw the chart into a file, as its suffix says."""
    require_drawable(path)
    picture = DRAWERS[path.suffix.lower()](spec)
    path.write_bytes(picture if isinstance(picture, bytes) else picture.encode("utf-8"))


def _version(spec: dict[str, Any]) -> str:
    """The newest Vega-Lite on board of the specification's major version."""
    major = str(spec["$schema"]).rsplit("/v", 1)[1].removesuffix(".json")
    versions = [version for version in vl_convert.get_vegalite_versions() if version.startswith(f"{major}.")]
    return max(versions, key=lambda version: [int(part) for part in version.split(".")])
