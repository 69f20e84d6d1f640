"""The kernels of the dashboards: what they get to know, whose they are, and when they end."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer, Unicode

from twinev.errors import NotAuthenticated, Unavailable
from twinev.ui.identity_provider import ApiSessions
from twinev.ui.kernel_session import API_URL_VARIABLE, PUBLIC_API_URL_VARIABLE, TICKET_HEADER, TICKET_VARIABLE
from twinev.ui.warm_kernels import WarmKernels, run_in_kernel

#: All that a kernel sees of the server's environment: no database, no NATS, no key.
ALLOWED_VARIABLES = frozenset(
    {
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPATH",
        "PYTHONWARNINGS",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TWINEV_CLOCK",
        "TZ",
        "VIRTUAL_ENV",
    }
)
#: What Voila tells a kernel about the request.
REQUEST_VARIABLES = frozenset({"QUERY_STRING", "SCRIPT_NAME", "VOILA_BASE_URL", "VOILA_PREHEAT", "VOILA_SERVER_URL"})
#: Voila makes a variable of each header that it hands on.
_TICKET_FROM_VOILA = "HTTP_" + TICKET_HEADER.upper().replace("-", "_")

#: A kernel whose page is gone. [s]
UNCONNECTED_SECONDS = 60.0
#: From the server's seeing a session's end to the kernel's, which mostly ends itself before. [s]
ENDED_SECONDS = 25.0
WATCH_SECONDS = 10.0

_log = logging.getLogger(__name__)


def kernel_environment(environment: Mapping[str, str], **own: str) -> dict[str, str]:
    """Return what a kernel may see of the environment that Voila made for it, and the variables of its ``own``."""
    allowed = ALLOWED_VARIABLES | REQUEST_VARIABLES
    kept = {name: value for name, value in environment.items() if name in allowed}
    ticket = environment.get(_TICKET_FROM_VOILA)
    if ticket is not None:
        kept[TICKET_VARIABLE] = ticket
    return kept | own


@dataclass(kw_only=True)
class OpenedKernel:
    """Who opened a kernel, and what the watch saw of it last."""

    session_id: str
    cookie: str = field(repr=False)
    connected_at: float
    session_ended_at: float | None = None


class DashboardKernels(AsyncMappingKernelManager):
    """Starts kernels for logged-in sessions and remembers whose they are."""

    api_url = Unicode(help="where kernels reach the API").tag(config=True)
    public_api_url = Unicode(help="where the viewers' browsers reach the API").tag(config=True)
    most_kernels = Integer(40, help="kernels of all sessions together").tag(config=True)
    most_kernels_of_session = Integer(6, help="kernels of one session").tag(config=True)
    most_warm_kernels = Integer(1, help="kernels that are ready for the next pages").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.opened: dict[str, OpenedKernel] = {}
        self._starting: list[str] = []
        self.warm = WarmKernels(
            most=self.most_warm_kernels, start=self._start_warm, run=self._run_in, end=self._shut_down
        )

    async def open_kernel(self, *, session_id: str, cookie: str, env: Mapping[str, str], **kwargs: Any) -> str:
        """Start a kernel that belongs to a session and return its id; 503 when there are too many."""
        sessions = [kernel.session_id for kernel in self.opened.values()] + self._starting
        if sessions.count(session_id) >= self.most_kernels_of_session or len(sessions) >= self.most_kernels:
            raise HTTPError(503, "Too many dashboards are open. Close one, wait a minute, and load this page again.")
        environment = kernel_environment(env, **self._own_variables())
        self._starting.append(session_id)
        try:
            kernel_id = await self.warm.take(environment) or await self.start_kernel(env=environment, **kwargs)
        finally:
            self._starting.remove(session_id)
        self.opened[kernel_id] = OpenedKernel(session_id=session_id, cookie=cookie, connected_at=monotonic())
        return kernel_id

    def _own_variables(self) -> dict[str, str]:
        return {
            API_URL_VARIABLE: self.api_url,
            PUBLIC_API_URL_VARIABLE: self.public_api_url,
            # A viewer's kernel neither runs nor writes what the server's user keeps in the home directory.
            "IPYTHONDIR": str(Path(self.connection_dir) / "ipython"),
        }

    async def _start_warm(self) -> str:
        return await self.start_kernel(env=kernel_environment(os.environ, **self._own_variables()), path="")

    async def _run_in(self, kernel_id: str, code: str, within_seconds: float) -> None:
        await run_in_kernel(self.get_kernel(kernel_id), code, within_seconds)

    async def _shut_down(self, kernel_id: str) -> None:
        await self.shutdown_kernel(kernel_id, now=True)

    def belongs_to(self, kernel_id: str | None, session_id: str) -> bool:
        """Whether this session opened this kernel."""
        opened = self.opened.get(kernel_id or "")
        return opened is not None and opened.session_id == session_id

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, and whose it was."""
        self.opened.pop(kernel_id, None)
        self.warm.forget(kernel_id)
        return super().remove_kernel(kernel_id)


class KernelWatch:
    """Ends kernels that nobody looks at any more, that are dead, or whose session has ended; has the next ones heated.

    Parameters
    ----------
    kernels : DashboardKernels
        Those that it watches.
    sessions : ApiSessions
        Tells whether a session still counts.
    """

    def __init__(self, *, kernels: DashboardKernels, sessions: ApiSessions) -> None:
        self._kernels = kernels
        self._sessions = sessions

    async def look(self) -> None:
        """Look at every kernel once."""
        await self._look_at_opened()
        for kernel_id in self._kernels.warm.ready:
            if not await self._kernels.get_kernel(kernel_id).is_alive():
                await self._kernels.shutdown_kernel(kernel_id, now=True)
        # Only now: a page that has just been opened had some seconds to itself.
        self._kernels.warm.heat()

    async def _look_at_opened(self) -> None:
        for kernel_id, opened in list(self._kernels.opened.items()):
            try:
                reason = await self._why_end(kernel_id, opened)
                if reason:
                    _log.info("kernel %s ends: %s", kernel_id, reason)
                    await self._kernels.shutdown_kernel(kernel_id, now=True)
            except (HTTPError, KeyError):
                # It ended by itself between two lines.
                self._kernels.opened.pop(kernel_id, None)

    async def _why_end(self, kernel_id: str, opened: OpenedKernel) -> str | None:
        if not await self._kernels.get_kernel(kernel_id).is_alive():
            return "its process has ended"
        now = monotonic()
        if self._kernels.kernel_model(kernel_id)["connections"] > 0:
            opened.connected_at = now
        elif now - opened.connected_at >= UNCONNECTED_SECONDS:
            return "its page is closed"
        if not await self._session_ended(opened):
            opened.session_ended_at = None
        elif opened.session_ended_at is None:
            opened.session_ended_at = now
        elif now - opened.session_ended_at >= ENDED_SECONDS:
            return "its login session has ended"
        return None

    async def _session_ended(self, opened: OpenedKernel) -> bool:
        try:
            visitor = await self._sessions.visitor(opened.cookie)
        except NotAuthenticated:
            return True
        except Unavailable:
            return False
        return visitor.session_id != opened.session_id
