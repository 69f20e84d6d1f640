"""The supervisor with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from polling import until

from twinev.errors import Unavailable
from twinev.supervisor import ProcessSpec, Supervisor

SLEEPER = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).open('a').write('up\\n'); signal.pause()"
WITHIN_SECONDS = 10


def _spec(directory: Path, name: str = "sleeper", code: str = SLEEPER, after: tuple[str, ...] = ()) -> ProcessSpec:
    mark = directory / f"{name}.started"

    async def ready() -> bool:
        return mark.exists()

    return ProcessSpec(
        name=name,
        command=(sys.executable, "-c", code, str(mark)),
        environment={"ONLY": "this"},
        log=directory / f"{name}.log",
        directory=directory,
        ready=ready,
        after=after,
    )


def test_supervisor_starts_in_order_and_ends_all(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    async def scenario() -> list[int | None]:
        first, second = _spec(tmp_path, "first"), _spec(tmp_path, "second", after=("first",))
        supervisor = Supervisor([first, second], tell=lambda name, what: told.append((name, what)))
        await supervisor.start(timeout_seconds=WITHIN_SECONDS)
        pids = [supervisor.pid("first"), supervisor.pid("second")]
        await supervisor.stop()
        return pids

    pids = asyncio.run(scenario())

    assert [name for name, what in told if what == "starting"] == ["first", "second"]
    assert told.index(("second", "starting")) > next(
        i for i, (name, what) in enumerate(told) if name == "first" and what.startswith("ready")
    )
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_supervisor_starts_again_what_was_killed(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int]:
        supervisor = Supervisor([_spec(tmp_path)], tell=lambda name, what: None)
        await supervisor.start(timeout_seconds=WITHIN_SECONDS)
        before = supervisor.pid("sleeper")
        os.kill(before, signal.SIGKILL)
        await until(lambda: (tmp_path / "sleeper.started").read_text().count("up") == 2)
        after = supervisor.pid("sleeper")
        await supervisor.stop()
        return before, after

    before, after = asyncio.run(scenario())

    assert after not in (None, before)


def test_supervisor_names_the_process_that_does_not_start_and_what_it_said(tmp_path: Path) -> None:
    broken = _spec(tmp_path, "broken", code="raise SystemExit('no database there')")

    async def scenario() -> None:
        supervisor = Supervisor([broken], tell=lambda name, what: None)
        try:
            await supervisor.start(timeout_seconds=WITHIN_SECONDS)
        finally:
            await supervisor.stop()

    with pytest.raises(Unavailable, match="broken ended with 1: no database there"):
        asyncio.run(scenario())


def test_supervisor_passes_only_the_given_environment(tmp_path: Path) -> None:
    code = SLEEPER.replace("'up\\n'", "repr(sorted(__import__('os').environ))")

    async def scenario() -> None:
        supervisor = Supervisor([_spec(tmp_path, code=code)], tell=lambda name, what: None)
        await supervisor.start(timeout_seconds=WITHIN_SECONDS)
        await supervisor.stop()

    asyncio.run(scenario())

    seen = (tmp_path / "sleeper.started").read_text()
    assert "ONLY" in seen
    assert "PATH" not in seen
