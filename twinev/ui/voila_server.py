"""The dashboards' server: standalone Voila for the notebooks in ``dashboards/``, behind the platform's login.

Standalone, never the server extension: there a viewer could run code of one's own. Of Voila's addresses only those in
`twinev.ui.dashboard_handlers` exist.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import twinev.ui.jsonschema_without_iris  # noqa: F401

# isort: split
import nbformat
from jinja2 import Environment, FileSystemLoader
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.base.handlers import FileFindHandler
from jupyterlab_server.themes_handler import ThemesHandler
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets import Any as AnyTrait
from traitlets import default
from traitlets.config import Config
from voila.app import Voila
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from twinev.domain.dashboards import DASHBOARDS, Dashboard
from twinev.ui.dashboard_handlers import DashboardPage, EndOwnKernel, FrontPage, Health, NoSuchAddress, OwnKernel
from twinev.ui.dashboard_kernels import WATCH_SECONDS, DashboardKernels, KernelWatch
from twinev.ui.identity_provider import ApiIdentityProvider, KernelOwnerAuthorizer
from twinev.ui.kernel_session import TICKET_HEADER

_KERNEL_ID = r"(?P<kernel_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

#: Nothing from elsewhere is loaded, and nothing is sent there. Voila's page has scripts in it and widgets make code of
#: text, so those two are allowed; what they could be misused for stays on this host.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:;"
    " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class OwnInterpreterOnly(KernelSpecManager):
    """Knows the kernel of this interpreter only: one of the same name in a user's home would not have the package."""

    @default("kernel_dirs")
    def _no_other_kernels(self) -> list[str]:
        return []


