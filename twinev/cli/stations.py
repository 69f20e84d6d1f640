"""``twinev stations``: which stations there are; register, block and remove them; new keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from twinev.client import Client
from twinev.errors import BadInput, NotFound
from twinev.settings import Settings
from twinev.wiring.operator_client import operator_client

app = typer.Typer(no_args_is_help=True, help="List, register, block and remove charging stations; give one a new key.")
console = Console(highlight=False)
OUTCOMES = {
    "accepted": "It goes on with its new key; once it has come with it, the old one is refused",
    "rejected": "It goes on with the key that it has",
    "not_supported": "It goes on with the key that it has",
}
NOT_TOLD = "It was not told a new key: the key that it has stays valid. Try again when it is connected"
NOBODY_KNOWS = "Nobody knows whether it took the key: both the old and the new are valid"


@app.command("list")
def list_stations() -> None:
    """List the stations with their live state."""
    table = Table("id", "site", "protocol", "state", "EVSEs", "kW now", box=None, pad_edge=False)
    with operator_client(Settings()) as client:
        for station in client.stations():
            state = "online" if station.online else "offline"
            state = f"blocked: {station.block_reason}" if station.blocked_at else state
            evses = f"{len(station.evses)} × {station.evses[0].max_kw:g} kW" if station.evses else "none"
            table.add_row(station.id, station.site_id, station.protocol or "-", state, evses, f"{station.power_kw:.1f}")
    console.print(table)


@app.command("add")
def add_station(
    station_id: Annotated[
        str, typer.Argument(metavar="ID", help="The station's identity, as it is set in the station.")
    ],
    *,
    site: Annotated[str, typer.Option(help="The site's id.")],
    security_profile: Annotated[int, typer.Option(min=0, max=3, help="OCPP security profile.")] = 1,
    evses: Annotated[int, typer.Option(min=1, help="How many EVs it serves at a time.")] = 1,
    max_kw: Annotated[float, typer.Option(help="What one EVSE gives at most.")] = 11.0,
    phases: Annotated[int, typer.Option(help="1 or 3.")] = 3,
    supply_kw: Annotated[float | None, typer.Option(help="For a new site: its supply point's import limit.")] = None,
    site_name: Annotated[str | None, typer.Option(help="For a new site: its name.")] = None,
    latitude: Annotated[float | None, typer.Option(help="For a new site, in degrees.")] = None,
    longitude: Annotated[float | None, typer.Option(help="For a new site, in degrees.")] = None,
    any_card: Annotated[bool, typer.Option(help="For a new site: every card may charge.")] = False,
) -> None:
    """Register a station and print its key, this once; the site is made if it is new."""
    settings = Settings()
    described = {
        "evse_count": evses,
        "max_kw": max_kw,
        "phases": phases,
        "security_profile": security_profile,
    }
    with operator_client(settings) as client:
        # Before the site is made: a station that is refused must not leave an empty site behind.
        client.check_station(station_id, site_id=site, **described)
        if not _is_known(client, site):
            given = {"supply-kw": supply_kw, "latitude": latitude, "longitude": longitude}
            for option, value in given.items():
                if value is None:
                    raise BadInput(f"--{option}", value, f"a number, for the site {site} is new")
            client.save_site(
                site,
                name=site_name or site,
                supply_max_kw=supply_kw,
                latitude_degrees=latitude,
                longitude_degrees=longitude,
                accepts_unknown_tokens=any_card,
            )
        added = client.add_station(station_id, site_id=site, **described)
    console.print(f"Station {added.id} is registered at site {site}. Set in the station:")
    console.print(f"  address   {_address(settings, security_profile)}   (identity {added.id})")
    if security_profile in (1, 2):
        console.print(_key_line(added.key, added.id), soft_wrap=True, markup=False)
    if security_profile == 3:
        console.print(f"  a client certificate of your CA with the common name {added.id}", soft_wrap=True)


@app.command("rotate-key")
def rotate_key(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="The station's identity.")],
) -> None:
    """Have a station told a new key; whatever it does with it, it can still come in. Exit code 1 when not accepted."""
    with operator_client(Settings()) as client:
        rotated = client.rotate_key(station_id)
    said = ", ".join(filter(None, (rotated.outcome, rotated.status, rotated.detail)))
    meaning = OUTCOMES.get(rotated.outcome, NOBODY_KNOWS) if rotated.told else NOT_TOLD
    console.print(f"Station {station_id}: {said}. {meaning}.", soft_wrap=True, markup=False)
    if rotated.outcome != "accepted":
        raise typer.Exit(1)


@app.command("block")
def block(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="The station's identity.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; staff reads it, and the station as its socket is closed.")],
) -> None:
    """Refuse a station from now on, and close its socket."""
    with operator_client(Settings()) as client:
        client.block_station(station_id, reason=reason)
    console.print(f"Station {station_id} is blocked: {reason}", soft_wrap=True, markup=False)


@app.command("unblock")
def unblock(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="The station's identity.")],
) -> None:
    """Let a station in again."""
    with operator_client(Settings()) as client:
        client.unblock_station(station_id)
    console.print(f"Station {station_id} may come in again; it does so by itself.", markup=False)


@app.command("remove")
def remove(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="The station's identity.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a station for good. Its sessions and meter values stay; its id is not given again."""
    if not yes:
        typer.confirm(f"Remove station {station_id} for good?", abort=True)
    with operator_client(Settings()) as client:
        client.remove_station(station_id)
    console.print(f"Station {station_id} is removed; its history stays.", markup=False)


@app.command("new-key")
def new_key(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="The station's identity.")],
) -> None:
    """Print a new key to set in a station by hand; all older ones are refused from now on."""
    with operator_client(Settings()) as client:
        issued = client.issue_key(station_id)
    console.print(_key_line(issued.key, station_id), soft_wrap=True, markup=False)


def _key_line(key: str | None, station_id: str) -> str:
    if key is None:
        return f"  password  told once already; `twinev stations new-key {station_id}` makes another"
    return f"  password  {key}   (shown this once; user name {station_id})"


def _address(settings: Settings, security_profile: int) -> str:
    host = "<this machine>" if settings.bind in ("0.0.0.0", "::") else settings.bind
    if security_profile < 2:
        return f"ws://{host}:{settings.ocpp_port}/ocpp"
    return f"wss://{host}:{settings.ocpp_tls_port or '<TWINEV_OCPP_TLS_PORT>'}/ocpp"


def _is_known(client: Client, site_id: str) -> bool:
    try:
        client.site(site_id)
    except NotFound:
        return False
    return True
