"""``deploy/compose.yaml`` says what the real command line, the real settings and the other files of ``deploy/`` say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from twinev.cli import COMMANDS
from twinev.settings import Settings

PROCESSES = ("api", "gateway-1", "gateway-2", "planner", "dashboards")
CERTIFICATES = {"proxy_certificate", "proxy_key", "gateway_certificate", "gateway_key"}
# What the person who runs it fills in.
FILLED_IN = {"PLATFORM_HOST": "charging.example.org", "LOGIN_HOST": "login.example.org", "LAB_HOST": "lab.example.org"}


def filled(value: object) -> str:
    """A value as Docker fills it in from the environment: ``${NAME}``, ``${NAME:-default}``, ``${NAME:?hint}``."""
    return re.sub(
        r"\$\{(\w+)(?::([-?])([^}]*))?\}",
        lambda found: FILLED_IN.get(found[1], found[3] if found[2] == "-" else None),
        str(value),
    )


def environment_of(service: dict) -> dict[str, str]:
    return {name: filled(value) for name, value in service.get("environment", {}).items()}


def secrets_of(service: dict) -> dict[str, str]:
    """Which secret each file of /run/secrets is."""
    named = [{"source": entry, "target": entry} if isinstance(entry, str) else entry for entry in service["secrets"]]
    return {entry["target"]: entry["source"] for entry in named}


def on_network(compose: dict, name: str) -> set[str]:
    return {service for service, entry in compose["services"].items() if name in entry.get("networks", ())}


@pytest.mark.parametrize("name", PROCESSES)
def test_process_runs_a_command_that_there_is(compose: dict, name: str) -> None:
    command, *options = compose["services"][name]["command"]

    assert command in COMMANDS
    # Raises for an option that the command does not know.
    get_command(import_module(f"twinev.cli.{command}").app).make_context(command, options)


def test_every_service_of_the_image_is_looked_at(compose: dict) -> None:
    image = compose["x-twinev"]["image"]

    assert {name for name, service in compose["services"].items() if service["image"] == image} == {*PROCESSES, "lab"}


@pytest.mark.parametrize("name", PROCESSES)
def test_variables_and_secrets_are_settings(compose: dict, monkeypatch, tmp_path: Path, name: str) -> None:
    service = compose["services"][name]
    for variable in [variable for variable in os.environ if variable.startswith("TWINEV_")]:
        monkeypatch.delenv(variable)
    for variable, value in environment_of(service).items():
        monkeypatch.setenv(variable, value)
    files = [target for target in secrets_of(service) if target.startswith("twinev_")] if "secrets" in service else []
    for file in files:
        (tmp_path / file).write_text(f"said by {file}")
    monkeypatch.setattr(Settings, "secrets_folder", tmp_path)

    settings = Settings()

    told = {variable.removeprefix("TWINEV_").lower() for variable in environment_of(service)}
    assert told | {file.removeprefix("twinev_") for file in files} <= Settings.model_fields.keys()
    for file in files:
        assert getattr(settings, file.removeprefix("twinev_")) == f"said by {file}"


def test_each_process_has_the_nats_user_of_its_kind_and_only_the_api_the_database(compose: dict) -> None:
    secrets = {name: secrets_of(compose["services"][name]) for name in PROCESSES if name != "dashboards"}

    assert {name: found["twinev_nats_url"] for name, found in secrets.items()} == {
        "api": "nats_url_api",
        "gateway-1": "nats_url_gateway",
        "gateway-2": "nats_url_gateway",
        "planner": "nats_url_planner",
    }
    assert [name for name, found in secrets.items() if {"twinev_database_url", "twinev_secret_key"} & set(found)] == [
        "api"
    ]
    assert not {"secrets", "env_file", "volumes"} & compose["services"]["dashboards"].keys()


def test_only_the_proxy_is_reached_from_outside(compose: dict) -> None:
    services = compose["services"]

    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert [name for name, network in compose["networks"].items() if not (network or {}).get("internal")] == ["outside"]
    assert on_network(compose, "outside") == {"proxy"}
    assert all(service.get("networks") for service in services.values())


def test_networks_let_nobody_at_what_is_not_theirs(compose: dict) -> None:
    assert on_network(compose, "database") == {"api", "database"}
    assert on_network(compose, "messages") == {"api", "gateway-1", "gateway-2", "planner", "nats"}
    assert on_network(compose, "analysis") == {"api", "lab", "proxy"}
    assert on_network(compose, "keycloak-database") == {"keycloak", "keycloak-database"}
    assert on_network(compose, "stations") == {"gateway-1", "gateway-2", "proxy"}


def test_proxy_finds_each_service_where_it_listens(compose: dict) -> None:
    services, told = compose["services"], environment_of(compose["services"]["proxy"])

    assert told["API_ADDRESS"] == f"api:{environment_of(services['api'])['TWINEV_API_PORT']}"
    assert told["DASHBOARDS_ADDRESS"] == (
        f"dashboards:{environment_of(services['dashboards'])['TWINEV_DASHBOARDS_PORT']}"
    )
    assert f"--port={told['LAB_ADDRESS'].removeprefix('lab:')}" in services["lab"]["command"]
    for number in (1, 2):
        gateway = services[f"gateway-{number}"]
        address = gateway["networks"]["stations"]["ipv4_address"]
        assert told[f"GATEWAY_{number}_ADDRESS"] == f"{address}:{environment_of(gateway)['TWINEV_OCPP_TLS_PORT']}"


def test_proxy_is_told_every_name_of_its_template(compose: dict, deploy: Path) -> None:
    named = set(re.findall(r"\$\{([A-Z0-9_]+)\}", (deploy / "proxy" / "nginx.conf.template").read_text()))

    told = environment_of(compose["services"]["proxy"]).keys() - {"NGINX_ENVSUBST_OUTPUT_DIR"}
    assert named - {"NAMES"} == told


def test_proxy_publishes_the_ports_that_it_listens_on(compose: dict) -> None:
    proxy = compose["services"]["proxy"]
    told = environment_of(proxy)

    listened = {told[name] for name in ("HTTP_PORT", "HTTPS_PORT", "DASHBOARDS_HTTPS_PORT", "OCPP_TLS_PORT")}
    assert {published.split(":")[1] for published in proxy["ports"]} == listened
    dashboards = environment_of(compose["services"]["api"])["TWINEV_DASHBOARDS_URL"]
    assert dashboards.endswith(f":{told['DASHBOARDS_HTTPS_PORT']}")


def test_addresses_that_are_trusted_are_those_of_the_proxy_and_the_api(compose: dict) -> None:
    services = compose["services"]
    proxy, api = (services[name]["networks"]["front"]["ipv4_address"] for name in ("proxy", "api"))

    assert environment_of(services["api"])["TWINEV_TRUSTED_PROXIES"] == proxy
    assert environment_of(services["keycloak"])["KC_PROXY_TRUSTED_ADDRESSES"] == proxy
    assert environment_of(services["proxy"])["API_CLIENT_ADDRESS"] == api


def test_every_file_that_is_mounted_is_there(compose: dict, deploy: Path, secrets_folder: Path) -> None:
    mounted = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]
    mounted += [file for service in compose["services"].values() for file in service.get("env_file", ())]
    mounted += [entry["file"] for name, entry in compose["secrets"].items() if name not in CERTIFICATES]

    for file in mounted:
        made = file.removeprefix("./secrets/")
        assert (secrets_folder / made if made != file else deploy / file).is_file(), file


def test_keycloak_is_told_what_the_realm_leaves_open(compose: dict, deploy: Path, secrets_folder: Path) -> None:
    realm = (deploy / "keycloak" / "twinergy-realm.json").read_text(encoding="utf-8")
    secret = {line.partition("=")[0] for line in (secrets_folder / "keycloak.env").read_text().splitlines()}

    told = environment_of(compose["services"]["keycloak"]).keys() | secret
    assert set(re.findall(r"\$\{([A-Z_]+)\}", realm)) <= told


def test_secrets_are_made_once(secrets_folder: Path, make_secrets: Callable[[Path], None]) -> None:
    before = {path.name: path.read_text() for path in secrets_folder.iterdir()}
    (secrets_folder / "lab_token").unlink()

    make_secrets(secrets_folder)

    after = {path.name: path.read_text() for path in secrets_folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"lab_token"}
    assert secrets_folder.stat().st_mode & 0o777 == 0o700


def test_every_secret_that_is_used_is_declared_and_every_one_declared_is_used(compose: dict) -> None:
    used = {
        source
        for service in compose["services"].values()
        if "secrets" in service
        for source in secrets_of(service).values()
    }

    assert used == compose["secrets"].keys()


def test_lab_is_started_with_options_that_jupyterlab_knows(compose: dict, tmp_path: Path) -> None:
    lab = compose["services"]["lab"]
    options = [option.replace("/work", str(tmp_path)) for option in lab["command"]]
    program = Path(sys.executable).with_name(lab["entrypoint"][0])

    shown = subprocess.run(
        [program, *lab["entrypoint"][1:], *options, "--show-config"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )

    assert "unrecognized" not in (shown.stdout + shown.stderr).lower()
    assert "allow_remote_access" in shown.stdout


def test_docker_reads_the_file(deploy: Path, secrets_folder: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker client with compose here: compose.yaml was read by the other tests only")
    certificates = {name.upper(): str(secrets_folder / "secret_key") for name in CERTIFICATES}

    subprocess.run(
        [docker, "compose", "--file", deploy / "compose.yaml", "--profile", "lab", "config", "--quiet"],
        env=os.environ | FILLED_IN | certificates,
        check=True,
        timeout=60,
    )
