"""The drivers' app's files for browsers: scripts, style, icons, Leaflet, the texts as a module; compressed once.

Their address holds a hash of all of them: a browser may keep them for ever, and gets new ones with a new version.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xstatic.pkg import leaflet

from twinev import basemap
from twinev.api.driver_texts import texts_of

FOLDER = Path(__file__).resolve().parent / "static" / "driver"
#: Below `/assets/`, whose requests are not counted: a browser asks for each file once.
PREFIX = "/assets/driver"
LEAFLET = ("leaflet.js", "leaflet.css")
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_IMPORT = re.compile(r'^import .* from "\./([\w.]+)";$', re.MULTILINE)
_COMPRESSED = frozenset({".css", ".js", ".svg"})


@dataclass(frozen=True, kw_only=True)
class AppFile:
    """A file as it goes to browsers; ``gzipped`` is None for what is compressed already."""

    media_type: str
    content: bytes
    gzipped: bytes | None


@dataclass(frozen=True, kw_only=True)
class AppFiles:
    """All of them by name, and the version that stands in their address."""

    version: str
    files: dict[str, AppFile]

    def address(self, name: str) -> str:
        """Where browsers get it; a KeyError for what is not there, so that no page names such a thing."""
        self.files[name]
        return f"{PREFIX}/{self.version}/{name}"

    def modules(self, name: str) -> list[str]:
        """The addresses of a script and of all that it imports: fetched at once, not one after the other."""
        found = [name]
        for each in found:
            imported = _IMPORT.findall(self.files[each].content.decode())
            found += [one for one in imported if one not in found]
        return [self.address(each) for each in found]

    @property
    def addresses(self) -> list[str]:
        return [self.address(name) for name in sorted(self.files)]


@cache
def app_files() -> AppFiles:
    """Read and compress them, at the first page."""
    contents = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}
    contents |= {name: (Path(leaflet.BASE_DIR) / name).read_bytes() for name in LEAFLET}
    contents |= {"texts.js": _module(texts_of()), "basemap.js": _module(_basemap())}
    version = hashlib.sha256(b"\0".join(name.encode() + contents[name] for name in sorted(contents))).hexdigest()[:12]
    return AppFiles(version=version, files={name: _file(name, content) for name, content in contents.items()})


def _module(value: Any) -> bytes:
    """A value as a script that others import."""
    return f"export default {json.dumps(value, ensure_ascii=False, separators=(',', ':'))};\n".encode()


def _basemap() -> dict[str, Any]:
    """What lies under the stations on every map; the car parks, which may change, come with the places."""
    shapes = {kind: basemap.outline(kind) for kind in ("neighbours", "land", "water")}
    towns = [
        {"name": name, "latitude_degrees": latitude, "longitude_degrees": longitude}
        for name, latitude, longitude in basemap.TOWNS
    ]
    return {"shapes": shapes | {"graticule": basemap.graticule()}, "towns": towns}


def _file(name: str, content: bytes) -> AppFile:
    suffix = Path(name).suffix
    gzipped = gzip.compress(content, compresslevel=9, mtime=0) if suffix in _COMPRESSED else None
    return AppFile(media_type=MEDIA_TYPES[suffix], content=content, gzipped=gzipped)
