"""Builds and runs the dashboards' server."""

from __future__ import annotations

from pathlib import Path

import twinev
from twinev.domain.login import session_cookie_name
from twinev.settings import Settings
from twinev.ui.voila_server import run_dashboards

# Beside the package: the dashboards are notebooks of the checkout.
NOTEBOOKS = Path(twinev.__file__).parents[1] / "dashboards"
TEMPLATE = Path(twinev.__file__).parent / "ui" / "voila_template"


def serve_dashboards(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    host = "127.0.0.1" if settings.bind == "0.0.0.0" else settings.bind
    run_dashboards(
        api_url=settings.internal_api_url or f"http://{host}:{settings.api_port}",
        host=settings.bind,
        port=settings.dashboards_port,
        notebooks_dir=NOTEBOOKS,
        template_dir=TEMPLATE,
        session_cookie_name=session_cookie_name(settings.api_url),
        public_api_url=settings.api_url,
        public_url=settings.dashboards_public_url,
        warm_kernels=settings.warm_kernels,
    )
