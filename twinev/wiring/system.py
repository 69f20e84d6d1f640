"""The whole system on one machine: which processes `twinev up` runs, and what each is told."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from twinev.clock import PlatformClock
from twinev.errors import Conflict
from twinev.settings import Settings
from twinev.supervisor import ProcessSpec
from twinev.wiring.nats_url import embedded_server

# What a process may inherit: where programs are, whose home it is, how text and times are written. No secret.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
LOG_KEPT_BYTES = 20_000_000
# Simulated stations meter this often on the wall's clock: a person who watches sees the power move.
METER_WALL_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """The simulated stations that `twinev up` brings along; ``scenario`` says which EV comes when."""

    scenario: Path | None = None
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class WholeSystem:
    """Builds the specs of all processes from one set of settings."""

    settings: Settings
    clock: PlatformClock
    demonstration: Demonstration | None

    def specs(self) -> list[ProcessSpec]:
        """All processes, in the order in which they start."""
        urls, nats = self._nats()
        apis = self._apis(urls)
        return [*nats, *apis, self._gateway(urls), self._planner(urls), self._dashboards(), *self._stations()]

    def _nats(self) -> tuple[Mapping[str, str], list[ProcessSpec]]:
        external = self.settings.nats_url
        if external:
            return dict.fromkeys(("api", "gateway", "planner"), external), []
        server = embedded_server(self.settings)
        ready = _listening("127.0.0.1", self.settings.nats_port)
        return server.urls, [self._spec("nats", server.command, {}, ready)]

    def _apis(self, urls: Mapping[str, str]) -> list[ProcessSpec]:
        """The API processes: the others begin when the first one has brought the database up to date."""
        further = range(2, self.settings.api_processes + 1)
        return [self._api(urls), *(self._api(urls, f"api-{number}") for number in further)]

    def _api(self, urls: Mapping[str, str], name: str = "api") -> ProcessSpec:
        told = {
            "TWINEV_NATS_URL": urls["api"],
            "TWINEV_API_PORT": self.settings.api_port,
            "TWINEV_API_PROCESSES": self.settings.api_processes,
            "TWINEV_OCPP_PORT": self.settings.ocpp_port,
            "TWINEV_DASHBOARDS_PORT": self.settings.dashboards_port,
            "TWINEV_OCPP_ENROL": self.settings.ocpp_enrol,
            "TWINEV_DATABASE_URL": self.settings.database_url,
            "TWINEV_PUBLIC_URL": self.settings.public_url,
            "TWINEV_DASHBOARDS_URL": self.settings.dashboards_url,
            "TWINEV_SECRET_KEY": self.settings.secret_key,
            "TWINEV_RATE_PER_USER": self.settings.rate_per_user,
            "TWINEV_RATE_PER_ADDRESS": self.settings.rate_per_address,
            "TWINEV_TRUSTED_PROXIES": self.settings.trusted_proxies,
            "TWINEV_CO2_G_PER_KWH": self.settings.co2_g_per_kwh,
            "TWINEV_CO2_SOURCE": self.settings.co2_source,
            "TWINEV_RESERVATION_GRACE_MINUTES": self.settings.reservation_grace_minutes,
            "TWINEV_OCPI_PARTY": self.settings.ocpi_party,
            "TWINEV_OCPI_OPERATOR_NAME": self.settings.ocpi_operator_name,
            "TWINEV_OCPI_COUNTRY": self.settings.ocpi_country,
            "TWINEV_KEEP_FACTS_DAYS": self.settings.keep_facts_days,
            "TWINEV_KEEP_SET_ASIDE_DAYS": self.settings.keep_set_aside_days,
            "TWINEV_KEEP_REPORTS_DAYS": self.settings.keep_reports_days,
            "TWINEV_KEEP_COMMANDS_DAYS": self.settings.keep_commands_days,
            "TWINEV_KEEP_PLANS_DAYS": self.settings.keep_plans_days,
            "TWINEV_OIDC_ISSUER": self.settings.oidc_issuer,
            "TWINEV_OIDC_CLIENT_ID": self.settings.oidc_client_id,
            "TWINEV_OIDC_CLIENT_SECRET": self.settings.oidc_client_secret,
            "TWINEV_OIDC_MACHINE_CLIENTS": self.settings.oidc_machine_clients,
            "TWINEV_OIDC_USERS_CLIENT_ID": self.settings.oidc_users_client_id,
            "TWINEV_OIDC_USERS_CLIENT_SECRET": self.settings.oidc_users_client_secret,
        }
        command = _twinev("api", *(["--demo"] if self.demonstration else []))
        ready = _answering(f"http://{_reached(self.settings.bind)}:{self.settings.api_port}/api/v1/health")
        return self._spec(name, command, told, ready, after=(*self._messages(), *(("api",) if name != "api" else ())))

    def _gateway(self, urls: Mapping[str, str]) -> ProcessSpec:
        told = {
            "TWINEV_NATS_URL": urls["gateway"],
            "TWINEV_OCPP_PORT": self.settings.ocpp_port,
            "TWINEV_OCPP_TLS_PORT": self.settings.ocpp_tls_port,
            "TWINEV_OCPP_TLS_CERT": _absolute(self.settings.ocpp_tls_cert),
            "TWINEV_OCPP_TLS_KEY": _absolute(self.settings.ocpp_tls_key),
            "TWINEV_OCPP_TLS_CLIENT_CA": _absolute(self.settings.ocpp_tls_client_ca),
            "TWINEV_OCPP_CLIENT_CRL": _absolute(self.settings.ocpp_client_crl),
            "TWINEV_OCPP_CONNECTIONS": self.settings.ocpp_connections,
        }
        ready = _listening(_reached(self.settings.bind), self.settings.ocpp_port)
        return self._spec("gateway", _twinev("gateway"), told, ready, after=self._messages())

    def _planner(self, urls: Mapping[str, str]) -> ProcessSpec:
        told = {"TWINEV_NATS_URL": urls["planner"]}
        return self._spec("planner", _twinev("planner"), told, _at_once, after=self._messages())

    def _dashboards(self) -> ProcessSpec:
        told = {
            "TWINEV_API_PORT": self.settings.api_port,
            "TWINEV_PUBLIC_URL": self.settings.public_url,
            "TWINEV_DASHBOARDS_URL": self.settings.dashboards_url,
            "TWINEV_DASHBOARDS_PORT": self.settings.dashboards_port,
            "TWINEV_INTERNAL_API_URL": self.settings.internal_api_url,
            "TWINEV_WARM_KERNELS": self.settings.warm_kernels,
        }
        ready = _listening(_reached(self.settings.bind), self.settings.dashboards_port)
        return self._spec("dashboards", _twinev("dashboards"), told, ready)

    def _stations(self) -> list[ProcessSpec]:
        if self.demonstration is None:
            return []
        kept = self.settings.data_dir / "simulator"
        options = ["--scenario", self.settings.data_dir / "simulator.json", "--state-dir", kept]
        options += ["--ledger", kept / "ledger.jsonl", "--seed", self.demonstration.seed]
        options += ["--meter-interval", METER_WALL_SECONDS * self.clock.speed]
        if self.demonstration.scenario:
            options += ["--scenario", self.demonstration.scenario.absolute()]
        return [self._spec("simulate", _twinev("simulate", *options), {}, _at_once, after=("api", "gateway"))]

    def _messages(self) -> tuple[str, ...]:
        return () if self.settings.nats_url else ("nats",)

    def _spec(
        self,
        name: str,
        command: tuple[str, ...],
        told: Mapping[str, object | None],
        ready: Callable[[], Awaitable[bool]],
        after: tuple[str, ...] = (),
    ) -> ProcessSpec:
        common = {
            "TWINEV_DATA_DIR": self.settings.data_dir,
            "TWINEV_BIND": self.settings.bind,
            "TWINEV_CLOCK": self.clock.to_text(),
            "PYTHONUNBUFFERED": 1,
        }
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment |= {key: str(value) for key, value in {**common, **told}.items() if value is not None}
        log = self.settings.data_dir / "logs" / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return ProcessSpec(
            name=name,
            command=command,
            environment=environment,
            log=log,
            # Away from any .env: each process is told what it needs, and nothing else.
            directory=self.settings.data_dir,
            ready=ready,
            after=after,
        )


def require_free_ports(settings: Settings) -> None:
    """Raise `Conflict` for the first port that another program holds, with the variable that changes it."""
    wanted = {
        "TWINEV_API_PORT": (settings.bind, settings.api_port),
        "TWINEV_OCPP_PORT": (settings.bind, settings.ocpp_port),
        "TWINEV_DASHBOARDS_PORT": (settings.bind, settings.dashboards_port),
    }
    if settings.ocpp_tls_port is not None:
        wanted["TWINEV_OCPP_TLS_PORT"] = (settings.bind, settings.ocpp_tls_port)
    if not settings.nats_url:
        wanted["TWINEV_NATS_PORT"] = ("127.0.0.1", settings.nats_port)
    taken_by: dict[int, str] = {}
    for variable, (host, port) in wanted.items():
        if port in taken_by:
            raise Conflict(f"{variable} and {taken_by[port]} are both {port}; give each a port of its own")
        taken_by[port] = variable
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise Conflict(
                    f"port {port} on {host} cannot be used ({error.strerror}); end the program that holds it, "
                    f"or set {variable} to another port"
                ) from error


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


def _twinev(*words: object) -> tuple[str, ...]:
    return (sys.executable, "-m", "twinev", *map(str, words))


def _reached(bind: str) -> str:
    return "127.0.0.1" if bind == "0.0.0.0" else bind


async def _at_once() -> bool:
    return True


def _listening(host: str, port: int) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1)
        writer.close()
        return True

    return ready


def _answering(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            try:
                return (await client.get(url)).status_code < httpx.codes.INTERNAL_SERVER_ERROR
            except httpx.HTTPError:
                return False

    return ready
