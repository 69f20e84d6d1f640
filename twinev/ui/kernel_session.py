"""Keeps a dashboard's kernel logged in: redeems its ticket, renews its token, and ends the kernel when that is refused.

The dashboards' server starts a kernel with `API_URL_VARIABLE` and `TICKET_VARIABLE` in its environment. The ticket is
worth one use within 30 s, so a notebook calls `open_kernel_session` first of all. From then on a thread renews the
token; after a log out, a change of roles or the session's end the API refuses, and the kernel ends.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, MutableMapping

import httpx

from twinev.errors import NotAuthenticated, Unavailable

TICKET_HEADER = "X-Twinev-Ticket"
TICKET_VARIABLE = "TWINEV_TICKET"
API_URL_VARIABLE = "TWINEV_API_URL"

#: A log out ends the kernel after one such interval at the latest, plus one request. [s]
RENEW_SECONDS = 20.0
REQUEST_SECONDS = 10.0
#: Between telling the page that the session has ended and ending the kernel, so that the message gets there. [s]
FAREWELL_SECONDS = 1.0

_log = logging.getLogger(__name__)


class KernelSession:
    """A login in a kernel; `token` is always one that is good for some minutes.

    Parameters
    ----------
    api_url : str
        Where the kernel reaches the API.
    ticket : str
        Of the dashboards' server, not used yet.
    before_end : Callable[[], None], optional
        Called once when the session has ended, to tell the page.
    end : Callable[[], None]
        Ends the kernel.
    renew_seconds : float
        The interval of renewals. [s]
    """

    def __init__(
        self,
        *,
        api_url: str,
        ticket: str,
        before_end: Callable[[], None] | None = None,
        end: Callable[[], None] | None = None,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self._before_end = before_end
        self._end = end or end_this_process
        self._renew_seconds = renew_seconds
        self._stopped = threading.Event()
        # Secrets stay out of the environment and of proxies that it may name.
        self._http = httpx.Client(base_url=self.api_url, timeout=REQUEST_SECONDS, trust_env=False)
        self._token = self._ask("/api/v1/auth/tickets/redeem", json={"ticket": ticket})
        self._thread = threading.Thread(target=self._keep_renewing, name="kernel-session", daemon=True)
        self._thread.start()

    def token(self) -> str:
        """Return the access token to send now."""
        return self._token

    def close(self) -> None:
        """Stop renewing; the kernel lives on."""
        self._stopped.set()
        self._thread.join(REQUEST_SECONDS)
        self._http.close()

    def _keep_renewing(self) -> None:
        while not self._stopped.wait(self._renew_seconds):
            try:
                self._token = self._ask("/api/v1/auth/renew", headers={"Authorization": f"Bearer {self._token}"})
            except Unavailable as error:
                _log.warning("the token was not renewed: %s; trying again", error)
            except NotAuthenticated as error:
                _log.warning("the login session has ended: %s; the kernel ends", error)
                self._say_farewell()
                return

    def _say_farewell(self) -> None:
        try:
            if self._before_end is not None:
                self._before_end()
                self._stopped.wait(FAREWELL_SECONDS)
        finally:
            self._end()

    def _ask(self, path: str, **request: object) -> str:
        try:
            answer = self._http.post(path, **request)
        except httpx.HTTPError as error:
            raise Unavailable(f"the API at {self.api_url} does not answer: {error!r}") from error
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise NotAuthenticated("the API refused the ticket or token; open the page again and log in")
        if answer.status_code != httpx.codes.OK:
            raise Unavailable(f"the API at {self.api_url} answered {answer.status_code}")
        return answer.json()["access_token"]


def open_kernel_session(
    *, before_end: Callable[[], None] | None = None, environment: MutableMapping[str, str] = os.environ
) -> KernelSession:
    """Log this kernel in with the ticket that it was started with, which leaves the environment.

    Raises
    ------
    NotAuthenticated
        There is no ticket, or it was used or too old.
    Unavailable
        The API does not answer.
    """
    ticket = environment.pop(TICKET_VARIABLE, "")
    api_url = environment.get(API_URL_VARIABLE, "")
    if not ticket or not api_url:
        raise NotAuthenticated(
            f"this kernel has no {TICKET_VARIABLE} or no {API_URL_VARIABLE}: it was not started by `twinev dashboards`,"
            " or it is logged in already"
        )
    return KernelSession(api_url=api_url, ticket=ticket, before_end=before_end)


def end_this_process() -> None:
    """End the process at once, from whichever thread."""
    os._exit(0)
