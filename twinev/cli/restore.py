"""``twinev restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from twinev.settings import Settings
from twinev.wiring.backup import restore as restore_from

app = typer.Typer()
console = Console(highlight=False)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file of `twinev backup`.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in the database now.")] = False,
) -> None:
    """Put a backup in the place of the database, after checking it; the system must not run."""
    restored = restore_from(Settings(), file, force=force)
    manifest = restored.manifest
    told = f"Restored what was there at {manifest.made:%Y-%m-%d %H:%M:%S} UTC: {manifest.database}, schema revision "
    console.print(f"{told}{manifest.revision}. The next start brings the schema up to date.", soft_wrap=True)
    if restored.secrets:
        console.print(f"Restored with it: {', '.join(restored.secrets)}.", soft_wrap=True)
    if restored.other_secret_key:
        console.print(
            "The secret key of then is not here: stations' keys and logins of then are void. Put it back "
            "(TWINEV_SECRET_KEY, or secret_key in the data directory), or issue new keys "
            "(twinev stations new-key ID).",
            soft_wrap=True,
        )
