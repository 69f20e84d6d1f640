"""What makes the drivers' app installable: files, manifest, service worker, and the page without a network."""

from __future__ import annotations

from fastapi import APIRouter, Request, status
from fastapi.responses import JSONResponse, Response

from twinev.api.driver_files import PREFIX as FILES_PREFIX
from twinev.api.driver_files import app_files
from twinev.api.driver_pages import PREFIX, DriverRoute, driver_page
from twinev.api.driver_texts import LANGUAGE, texts_for_templates

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

FOR_EVER = "public, max-age=31536000, immutable"
OFFLINE = f"{PREFIX}/offline"


@router.get(f"{FILES_PREFIX}/{{version}}/{{name}}", response_model=None)
def show_file(version: str, name: str, request: Request) -> Response:
    """Serve a file of this version, compressed where the browser takes it."""
    found = app_files()
    file = found.files.get(name) if version == found.version else None
    if file is None:
        return Response(status_code=status.HTTP_404_NOT_FOUND, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    if file.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.get(f"{PREFIX}/manifest.webmanifest", response_model=None)
def show_manifest() -> Response:
    """Tell a phone how to install the app."""
    t, files = texts_for_templates(LANGUAGE).common, app_files()
    icons = [
        {"src": files.address(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    manifest = {
        "id": PREFIX,
        "name": t.app_name,
        "short_name": t.app_short_name,
        "description": t.app_description,
        "lang": LANGUAGE,
        "start_url": PREFIX,
        "scope": PREFIX,
        "display": "standalone",
        "background_color": "#f4f6f5",
        "theme_color": "#0b6b4a",
        "icons": icons,
    }
    headers = {"Cache-Control": "no-cache"}
    return JSONResponse(manifest, media_type="application/manifest+json", headers=headers)


@router.get(f"{PREFIX}/service_worker.js", response_model=None)
def show_service_worker() -> Response:
    """Serve the service worker of this version; it keeps the files and the page without a network, nothing else."""
    found = app_files()
    values = {"version": found.version, "files": found.addresses, "filesPrefix": FILES_PREFIX, "offline": OFFLINE}
    lines = [f"const {name} = {_as_script(value)};" for name, value in values.items()]
    content = "\n".join(lines).encode() + b"\n" + found.files["service_worker.js"].content
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": PREFIX, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="text/javascript; charset=utf-8", headers=headers)


@router.get(OFFLINE, response_model=None)
def show_offline(request: Request) -> Response:
    """Say that there is no network; the same for everybody, for browsers keep it."""
    return driver_page(request, "offline.html")


def _as_script(value: object) -> str:
    return JSONResponse(value).body.decode()
