"""A station's ordered, persistent queue of the messages that must reach the CSMS whatever happens.

A journal of JSON lines beside the station's memory: ``put`` when a message is queued, ``done`` when a CALLRESULT
confirmed it. It is emptied whenever nothing waits. Lines are not fsynced: they survive the process, as a station's
flash survives its reset; nobody pulls the plug of the machine that simulates.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, kw_only=True)
class QueuedMessage:
    """``payload`` is what is sent at every try; ``transaction`` is the station's own name of what it speaks of.

    ``must_arrive`` messages are sent until they are confirmed; others are given up when the CSMS cannot take them.
    """

    number: int
    action: str
    payload: dict[str, Any]
    transaction: str | None = None
    must_arrive: bool = True


class MessageQueue:
    """Without a path the queue lives as long as the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._messages: deque[QueuedMessage] = deque()
        self._last_number = 0
        self._file = None
        if path is not None:
            self._load(path)
            self._file = path.open("ab", buffering=0)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def next_number(self) -> int:
        """The number that the next message will get."""
        return self._last_number + 1

    def first(self) -> QueuedMessage | None:
        return self._messages[0] if self._messages else None

    def speaks_of(self, transaction: str) -> bool:
        """Whether a message that waits is about that transaction."""
        return any(message.transaction == transaction for message in self._messages)

    def put(
        self, action: str, payload: dict[str, Any], *, transaction: str | None = None, must_arrive: bool = True
    ) -> QueuedMessage:
        """Queue a message behind all others."""
        self._last_number += 1
        message = QueuedMessage(
            number=self._last_number,
            action=action,
            payload=payload,
            transaction=transaction,
            must_arrive=must_arrive,
        )
        self._messages.append(message)
        self._write({"put": message})
        return message

    def done(self, message: QueuedMessage) -> None:
        """The CSMS confirmed ``message``, the first in the queue."""
        assert self._messages[0] is message, "messages are confirmed in order"
        self._messages.popleft()
        if self._messages:
            self._write({"done": message.number})
        elif self._file is not None:
            self._file.truncate(0)
            self._write({"last": self._last_number})

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        waiting: dict[int, QueuedMessage] = {}
        for raw in path.read_bytes().splitlines(keepends=True):
            # A line without its end was cut off by the death of the process: its message never counted as queued.
            line = orjson.loads(raw) if raw.endswith(b"\n") else {}
            if "put" in line:
                message = QueuedMessage(**line["put"])
                waiting[message.number] = message
            waiting.pop(line.get("done", 0), None)
            self._last_number = max(self._last_number, line.get("last", 0), *waiting)
        self._messages.extend(waiting.values())
        path.write_bytes(b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in self._journal()))

    def _journal(self) -> list[dict[str, Any]]:
        return [{"last": self._last_number}, *({"put": message} for message in self._messages)]
