"""Everything that can be set from the environment (or a ``.env`` file). Only `wiring` and `cli` read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from twinev.errors import BadInput


class Settings(BaseSettings):
    """``TWINEV_<NAME>`` in the environment sets ``<name>`` here."""

    model_config = SettingsConfigDict(env_prefix="TWINEV_", env_file=".env", extra="ignore", frozen=True)
    #: Where containers find secrets: a file ``twinev_<name>`` sets ``<name>`` where the environment does not.
    secrets_folder: ClassVar[Path] = Path("/run/secrets")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values, _secrets_dir=self.secrets_folder if self.secrets_folder.is_dir() else None)
        except ValidationError as error:
            first = error.errors()[0]
            key = f"TWINEV_{'_'.join(map(str, first['loc'])).upper()}"
            raise BadInput(key, first["input"], first["msg"].removeprefix("Input should be ")) from error

    data_dir: Path = Field(default=Path.home() / ".local" / "share" / "twinev", description="where everything is kept")
    database_url: str | None = Field(default=None, description="PostgreSQL; without it SQLite in data_dir")
    nats_url: str | None = Field(default=None, description="an external NATS server; without it the embedded one")
    nats_port: int = Field(default=4222, ge=1, le=65535)
    nats_modules: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="other modules' users at the embedded NATS server, and their topics; JSON"
    )
    bind: str = "127.0.0.1"
    public_url: str | None = Field(default=None, description="how browsers reach the API, where a proxy stands before")
    api_port: int = Field(default=8080, ge=1, le=65535)
    api_processes: int = Field(default=1, ge=1, le=64, description="how many API processes share that port here")
    internal_api_url: str | None = Field(
        default=None, description="where our own processes and commands reach the API, where browsers take another way"
    )
    ocpp_port: int = Field(default=9000, ge=1, le=65535)
    ocpp_tls_port: int | None = Field(default=None, ge=1, le=65535, description="stations of profile 2, or 3")
    ocpp_tls_cert: Path | None = Field(default=None, description="the gateway's certificate with its chain, PEM")
    ocpp_tls_key: Path | None = Field(default=None, description="its private key, PEM")
    ocpp_tls_client_ca: Path | None = Field(default=None, description="signs stations' certificates: profile 3, PEM")
    ocpp_client_crl: Path | None = Field(default=None, description="which of these certificates are revoked, PEM")
    ocpp_connections: int = Field(default=5000, ge=1, description="how many stations one gateway takes")
    keep_facts_days: int = Field(default=90, ge=30, description="keys of what stations said, to know replays")
    keep_set_aside_days: int = Field(default=365, ge=1, description="facts that contradicted others")
    keep_reports_days: int = Field(default=365, ge=1, description="what stations told of themselves")
    keep_commands_days: int = Field(default=365, ge=1, description="what stations were told")
    keep_plans_days: int = Field(default=180, ge=1, description="plans with their inputs; a site's last one stays")
    co2_g_per_kwh: float | None = Field(
        default=None, ge=0, le=5000, description="what a kWh from the grid emits, for the analysis; no default is right"
    )
    co2_source: str | None = Field(default=None, min_length=1, max_length=200, description="who says so, and for when")
    dashboards_port: int = Field(default=8866, ge=1, le=65535)
    warm_kernels: int = Field(default=1, ge=0, le=10, description="dashboards' kernels ready for the next pages")
    secret_key: str | None = Field(default=None, description="signs cookies, keys HMACs; made once in data_dir")
    ocpp_enrol: Literal["closed", "open"] = "closed"
    reservation_grace_minutes: float = Field(default=15.0, ge=1, le=240, description="how late a driver may come")
    dashboards_url: str | None = Field(default=None, description="how browsers reach the dashboards, if otherwise")
    oidc_issuer: str | None = Field(default=None, description="the identity server's realm; without it local accounts")
    oidc_client_id: str = Field(default="twinev-api", description="the API's client there, and the tokens' audience")
    oidc_client_secret: str | None = Field(default=None, description="its secret")
    oidc_machine_clients: str = Field(default="twinev-jobs", description="whose access tokens count here, with commas")
    oidc_users_client_id: str = Field(default="twinev-users", description="the service account that manages users")
    oidc_users_client_secret: str | None = Field(
        default=None, description="its secret; without it users are read only there"
    )
    rate_per_user: float = Field(default=200, ge=0, description="requests a second of one user; 0 for any number")
    rate_per_address: float = Field(default=100, ge=0, description="the same of an address that is not logged in")
    trusted_proxies: str = Field(
        default="", description="addresses whose X-Forwarded-For is believed: 10.0.0.2,10.1.0.0/16"
    )
    ocpi_party: str = Field(default="NL*TWE", pattern=r"^[A-Z]{2}\*[A-Z0-9]{3}$", description="who we are in OCPI")
    ocpi_operator_name: str = Field(default="TwinEV", min_length=1, max_length=100)
    ocpi_country: str = Field(default="NLD", pattern="^[A-Z]{3}$", description="where the sites are, ISO 3166 alpha-3")
    clock: str | None = Field(default=None, description="an accelerated clock, set by `twinev up --speed`")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach what is served."""
        return self.bind == "localhost" or self.bind.startswith("127.") or self.bind == "::1"

    @property
    def api_url(self) -> str:
        return self.public_url or f"http://{self.bind}:{self.api_port}"

    @property
    def commands_api_url(self) -> str:
        """Where the command line reaches the API."""
        return self.internal_api_url or self.api_url

    @property
    def dashboards_public_url(self) -> str:
        return self.dashboards_url or f"http://{self.bind}:{self.dashboards_port}"
