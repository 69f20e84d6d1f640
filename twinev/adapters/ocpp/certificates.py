"""The files of a TLS port as they are now: a new certificate or revocation list holds without a restart."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from twinev.adapters.ocpp.revocation import Revocations
from twinev.adapters.ocpp.tls import TlsPort
from twinev.errors import BadInput

logger = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
_Seen = tuple[tuple[int, int, int] | None, ...]


class Certificates:
    """Reads the files again when they change; ones that cannot be used change nothing.

    Parameters
    ----------
    tls : TlsPort
        Which files these are.
    check_seconds : float
        How often they are looked at. [s]
    """

    def __init__(self, tls: TlsPort, *, check_seconds: float = CHECK_SECONDS) -> None:
        self._tls = tls
        self._check_seconds = check_seconds
        self._seen: _Seen = ()
        self._revocations = Revocations()
        self._context: ssl.SSLContext | None = None

    def open(self) -> ssl.SSLContext:
        """Read all files, and return the context that later changes go into.

        Raises
        ------
        BadInput
            One of them cannot be used.
        """
        self._seen = self._look()
        self._revocations = self._tls.revocations()
        self._context = self._tls.context()
        return self._context

    def revoked(self, socket: ssl.SSLObject | None) -> bool:
        """Whether the certificate that this peer came with was taken back."""
        return socket is not None and self._revocations.hold(socket.getpeercert(binary_form=True))

    async def watch(self, on_change: Callable[[], Awaitable[None]]) -> None:
        """Take in changes for ever, and call ``on_change`` after each."""
        while True:
            await asyncio.sleep(self._check_seconds)
            seen = await asyncio.to_thread(self._look)
            if seen != self._seen:
                # Noted before they are read: files that do not belong together yet are read when the other one comes.
                self._seen = seen
                if await self._read_again():
                    await on_change()

    async def _read_again(self) -> bool:
        try:
            # First into a spare one: what fails half-way would leave the port without a key.
            revocations, _ = await asyncio.to_thread(lambda: (self._tls.revocations(), self._tls.context()))
            if self._context is not None:
                # In the loop's own thread: no handshake may begin between the certificate and its key.
                self._context.load_cert_chain(self._tls.certificate, self._tls.key)
        except (BadInput, OSError) as error:
            logger.error("the TLS files have changed and cannot be used; those read before still hold: %s", error)
            return False
        self._revocations = revocations
        logger.info("the TLS files have changed: certificate read, %d certificates revoked", len(revocations))
        return True

    def _look(self) -> _Seen:
        files = (self._tls.certificate, self._tls.key, self._tls.client_crl)
        return tuple(None if path is None else _signature(path) for path in files)


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
