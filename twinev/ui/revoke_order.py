"""Revokes orders off the thread that draws the page, and says what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats
from twinev.ui.background import Background
from twinev.ui.live import Live
from twinev.wire.rest.restrictions import RestrictionOut


class RevokeOrder:
    """``revoke(restriction_id)`` starts it; ``error`` is the widget that tells a refusal.

    Parameters
    ----------
    client : Client
        Revokes.
    live : Live
        Asked to hurry: the page is to show at once what has become of it.
    then : callable, optional
        Called with the revoked order.
    """

    def __init__(self, *, client: Client, live: Live, then: Callable[[RestrictionOut], None] | None = None) -> None:
        self._client, self._live, self._then = client, live, then
        self.error = widgets.HTML()
        self.background = Background()

    def __call__(self, restriction_id: str) -> None:
        self.background.start(self._revoke(restriction_id))

    async def _revoke(self, restriction_id: str) -> None:
        try:
            revoked = await asyncio.to_thread(self._client.revoke_restriction, restriction_id)
        except TwinEVError as error:
            self.error.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>'
        else:
            self.error.value = ""
            if self._then is not None:
                self._then(revoked)
        self._live.hurry()
