"""What can go wrong with one CALL, in either direction.

::

    Exception
    ├── CallFault        a station's CALL is refused: becomes a CALLERROR with ``code``
    ├── CallRefused      the station refused ours, or answered nonsense
    ├── CallTimedOut     the station did not answer in time
    └── ConnectionLost   the socket closed
"""

from __future__ import annotations


class CallFault(Exception):
    """Answer the station's CALL with this CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        self.code = code
        super().__init__(description)


class CallRefused(Exception):
    """The station's CALLERROR, or why its CALLRESULT cannot be used."""

    def __init__(self, code: str, description: str) -> None:
        self.code = code
        super().__init__(description or code)


class CallTimedOut(Exception):
    """No answer in time."""


class ConnectionLost(Exception):
    """The socket closed."""
