"""Keeps a handful of processes running: starts them in order, restarts what dies, ends all of them together."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinev.errors import Unavailable

RESTART_DELAYS_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_AFTER_SECONDS = 30.0
STOP_GRACE_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process: how to start it, and how to see that it is ready.

    ``after`` names the processes that must be ready first; ``ready`` is asked until it says yes. The environment is
    exactly ``environment``: nothing is inherited, so that no secret reaches a process that does not need it.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    directory: Path
    ready: Callable[[], Awaitable[bool]]
    after: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Running:
    spec: ProcessSpec
    process: asyncio.subprocess.Process
    started_at: float
    quick_deaths: int = 0
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Runs processes until `stop`. ``tell(name, what)`` is called for each thing that a person would want to see."""

    def __init__(self, specs: Sequence[ProcessSpec], *, tell: Callable[[str, str], None]) -> None:
        self._specs = specs
        self._tell = tell
        self._running: dict[str, _Running] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self, *, timeout_seconds: float = 90.0) -> None:
        """Start all processes and return when each is ready.

        Raises
        ------
        Unavailable
            One did not become ready in time, or died again and again; its log's last lines are in the message.
        """
        began = time.monotonic()
        ready = {spec.name: asyncio.Event() for spec in self._specs}
        try:
            async with asyncio.TaskGroup() as group:
                for spec in self._specs:
                    group.create_task(self._bring_up(spec, ready, began, timeout_seconds))
        except ExceptionGroup as failures:
            # The first failure ended the others: it alone is worth a person's time.
            raise failures.exceptions[0] from None

    async def stop(self) -> None:
        """End all processes, the last started first; who does not go within the grace is killed."""
        self._stopping = True
        for spec in reversed(self._specs):
            running = self._running.get(spec.name)
            if running is None or running.process.returncode is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                running.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_SECONDS
        for running in self._running.values():
            await _ended(running.process, within=max(0.1, deadline - time.monotonic()))
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)

    async def _bring_up(
        self, spec: ProcessSpec, ready: dict[str, asyncio.Event], began: float, timeout_seconds: float
    ) -> None:
        for name in spec.after:
            await ready[name].wait()
        self._tell(spec.name, "starting")
        running = await self._launch(spec)
        self._running[spec.name] = running
        while not await _asked(spec.ready):
            if running.process.returncode is not None:
                raise Unavailable(f"{spec.name} ended with {running.process.returncode}: {_last_line(spec.log)}")
            if time.monotonic() - began > timeout_seconds:
                raise Unavailable(f"{spec.name} was not ready after {timeout_seconds:.0f} s; its log is {spec.log}")
            await asyncio.sleep(0.1)
        ready[spec.name].set()
        self._tell(spec.name, f"ready after {time.monotonic() - began:.1f} s")
        self._watchers.append(asyncio.create_task(self._watch(running)))

    async def _launch(self, spec: ProcessSpec) -> _Running:
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        with spec.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                env=dict(spec.environment),
                cwd=spec.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the supervisor alone, which then ends the others in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        return _Running(spec=spec, process=process, started_at=time.monotonic())

    async def _watch(self, running: _Running) -> None:
        while True:
            code = await running.process.wait()
            if self._stopping:
                return
            lived = time.monotonic() - running.started_at
            deaths = 0 if lived > STEADY_AFTER_SECONDS else running.quick_deaths + 1
            delay = RESTART_DELAYS_SECONDS[min(deaths, len(RESTART_DELAYS_SECONDS) - 1)]
            self._tell(running.spec.name, f"ended with {code}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            running = await self._launch(running.spec)
            running.quick_deaths = deaths
            self._running[running.spec.name] = running

    def pid(self, name: str) -> int | None:
        """The process id of ``name`` now; None when it does not run."""
        running = self._running.get(name)
        return running.process.pid if running and running.process.returncode is None else None


async def _asked(ready: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await ready()
    except (OSError, TimeoutError):
        return False


async def _ended(process: asyncio.subprocess.Process, *, within: float) -> None:
    try:
        await asyncio.wait_for(process.wait(), within)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _die_with_parent() -> None:
    """A killed supervisor must not leave servers behind that hold its ports."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it wrote nothing"