class DashboardServer(Voila):
    """Voila with our handlers and nothing of its own that a viewer could misuse."""

    name = "voila"
    dashboards = AnyTrait((), help="the notebooks, and who may open them")
    template_dir = AnyTrait(None, help="a template of our own that goes before Voila's")

    def setup_template_dirs(self) -> None:
        """Look in our own template first: by name Voila would find templates in Jupyter's folders only."""
        super().setup_template_dirs()
        if self.template_dir is not None:
            self.template_paths = [str(self.template_dir), *self.template_paths]
            self.static_paths = [str(self.template_dir / "static"), *self.static_paths]

    def init_settings(self) -> dict[str, Any]:
        """Add what our handlers need, and start to watch the kernels."""
        settings = super().init_settings()
        for dashboard in self.dashboards:
            self._trust(Path(self.root_dir) / dashboard.notebook)
        templates = FileSystemLoader(Path(__file__).parent / "dashboard_templates")
        secure = urlsplit(self.identity_provider.public_url).scheme == "https"
        watch = KernelWatch(kernels=self.kernel_manager, sessions=self.identity_provider.sessions)
        IOLoop.current().add_callback(watch.look)
        PeriodicCallback(watch.look, WATCH_SECONDS * 1000).start()
        return settings | {
            "headers": {"Content-Security-Policy": _PAGE_POLICY, "Referrer-Policy": "same-origin"},
            "jinja2_env": Environment(loader=templates, autoescape=True),
            "login_url": self.identity_provider.login_address("/"),
            "xsrf_cookie_kwargs": {"samesite": "Lax", "secure": secure, "expires_days": None},
        }

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Return all the addresses that there are; Voila's own list is left out on purpose."""
        page = {
            "dashboards": self.dashboards,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        themes = {
            "themes_url": "/voila/api/themes",
            "path": self.themes_dir,
            "labextensions_path": self.labextensions_path,
            "no_cache_paths": ["/"],
        }
        extensions = {"path": self.labextensions_path, "no_cache_paths": ["/"]}
        return [
            (r"/", FrontPage),
            (r"/health", Health),
            (r"/voila/render/(.*)", DashboardPage, page),
            (rf"/api/kernels/{_KERNEL_ID}", OwnKernel),
            (rf"/api/kernels/{_KERNEL_ID}/channels", VoilaKernelWebsocketHandler),
            (rf"/voila/api/shutdown/{_KERNEL_ID}", EndOwnKernel),
            (r"/voila/templates/(.*)", TemplateStaticFileHandler),
            (r"/voila/static/(.*)", MultiStaticFileHandler, {"paths": self.static_paths}),
            (r"/voila/api/themes/(.*)", ThemesHandler, themes),
            (r"/voila/labextensions/(.*)", FileFindHandler, extensions),
            (r"/.*", NoSuchAddress),
        ]

    def _trust(self, notebook: Path) -> None:
        """Sign one of our own notebooks, else each view of it would be worth a warning to Jupyter."""
        if notebook.exists():
            self.contents_manager.notary.sign(nbformat.read(notebook, as_version=4))


def run_dashboards(
    *,
    api_url: str,
    host: str,
    port: int,
    notebooks_dir: Path,
    session_cookie_name: str,
    template_dir: Path | None = None,
    public_api_url: str | None = None,
    public_url: str | None = None,
    dashboards: Collection[Dashboard] = DASHBOARDS,
    warm_kernels: int = 1,
    log_level: int = logging.WARNING,
) -> None:
    """Serve the dashboards until SIGTERM or SIGINT, in the main thread.

    Parameters
    ----------
    api_url : str
        Where this server and its kernels reach the API.
    host, port
        Where to listen.
    notebooks_dir : Path
        The folder of the notebooks.
    session_cookie_name : str
        The name of the API's session cookie.
    template_dir : Path, optional
        Our own template; Voila's "lab" stands behind it.
    public_api_url, public_url : str, optional
        How browsers reach the API and this server, where that is another way; both with the same host name.
    dashboards : Collection[Dashboard]
        The notebooks, and who may open them.
    warm_kernels : int
        Kernels that are ready before a page is opened; each holds as much memory as an open page.
    """
    config = dashboard_config(
        api_url=api_url,
        host=host,
        port=port,
        notebooks_dir=notebooks_dir,
        session_cookie_name=session_cookie_name,
        public_api_url=public_api_url or api_url,
        public_url=public_url or f"http://{host}:{port}",
        warm_kernels=warm_kernels,
        log_level=log_level,
    )
    server = DashboardServer(config=config, dashboards=tuple(dashboards), template_dir=template_dir)
    server.initialize(argv=[])
    server.start()


def dashboard_config(
    *,
    api_url: str,
    host: str,
    port: int,
    notebooks_dir: Path,
    session_cookie_name: str,
    public_api_url: str,
    public_url: str,
    warm_kernels: int,
    log_level: int,
) -> Config:
    """Return the configuration of the server; parameters as in `run_dashboards`."""
    config = Config()
    config.DashboardServer = Config(
        ip=host,
        port=port,
        port_retries=0,
        open_browser=False,
        root_dir=str(notebooks_dir.resolve()),
        identity_provider_class=ApiIdentityProvider,
        authorizer_class=KernelOwnerAuthorizer,
        # No file of the folder that it happens to start in, or of a user's home, may configure it.
        config_file_paths=[],
        log_level=log_level,
    )
    config.ApiIdentityProvider = Config(
        api_url=api_url.rstrip("/"),
        public_api_url=public_api_url.rstrip("/"),
        public_url=public_url.rstrip("/"),
        session_cookie_name=session_cookie_name,
    )
    config.VoilaConfiguration = Config(
        template="lab",
        allow_template_override="NO",
        allow_theme_override="NOTEBOOK",
        strip_sources=True,
        show_tracebacks=False,
        file_allowlist=[],
        http_header_envs=[TICKET_HEADER],
        multi_kernel_manager_class=DashboardKernels,
        kernel_spec_manager_class=OwnInterpreterOnly,
        # Ours are heated by `warm_kernels`.
        preheat_kernel=False,
    )
    config.DashboardKernels = Config(
        api_url=api_url.rstrip("/"),
        public_api_url=public_api_url.rstrip("/"),
        most_warm_kernels=warm_kernels,
        buffer_offline_messages=False,
    )
    # A kernel that ends has been told to: a new one in its place would have no login. Over IPC only this user's
    # processes reach it, and no port is taken.
    config.KernelManager = Config(transport="ipc", autorestart=False)
    # Trust is a matter of this process's life: our own notebooks, signed at its start.
    config.NotebookNotary = Config(db_file=":memory:", secret=os.urandom(32))
    return config
