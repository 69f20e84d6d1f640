"""The processes of a measurement: started, asked for their CPU time and memory, and ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 30.0
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")
MEBIBYTE = 1024 * 1024


class Process:
    """A running process.

    Parameters
    ----------
    words : sequence of str
        Its command.
    environment : mapping
        What it is told besides the path and home.
    log : Path, optional
        Takes what it writes; nobody reads it otherwise.
    """

    def __init__(self, *words: str, environment: Mapping[str, str] | None = None, log: Path | None = None) -> None:
        self._log = log
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with (log or Path(os.devnull)).open("ab") as written:
            self.popen = subprocess.Popen(
                words,
                cwd=ROOT,
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
            )
        self._seen = psutil.Process(self.popen.pid)

    def cpu_seconds(self) -> float:
        """CPU time until now, the kernel's included; in steps of 10 ms."""
        times = self._seen.cpu_times()
        return times.user + times.system

    def memory_mb(self) -> float:
        """What it holds of the memory, shared parts in proportion (PSS). [MB]"""
        return self._seen.memory_full_info().pss / 1e6

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Return once it is ready."""
        began = time.monotonic()
        while not ready():
            if self.popen.poll() is not None or time.monotonic() - began > START_WITHIN_SECONDS:
                said = self._log.read_text(errors="replace")[-2000:] if self._log else ""
                raise RuntimeError(f"{' '.join(map(str, self.popen.args))} is not ready:\n{said}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class Stations:
    """The load: `benchmarks.ocpp_gateway.generator` as a process, which is given orders."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.ocpp_gateway.generator"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def order(self, do: str, **details: Any) -> dict[str, Any]:
        """Have something done and return what came of it."""
        self.start(do, **details)
        return self.result()

    def start(self, do: str, **details: Any) -> None:
        """Have something begun; `result` waits for its end."""
        assert self._popen.stdin is not None
        self._popen.stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
        self._popen.stdin.flush()

    def result(self) -> dict[str, Any]:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        if not line:
            raise RuntimeError("the process of the stations ended, see above")
        return json.loads(line)

    def cpu_seconds(self) -> float:
        times = psutil.Process(self._popen.pid).cpu_times()
        return times.user + times.system

    def stop(self) -> None:
        self._popen.terminate()
        self._popen.wait()


@contextmanager
def stations() -> Iterator[Stations]:
    """A process of stations, none connected yet."""
    process = Stations()
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def server(module: str) -> Iterator[tuple[Process, int]]:
    """One of the servers here, by its module's name, and its port."""
    port = free_port()
    process = Process(sys.executable, "-m", f"benchmarks.ocpp_gateway.{module}", str(port))
    try:
        process.wait_for(lambda: listens(port))
        yield process, port
    finally:
        process.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
