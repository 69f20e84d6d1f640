"""Every exception that TwinEV raises on purpose.

::

    TwinEVError
    ├── BadInput            a value that cannot be used: names the key, the value and what is allowed
    │   └── ScenarioError   the same, in a scenario file or a plan request
    ├── NotFound            nothing has that id
    ├── Conflict            the request contradicts what is there
    ├── ChangedMeanwhile    somebody else changed what this edit was made from
    ├── VersionMissing      an edit does not say from which version it was made
    ├── Forbidden           this role may not do that
    ├── NotAuthenticated    no valid login
    │   └── PasswordExpired the password is right, but must be replaced before it opens anything
    ├── TooManyTries        too many tries in a short time (a password, mostly)
    ├── SolverFailure       no solver returned a usable plan (the rule-based plan stands in)
    └── Unavailable         a part of the system that is needed does not answer

A message says who, the value, what is allowed and the remedy; the same facts are attributes.
"""

from __future__ import annotations

import math


class TwinEVError(Exception):
    """Base of all errors that TwinEV raises on purpose."""


class BadInput(TwinEVError):
    """A value that cannot be used.

    Parameters
    ----------
    key : str
        Where the value stands, as a path: ``sessions[2].target_soc``.
    value : object
        What was given.
    allowed : str
        What would have been accepted.
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{key}: {_shown(value)} is not usable; allowed: {allowed}")

    def __reduce__(self) -> tuple[type[BadInput], tuple[str, object, str]]:
        """Cross to another process whole: an exception is otherwise rebuilt from its message alone."""
        return type(self), (self.key, self.value, self.allowed)


class ScenarioError(BadInput):
    """A value in a scenario that cannot be used."""


class NotFound(TwinEVError):
    """Nothing has that id."""

    def __init__(self, what: str, identifier: object) -> None:
        self.what = what
        self.identifier = identifier
        super().__init__(f"no {what} has the id {identifier!r}")


class Conflict(TwinEVError):
    """The request contradicts what is there."""


class ChangedMeanwhile(TwinEVError):
    """Somebody else changed what this edit was made from."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} was changed in between; read it again, and make the edit from what it is now")


class VersionMissing(TwinEVError):
    """An edit does not say from which version it was made."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"this would change {what}; send the ETag that it was read with in If-Match")


class Forbidden(TwinEVError):
    """This role may not do that."""


class NotAuthenticated(TwinEVError):
    """No valid login came with the request."""


class PasswordExpired(NotAuthenticated):
    """The password is right, but somebody else chose it: it must be replaced before it opens anything."""


class TooManyTries(TwinEVError):
    """Too many tries in a short time; ``retry_after_seconds`` says how long to wait. [s]"""

    def __init__(self, what: str, retry_after_seconds: float) -> None:
        self.what = what
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"too many tries to {what}; wait {math.ceil(retry_after_seconds)} s and try again")


class SolverFailure(TwinEVError):
    """No solver returned a usable plan."""


class Unavailable(TwinEVError):
    """A part of the system that is needed does not answer."""


def _shown(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
