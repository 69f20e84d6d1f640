"""The few addresses of the dashboards' server: a page for each dashboard, its kernel, its end, and the server's health.

There is no other way to a kernel, and none to files, contents, terminals or a list of notebooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httputil import responses
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from twinev.domain.dashboards import Dashboard
from twinev.errors import NotAuthenticated, Unavailable
from twinev.ui.dashboard_kernels import DashboardKernels
from twinev.ui.identity_provider import Visitor
from twinev.ui.kernel_session import TICKET_HEADER


class SessionKernels:
    """What a page's handler sees of the kernel manager: kernels that it starts belong to its session."""

    def __init__(self, *, kernels: DashboardKernels, session_id: str, cookie: str) -> None:
        self._kernels = kernels
        self._session_id = session_id
        self._cookie = cookie

    async def start_kernel(self, *, env: Mapping[str, str], **kwargs: Any) -> str:
        return await self._kernels.open_kernel(session_id=self._session_id, cookie=self._cookie, env=env, **kwargs)

    def get_kernel(self, kernel_id: str) -> Any:
        return self._kernels.get_kernel(kernel_id)


class FriendlyErrors(JupyterHandler):
    """Errors as a small page of our own, for people; it needs no other file."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        message = error.log_message if isinstance(error, HTTPError) else None
        provider = self.identity_provider
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            self.settings["jinja2_env"]
            .get_template("error.html")
            .render(
                status_code=status_code,
                status_message=responses.get(status_code, "Error"),
                message=message or "",
                start_address=provider.public_api_url + "/",
                login_address=provider.login_address(self.request.uri),
            )
        )


class DashboardPage(FriendlyErrors, TornadoVoilaHandler):
    """A dashboard for who is logged in and has a role that it is for."""

    def initialize(self, *, dashboards: tuple[Dashboard, ...], **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self._dashboards = {dashboard.notebook: dashboard for dashboard in dashboards}

    def get_login_url(self) -> str:
        return self.identity_provider.login_address(self.request.uri)

    @property
    def kernel_manager(self) -> SessionKernels:
        return SessionKernels(
            kernels=self.settings["kernel_manager"],
            session_id=self.current_user.session_id,
            cookie=self.identity_provider.cookie_of(self),
        )

    @authenticated
    async def get(self, path: str) -> None:
        visitor: Visitor = self.current_user
        dashboard = self._dashboards.get(path)
        if dashboard is None:
            raise HTTPError(404, "There is no such dashboard.")
        if not dashboard.open_to(visitor.account):
            roles = " or ".join(sorted(role.replace("_", " ") for role in dashboard.roles))
            raise HTTPError(403, f"This dashboard is for the role {roles}; {visitor.display_name} does not have it.")
        # Ours, whatever the browser sent under this name.
        self.request.headers[TICKET_HEADER] = await self._ticket(visitor)
        await super().get(path)

    async def _ticket(self, visitor: Visitor) -> str:
        provider = self.identity_provider
        try:
            return await provider.sessions.ticket(provider.cookie_of(self), visitor.csrf_token)
        except NotAuthenticated as error:
            raise HTTPError(403, "Your login has just ended. Log in again.") from error
        except Unavailable as error:
            raise HTTPError(503, "The platform does not answer. Try again in a moment.") from error


class OwnKernel(KernelHandler):
    """Tells a page about its own kernel; pages end theirs at `EndOwnKernel`."""

    SUPPORTED_METHODS = ("GET",)


class EndOwnKernel(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is being left."""

    auth_resource = "kernels"

    @authenticated
    @authorized(action="write")
    async def post(self, kernel_id: str) -> None:
        await super().post(kernel_id)


class FrontPage(JupyterHandler):
    """Leads to the start page, which lists what one may open."""

    def get_login_url(self) -> str:
        return self.identity_provider.login_address(self.request.uri)

    @authenticated
    async def get(self) -> None:
        self.redirect(self.identity_provider.public_api_url + "/")


class Health(RequestHandler):
    """Says that the server lives, to who supervises it."""

    def get(self) -> None:
        kernels = self.settings["kernel_manager"]
        self.finish({"status": "ok", "kernels": len(kernels.opened), "warm_kernels": len(kernels.warm.ready)})


class NoSuchAddress(APIHandler):
    """Everything else."""

    async def prepare(self) -> None:
        raise HTTPError(404, "There is no such address.")
