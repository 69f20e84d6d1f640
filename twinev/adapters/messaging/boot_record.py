"""How each station's last boot was answered, for all gateways: a KV bucket that outlives any of them.

A station that connects without a boot is where it was (OCPP 1.6 ed. 2 §4.2), at whichever gateway that is. Only what
differs from "accepted" is ever written; the API cannot be asked, for it is its absence that makes a boot pending.
"""

from __future__ import annotations

import nats.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.presence import latest_of, overwrite
from twinev.errors import Unavailable

ACCEPTED = "Accepted"


class BootRecord:
    """Implements `twinev.adapters.ocpp.ports.Boots`.

    Parameters
    ----------
    client : Client
        A connection as the user ``gateway``; the bucket is made by `ensure_streams`.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._bucket: KeyValue | None = None

    async def last_answer(self, station_id: str) -> str:
        """Return the RegistrationStatus of the station's last boot; accepted where none is known.

        Raises
        ------
        Unavailable
            NATS does not answer.
        """
        try:
            value, _ = await latest_of(await self._open(), subjects.station_token(station_id))
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"the last boot of station {station_id} cannot be looked up: {error}") from error
        return value.decode() or ACCEPTED

    async def note(self, station_id: str, status: str) -> None:
        """Return when the answer is durable.

        Raises
        ------
        Unavailable
            NATS does not take it.
        """
        try:
            await overwrite(await self._open(), subjects.station_token(station_id), status.encode())
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"the boot of station {station_id} cannot be noted: {error}") from error

    async def _open(self) -> KeyValue:
        if self._bucket is None:
            self._bucket = await self._client.jetstream().key_value(subjects.BOOTS_BUCKET)
        return self._bucket
