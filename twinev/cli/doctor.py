"""``twinev doctor``: what stands, what is missing, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Iterator

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinev import __version__
from twinev.adapters.messaging.embedded_server import find_binary
from twinev.adapters.messaging.report import MessagingReport, connected_once, read_report
from twinev.cli.messaging_findings import Finding, messaging_findings
from twinev.errors import TwinEVError, Unavailable
from twinev.settings import Settings
from twinev.wiring.nats_url import nats_url

app = typer.Typer()
console = Console(highlight=False)


@app.command()
def doctor() -> None:
    """Look at this machine and at the running system; exit 1 when something needs a remedy."""
    settings = Settings()
    findings = [
        Finding(what="TwinEV", seen=f"{__version__}, Python {platform.python_version()}"),
        _message_server(settings),
        _data_directory(settings),
        *_system(settings),
        *_messages(settings),
    ]
    console.print(_table(findings))
    raise typer.Exit(1 if any(finding.remedy for finding in findings) else 0)


def _table(findings: list[Finding]) -> Table:
    """What was seen, its remedy below it: narrow enough for a terminal of 80 columns."""
    table = Table("", "what", "seen", box=None, pad_edge=False)
    for finding in findings:
        remedy = f"\n[yellow]→ {escape(finding.remedy)}[/]" if finding.remedy else ""
        mark = "[red]✗" if finding.remedy else "[green]✓"
        table.add_row(mark, escape(finding.what), escape(finding.seen) + remedy)
    return table


def _message_server(settings: Settings) -> Finding:
    if settings.nats_url:
        return Finding(what="NATS", seen="external (TWINEV_NATS_URL)")
    try:
        return Finding(what="NATS", seen=str(find_binary()))
    except TwinEVError as error:
        return Finding(what="NATS", seen="missing", remedy=str(error))


def _data_directory(settings: Settings) -> Finding:
    directory = settings.data_dir
    if not directory.exists():
        return Finding(what="data directory", seen=f"{directory} (made at the first `twinev up`)")
    if not os.access(directory, os.W_OK):
        return Finding(what="data directory", seen=f"{directory} is not writable", remedy="set TWINEV_DATA_DIR")
    if directory.stat().st_mode & 0o077:
        return Finding(what="data directory", seen=f"{directory} is open to others", remedy=f"chmod 700 {directory}")
    return Finding(what="data directory", seen=str(directory))


def _system(settings: Settings) -> Iterator[Finding]:
    try:
        health = httpx.get(f"{settings.commands_api_url}/api/v1/health", timeout=5, trust_env=False).json()
        for part in health["parts"]:
            yield Finding(
                what=part["name"],
                seen=part["detail"] or ("well" if part["ok"] else "not well"),
                remedy="" if part["ok"] else f"see {settings.data_dir / 'logs'}",
            )
    except (httpx.HTTPError, ValueError, KeyError):
        yield Finding(what="system", seen=f"no TwinEV answers at {settings.commands_api_url}: it does not run")
        yield from _taken_ports(settings)


def _messages(settings: Settings) -> Iterator[Finding]:
    # Nothing was started here yet: to ask for the address would make the server's files.
    if not settings.nats_url and not (settings.data_dir / "nats").exists():
        return
    try:
        report = asyncio.run(_look(nats_url(settings, "api")))
    except Unavailable as error:
        yield Finding(what="messages", seen=str(error), remedy="start the system: twinev up")
        return
    yield from messaging_findings(report)


async def _look(url: str) -> MessagingReport:
    async with connected_once(url) as client:
        return await read_report(client)


def _taken_ports(settings: Settings) -> Iterator[Finding]:
    for name in ("api_port", "ocpp_port", "dashboards_port", "nats_port"):
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", getattr(settings, name))) == 0:
                port = getattr(settings, name)
                remedy = f"end that program or set TWINEV_{name.upper()}"
                yield Finding(what=f"port {port}", seen="another program holds it", remedy=remedy)
