"""Several API processes at one port, over one SQLite file: any answers, one leads, and another takes over from it."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from polling import wait_until
from running_system import RunningSystem, system

PROCESSES = 2
CONNECTIONS = 12


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    whole = system(tmp_path_factory.mktemp("apis"))
    whole.environment["TWINEV_API_PROCESSES"] = str(PROCESSES)
    whole.start()
    yield whole
    whole.stop()


def api_pids(running: RunningSystem) -> set[int]:
    children = psutil.Process(running.process.pid).children()
    return {child.pid for child in children if child.cmdline()[1:4] == ["-m", "twinev", "api"]}


def listening(running: RunningSystem) -> set[int]:
    port = int(running.environment["TWINEV_API_PORT"])
    return {
        pid
        for pid in api_pids(running)
        for one in psutil.Process(pid).net_connections()
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port
    }


def leader(running: RunningSystem) -> int | None:
    """Whose is the lock on the file beside the database, as the kernel tells."""
    inode = Path(f"{running.database}.leader").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1] == "FLOCK" and words[5].endswith(f":{inode}"):
            return int(words[4])
    return None


def health_over_new_connections(running: RunningSystem) -> list[dict]:
    """What is answered to many connections: the kernel spreads them over the processes."""
    told = []
    for _ in range(CONNECTIONS):
        answer = httpx.get(f"{running.api_url}/api/v1/health", timeout=20, trust_env=False)
        told.append({part["name"]: part["ok"] for part in answer.json()["parts"]})
    return told


def all_is_well(running: RunningSystem) -> bool:
    return all(all(parts.values()) for parts in health_over_new_connections(running))


def order(client: httpx.Client, station_id: str, *, minutes: int) -> str:
    start = datetime.now(UTC)
    body = {
        "station_ids": [station_id],
        "limit_kw": 5.0,
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=minutes)).isoformat(),
        "v2g": False,
    }
    answer = client.post("/restrictions", json=body)
    answer.raise_for_status()
    return answer.json()["id"]


def planned_after(running: RunningSystem, trigger: str) -> int:
    with running.rows() as rows:
        [(count,)] = rows.execute('SELECT count(*) FROM plans WHERE "trigger" LIKE ?', (f"%{trigger}%",)).fetchall()
    return count


def test_both_answer_and_only_one_leads(running: RunningSystem) -> None:
    wait_until(lambda: len(listening(running)) == PROCESSES, within=60, what="all listen at the port")
    wait_until(lambda: all_is_well(running), within=60, what="every connection is told that all is well")

    assert leader(running) in listening(running)
    with Path(f"{running.database}.leader").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_one_process_is_asked_the_leading_one_plans_and_all_tell(running: RunningSystem) -> None:
    clients = [running.client("grid_operator") for _ in range(4)]
    station_id = clients[0].get("/stations").json()["items"][0]["id"]
    before = planned_after(running, "restriction.created")

    for client in clients:
        # A connection of its own each: some go to the process that does not plan.
        restriction_id = order(client, station_id, minutes=30)
        preview = client.post(
            "/restrictions/preview",
            json={
                "station_ids": [station_id],
                "limit_kw": 3.0,
                "start": datetime.now(UTC).isoformat(),
                "end": (datetime.now(UTC) + timedelta(minutes=30)).isoformat(),
            },
        )
        assert preview.status_code == httpx.codes.OK
        assert client.delete(f"/restrictions/{restriction_id}").is_success

    wait_until(lambda: planned_after(running, "restriction.created") > before, within=20, what="a plan for the order")


def test_events_reach_listeners_of_every_process(running: RunningSystem) -> None:
    token = running.token("grid_operator")
    headers = {"Authorization": f"Bearer {token}"}
    streams = [httpx.Client(headers=headers, timeout=20, trust_env=False) for _ in range(4)]
    station_id = streams[0].get(f"{running.api_url}/api/v1/stations").json()["items"][0]["id"]
    url = f"{running.api_url}/api/v1/events"
    opened = [stream.send(stream.build_request("GET", url), stream=True) for stream in streams]
    try:
        lines = [answer.iter_lines() for answer in opened]
        restriction_id = order(running.client("grid_operator"), station_id, minutes=1)
        for of_stream in lines:
            assert any(restriction_id in line for line in of_stream if line.startswith("data: "))
    finally:
        for answer, stream in zip(opened, streams, strict=True):
            answer.close()
            stream.close()


def test_another_leads_when_the_leading_one_is_killed(running: RunningSystem) -> None:
    victim = leader(running)

    os.kill(victim, signal.SIGKILL)

    wait_until(lambda: leader(running) not in (None, victim), within=20, what="another process leads")
    wait_until(lambda: len(listening(running)) == PROCESSES, within=60, what="the killed one is back")
    wait_until(lambda: all_is_well(running), within=60, what="every connection is told that all is well")
    before = planned_after(running, "restriction.created")
    client = running.client("grid_operator")
    order(client, client.get("/stations").json()["items"][0]["id"], minutes=30)
    wait_until(lambda: planned_after(running, "restriction.created") > before, within=20, what="a plan for the order")
