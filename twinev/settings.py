"""Everything that can be set from the environment (or a ``.env`` file). Only `wiring` and `cli` read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from twinev.errors import BadInput


class Settings(BaseSettings):
    """``TWINEV_<NAME>`` in the environment sets ``<name>`` here."""

    model_config = SettingsConfigDict(env_prefix="TWINEV_", env_file=".env", extra="ignore", frozen=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
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
    dashboards_port: int = Field(default=8866, ge=1, le=65535)
    secret_key: str | None = Field(default=None, description="signs cookies, keys HMACs; made once in data_dir")
    ocpp_enrol: Literal["closed", "open"] = "closed"
    reservation_grace_minutes: float = Field(default=15.0, ge=1, le=240, description="how late a driver may come")
    dashboards_url: str | None = Field(default=None, description="how browsers reach the dashboards, if otherwise")
    clock: str | None = Field(default=None, description="an accelerated clock, set by `twinev up --speed`")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach what is served."""
        return self.bind == "localhost" or self.bind.startswith("127.") or self.bind == "::1"

    @property
    def api_url(self) -> str:
        return self.public_url or f"http://{self.bind}:{self.api_port}"

    @property
    def dashboards_public_url(self) -> str:
        return self.dashboards_url or f"http://{self.bind}:{self.dashboards_port}"
