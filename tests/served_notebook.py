"""Serves one notebook of the tests as a dashboard, beside a running system: a part of a page without its page.

    python tests/served_notebook.py NOTEBOOK PORT API_URL

Whoever opens it has logged in at the API before: the API knows of no such dashboard to lead back to.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from free_ports import free_ports
from polling import wait_until
from running_system import RunningSystem

import twinev
from twinev.domain.dashboards import Dashboard
from twinev.domain.login import session_cookie_name
from twinev.domain.users import Role
from twinev.ui.voila_server import run_dashboards

TEMPLATE = Path(twinev.__file__).parent / "ui" / "voila_template"
START_WITHIN_SECONDS = 60


@contextmanager
def served_notebook(notebook: Path, running: RunningSystem) -> Iterator[str]:
    """Serve it; gives its address."""
    [port] = free_ports(1)
    output = running.data_dir / "served_notebook.out"
    with output.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, __file__, str(notebook), str(port), running.api_url],
            env=running.environment | {"PYTHONPATH": str(Path(__file__).parent)},
            cwd=running.data_dir,
            stdout=told,
            stderr=told,
        )
    try:
        wait_until(lambda: _answers(port, process), within=START_WITHIN_SECONDS, what="the notebook is served")
        yield f"http://127.0.0.1:{port}/voila/render/{notebook.name}"
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int, process: subprocess.Popen) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"the server of the notebook ended with {process.returncode}")
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def main(notebook: Path, port: int, api_url: str) -> None:
    run_dashboards(
        api_url=api_url,
        host="127.0.0.1",
        port=port,
        notebooks_dir=notebook.parent,
        session_cookie_name=session_cookie_name(api_url),
        template_dir=TEMPLATE,
        dashboards=(Dashboard(notebook=notebook.name, title="Part", purpose="For tests", roles=frozenset(Role)),),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
