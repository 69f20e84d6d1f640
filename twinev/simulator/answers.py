"""What a station makes of the CSMS's answers: a card may charge or not, a transaction has its id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from twinev.simulator.dialect import Dialect
from twinev.simulator.evse import Evse
from twinev.simulator.message_queue import QueuedMessage
from twinev.simulator.reports import Reports, token_accepted


class Answers:
    """Takes answers in.

    ``catch_up`` lets the station live up to now, which it returns; ``changed`` is called after each change, ``keep``
    when only the memory must be saved.
    """

    def __init__(
        self,
        *,
        evses: Sequence[Evse],
        dialect: Dialect,
        reports: Reports,
        catch_up: Callable[[], datetime],
        changed: Callable[[], None],
        keep: Callable[[], None],
    ) -> None:
        self._evses = evses
        self._dialect = dialect
        self._reports = reports
        self._catch_up = catch_up
        self._changed = changed
        self._keep = keep

    def authorized(self, evse_id: int, id_token: str, status: str, group: str | None = None) -> None:
        """The CSMS's word on the card of the driver who waits, and of which group it is."""
        now, evse = self._catch_up(), self._evses[evse_id - 1]
        if evse.card_to_authorize != id_token:
            return
        if token_accepted(status) and not evse.keeping.refuses(id_token, group):
            evse.start_transaction(id_token, now)
        else:
            evse.refuse(now)
        self._changed()

    def confirmed(self, message: QueuedMessage, answer: dict[str, Any]) -> None:
        """A CALLRESULT came for the first message of the queue."""
        confirmation = self._dialect.read_confirmation(message.action, answer)
        evse = next((evse for evse in self._evses if evse.runs(message.transaction)), None)
        if confirmation.csms_id is not None:
            self._reports.named(message, confirmation.csms_id)
            if evse is not None:
                evse.transaction.csms_id = confirmation.csms_id
            # Before the message leaves the queue: the messages behind it need the id.
            self._keep()
        self._reports.delivered(message)
        if evse is not None and not token_accepted(confirmation.token_status):
            evse.end_transaction("DeAuthorized", self._catch_up())
            self._changed()
