"""``twinev backup``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twinev.settings import Settings
from twinev.wiring.backup import back_up

app = typer.Typer()
console = Console(highlight=False)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    *,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="With the secret key and the first accounts' passwords.")
    ] = False,
) -> None:
    """Write the whole database of this instant into one file; the system may run, and goes on."""
    manifest = back_up(Settings(), file, with_secrets=with_secrets)
    size = file.stat().st_size / 1e6
    told = f"{file}: {manifest.database}, schema revision {manifest.revision}, {size:.1f} MB, for its owner alone."
    console.print(told, soft_wrap=True, markup=False)
    if with_secrets:
        console.print("It holds secrets: whoever reads it can be any station and any user.", soft_wrap=True)
    else:
        console.print(
            "Without the secret key (--with-secrets, or kept elsewhere) stations' keys and logins are void after a "
            "restore.",
            soft_wrap=True,
        )
    console.print("Not in it: messages that wait in NATS, logs, .env. See docs/operations.md.", soft_wrap=True)
