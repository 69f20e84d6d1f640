"""The login of a dashboard's kernel: its client, and the end of the kernel when the login ends.

The dashboards' server starts a kernel with `TICKET_VARIABLE`, `API_URL_VARIABLE` and `PUBLIC_API_URL_VARIABLE` in its
environment. The ticket is worth one use within 30 s, so a notebook calls `open_kernel_client` first of all. From then
on a thread asks the API now and then who it is; after a log out, a change of roles or the session's end the API refuses
to answer, and the kernel ends.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, MutableMapping

from twinev.client import Client
from twinev.errors import Forbidden, NotAuthenticated, TwinEVError

TICKET_HEADER = "X-Twinev-Ticket"
TICKET_VARIABLE = "TWINEV_TICKET"
API_URL_VARIABLE = "TWINEV_API_URL"
PUBLIC_API_URL_VARIABLE = "TWINEV_PUBLIC_API_URL"

#: A log out ends the kernel after one such interval at the latest, plus the time of one request. [s]
ASK_SECONDS = 20.0
#: Between telling the page that the login has ended and ending the kernel, so that the message gets there. [s]
FAREWELL_SECONDS = 1.0

_log = logging.getLogger(__name__)


class KernelGuard:
    """Ends the kernel once the API refuses its login; an API that does not answer is asked again.

    Parameters
    ----------
    ask : Callable[[], object]
        Asks the API something that only a valid login may know.
    before_end : Callable[[], None], optional
        Called once when the login has ended, to tell the page.
    end : Callable[[], None]
        Ends the kernel.
    ask_seconds : float
        How often to ask. [s]
    """

    def __init__(
        self,
        *,
        ask: Callable[[], object],
        before_end: Callable[[], None] | None = None,
        end: Callable[[], None] | None = None,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        self._ask = ask
        self._before_end = before_end
        self._end = end or end_this_process
        self._ask_seconds = ask_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kernel-guard", daemon=True)

    def start(self) -> None:
        """Begin to ask, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; the kernel lives on."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._ask_seconds):
            try:
                self._ask()
            except (NotAuthenticated, Forbidden) as refusal:
                _log.warning("the login of this kernel has ended: %s", refusal)
                self._say_farewell()
                return
            except TwinEVError as error:
                _log.warning("the login of this kernel could not be checked: %s; asking again", error)

    def _say_farewell(self) -> None:
        try:
            if self._before_end is not None:
                self._before_end()
                self._stopped.wait(FAREWELL_SECONDS)
        finally:
            self._end()


def open_kernel_client(
    *,
    before_end: Callable[[], None] | None = None,
    environment: MutableMapping[str, str] = os.environ,
    ask_seconds: float = ASK_SECONDS,
) -> Client:
    """Return a client that acts for the dashboard's viewer, and guard the kernel from now on.

    Raises
    ------
    NotAuthenticated
        There is no ticket, or it was used or too old.
    Unavailable
        The API does not answer.
    """
    # Taken out: what a notebook starts must not inherit it.
    ticket = environment.pop(TICKET_VARIABLE, "")
    api_url = environment.get(API_URL_VARIABLE, "")
    if not ticket or not api_url:
        raise NotAuthenticated(
            f"this kernel has no {TICKET_VARIABLE} or no {API_URL_VARIABLE}: it was not started by `twinev dashboards`,"
            " or it is logged in already"
        )
    client = Client(api_url, ticket=ticket, app="dashboard")
    # The first request redeems the ticket, which does not live long.
    client.me()
    KernelGuard(ask=client.me, before_end=before_end, ask_seconds=ask_seconds).start()
    return client


def public_api_url(environment: MutableMapping[str, str] = os.environ) -> str:
    """Return where a viewer's browser reaches the API."""
    return environment.get(PUBLIC_API_URL_VARIABLE, environment.get(API_URL_VARIABLE, ""))


def log_out_url(environment: MutableMapping[str, str] = os.environ) -> str:
    """Return where a viewer's browser logs out."""
    return public_api_url(environment) + "/logout"


def users_url(environment: MutableMapping[str, str] = os.environ) -> str:
    """Return where an administrator's browser manages users."""
    return public_api_url(environment) + "/admin/users"


def end_this_process() -> None:
    """End the process at once, from whichever thread."""
    os._exit(0)
