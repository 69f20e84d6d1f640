"""For all tests: no time limit on an example; an event that breaks its schema fails the test that made it.

Where a test with a whole system fails, the last words of its processes are reported.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from running_system import RunningSystem

from twinev.adapters.database.outbox import DatabaseEvents
from twinev.wire.message_schemas import require_fits
from twinev.wire.messages import encode
from twinev.wire.rest.system import EventOut

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_AT = datetime(2026, 11, 22, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _events_fit_their_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    add = DatabaseEvents.add

    def checked(self: DatabaseEvents, kind: str, data: dict[str, Any]) -> None:
        require_fits(f"evt.{kind}", encode(EventOut(id="1", kind=kind, at=_AT, data=data)))
        add(self, kind, data)

    monkeypatch.setattr(DatabaseEvents, "add", checked)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for running in getattr(item, "funcargs", {}).values():
            if isinstance(running, RunningSystem):
                report.sections += [(f"the last words of {name}", words) for name, words in running.last_words()]
    return report
