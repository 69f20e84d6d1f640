"""The command line. Each command is a module of its own, loaded only when it is called.

``twinev gateway`` must not pay for CVXPY, nor ``twinev optimise`` for FastAPI: hence the table here instead of imports.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from twinev.errors import TwinEVError

COMMANDS = {
    "optimise": "Plan a scenario.",
    "verify": "Check a schedule: physics, limits, targets, money.",
    "replay": "Replay recorded days: what would the plans have done, knowing only what was known then?",
    "up": "Run everything on this machine, with simulated stations.",
    "api": "Serve the REST API, keep the database, plan the sites.",
    "gateway": "Serve charging stations over OCPP.",
    "planner": "Answer plan requests: a problem in, a verified plan out.",
    "dashboards": "Serve the Voila pages for staff.",
    "simulate": "Simulate charging stations with EVs that obey their charging profiles.",
    "stations": "List, register, block and remove charging stations; give one a new key.",
    "backup": "Write the whole database into one file; the system may run.",
    "restore": "Put a backup in the place of the database.",
    "doctor": "Look at this machine and at the running system.",
}


class CommandsByModule(TyperGroup):
    """Finds command NAME in the module ``twinev.cli.NAME``; the list of commands costs no import."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, name: str) -> TyperCommand | None:
        return TyperCommand(name, help=COMMANDS[name]) if name in COMMANDS else None

    def resolve_command(self, ctx: typer.Context, args: list[str]):
        """Load what is really called."""
        name = args[0]
        if name not in COMMANDS:
            return super().resolve_command(ctx, args)
        command = get_command(import_module(f"twinev.cli.{name}").app)
        command.name = name
        return name, command, args[1:]


commands = typer.Typer(
    cls=CommandsByModule,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="TwinEV plans EV charging, sends the plans to charging stations, and explains them.",
)


@commands.callback()
def _root() -> None:
    """TwinEV plans EV charging, sends the plans to charging stations, and explains them."""


def app() -> None:
    """Run the command line; an error that TwinEV raises on purpose becomes one line and exit code 2."""
    try:
        commands()
    except TwinEVError as error:
        typer.secho(f"twinev: {error}", err=True, fg=typer.colors.RED)
        sys.exit(2)
