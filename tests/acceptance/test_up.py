"""`twinev up` as a person starts and ends it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import psutil
from polling import wait_until
from running_system import RunningSystem, system


def test_up_ends_every_process_and_goes_on_with_the_data(tmp_path: Path) -> None:
    running = system(tmp_path / "data")
    running.start()
    try:
        children = psutil.Process(running.process.pid).children(recursive=True)
        wait_until(lambda: _sessions(running) >= 4, within=60, what="EVs have plugged in")
        running.stop()
        before = _sessions(running)

        assert running.process.returncode == 0
        assert [child for child in children if _runs(child)] == []

        running.start()
        assert len(running.client("charge_point_operator").get("/sessions?limit=100").json()["items"]) >= before
    finally:
        running.stop()


def test_up_names_a_port_that_is_taken_and_starts_nothing(tmp_path: Path) -> None:
    running = system(tmp_path / "data")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", int(running.environment["TWINEV_OCPP_PORT"])))
        holder.listen()
        ended = _run_up(running)

    assert ended.returncode == 1
    [line] = ended.stdout.strip().splitlines()
    assert f"port {running.environment['TWINEV_OCPP_PORT']}" in line
    assert "TWINEV_OCPP_PORT" in line


def test_up_refuses_a_data_directory_that_another_one_uses(tmp_path: Path) -> None:
    running = system(tmp_path / "data", "--no-simulator")
    running.start()
    try:
        ended = _run_up(system(tmp_path / "data"))
    finally:
        running.stop()

    assert ended.returncode == 1
    assert "another `twinev up` runs on" in ended.stdout
    assert not (tmp_path / "data" / "demo_accounts.json").exists()
    assert (tmp_path / "data" / "first_account.json").stat().st_mode & 0o777 == 0o600


def _run_up(running: RunningSystem) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twinev", "up"],
        env=running.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _sessions(running: RunningSystem) -> int:
    with running.rows() as rows:
        return rows.execute("SELECT COUNT(*) FROM charging_sessions").fetchone()[0]


def test_up_refuses_one_port_for_two_servers(tmp_path: Path) -> None:
    running = system(tmp_path / "data")
    running.environment["TWINEV_API_PORT"] = running.environment["TWINEV_OCPP_PORT"]

    ended = _run_up(running)

    assert ended.returncode == 1
    assert "TWINEV_OCPP_PORT and TWINEV_API_PORT are both" in ended.stdout
