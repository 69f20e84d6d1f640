"""Debian's nginx as a process of its own, with the configuration that ``deploy/`` gives the containers' proxy."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from polling import wait_until

TEMPLATE = Path(__file__).resolve().parents[1] / "deploy" / "proxy" / "nginx.conf.template"
# Where Debian has what the containers' nginx has built in.
_STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")


class Nginx:
    """The program with one configuration; ``names`` are what Docker would fill in."""

    def __init__(self, folder: Path, names: Mapping[str, object]) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            pytest.fail("nginx is not installed; on Debian: apt-get install nginx libnginx-mod-stream")
        configuration = folder / "nginx.conf"
        configuration.write_text(self._filled(dict(names) | {"PROXY_RUN_DIR": folder}))
        self._log = folder / "nginx.log"
        self._command = [program, "-c", str(configuration), "-e", str(self._log), "-p", str(folder)]

    def check(self) -> str:
        """What nginx says of the configuration."""
        checked = subprocess.run([*self._command, "-t"], capture_output=True, text=True, check=False, timeout=60)
        return checked.stderr + (self._log.read_text() if self._log.exists() else "")

    @contextmanager
    def running(self, port: int) -> Iterator[None]:
        """Run it; it is there when ``port`` answers."""
        with self._log.open("ab") as output:
            process = subprocess.Popen([*self._command, "-g", "daemon off;"], stdout=output, stderr=output)

        def listens() -> bool:
            assert process.poll() is None, self._log.read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        try:
            wait_until(listens, within=20, what="nginx listens")
            yield
        finally:
            process.terminate()
            process.wait(20)

    @staticmethod
    def _filled(names: Mapping[str, object]) -> str:
        module = f"load_module {_STREAM_MODULE};\n" if _STREAM_MODULE.exists() else ""
        text = TEMPLATE.read_text(encoding="utf-8")
        return module + re.sub(r"\$\{([A-Z0-9_]+)\}", lambda found: str(names.get(found[1], found[0])), text)
