"""Loads the solvers' side of the package, which takes seconds the first time, without holding up who cannot wait."""

from __future__ import annotations

import importlib
import threading
from functools import cache
from types import ModuleType

SOLVING = "twinev.sct.staging"


class _Load:
    """One import, in the background: it goes on when nobody waits for it any more."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._error: BaseException | None = None
        self._module: ModuleType | None = None
        self._thread = threading.Thread(target=self._run, name=f"load {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._module = importlib.import_module(self._name)
        except BaseException as error:
            self._error = error

    def within(self, seconds: float) -> ModuleType | None:
        self._thread.join(max(seconds, 0.0))
        if self._error is not None:
            raise self._error
        return self._module


@cache
def _loading() -> _Load:
    return _Load(SOLVING)


def begin_loading() -> None:
    """Start to load, if nobody has yet."""
    _loading()


def staging_within(seconds: float) -> ModuleType | None:
    """Return `twinev.sct.staging`; None when it is not loaded after so many seconds. [s]"""
    return _loading().within(seconds)
