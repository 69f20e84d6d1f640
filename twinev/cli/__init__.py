"""The command line. Each command is a module of its own, loaded only when it is called.

``twinev gateway`` must not pay for CVXPY, nor ``twinev optimise`` for FastAPI: hence the table here instead of imports.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer
from typer.core import TyperGroup
from typer.main import get_command

from twinev.errors import TwinEVError

COMMANDS = (
    "optimise",
    "verify",
    "replay",
    "up",
    "api",
    "gateway",
    "planner",
    "dashboards",
    "simulate",
    "stations",
    "doctor",
)


class CommandsByModule(TyperGroup):
    """Finds command NAME in the module ``twinev.cli.NAME``."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, name: str):
        if name not in COMMANDS:
            return None
        command = get_command(import_module(f"twinev.cli.{name}").app)
        command.name = name
        return command


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
