"""`twinev simulate` as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from twinev.simulator.ledger import read_ledger


async def simulate(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "twinev", "simulate", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


def test_command_simulates_stations_and_ends_cleanly_on_sigterm(open_csms, tmp_path):
    ledger, scenario = tmp_path / "ledger.jsonl", tmp_path / "scenario.json"
    arrival = {"station": "SIM-002", "at_seconds": 30, "energy_kwh": 9, "stay_minutes": 60}
    scenario.write_text(json.dumps({"arrivals": [arrival]}))

    async def run():
        async with open_csms() as csms:
            process = await simulate(
                *("--stations", "2", "--ocpp", "1.6", "--url", csms.url, "--speed", "60"),
                *("--scenario", str(scenario), "--ledger", str(ledger), "--state-dir", str(tmp_path / "state")),
            )
            try:
                await csms.until(lambda: csms.of("MeterValues"))
                process.send_signal(signal.SIGTERM)
                output, _ = await asyncio.wait_for(process.communicate(), 60)
                await csms.until(lambda: len(csms.close_codes) == 2)
                return csms, process.returncode, output.decode()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    csms, code, output = asyncio.run(run())

    assert (code, "Traceback" in output) == (0, False), output
    assert csms.close_codes == [1001, 1001]
    assert {call.station for call in csms.calls if call.action == "BootNotification"} == {"SIM-001", "SIM-002"}
    ends = [line for line in map(json.loads, ledger.read_text().splitlines()) if line["kind"] == "end"]
    assert {line["station"] for line in ends} == {"SIM-001", "SIM-002"}
    assert [station for station, _ in read_ledger(ledger).transactions] == ["SIM-002"]


def test_command_names_what_is_missing():
    async def run():
        process = await simulate("--stations", "1")
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode, output.decode()

    code, output = asyncio.run(run())

    assert code == 2
    assert "url" in output
    assert "Traceback" not in output
