"""`twinev up` tells its processes everything that can be set: they see no other environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twinev.clock import PlatformClock
from twinev.settings import Settings
from twinev.wiring.system import WholeSystem

#: The embedded NATS server's, which is told in its own file.
OF_NATS = {"nats_port", "nats_modules"}
OTHERS: dict[str, Any] = {
    "reservation_grace_minutes": 42.0,
    "ocpi_party": "DE*ABC",
    "ocpi_operator_name": "Stadtwerke",
    "ocpi_country": "DEU",
    "keep_plans_days": 33,
    "rate_per_user": 7.0,
}


@pytest.fixture
def environments(tmp_path: Path):
    def of(**chosen: Any) -> dict[str, dict[str, str]]:
        settings = Settings(data_dir=tmp_path, nats_url="nats://elsewhere", **chosen)
        system = WholeSystem(settings=settings, clock=PlatformClock(), demonstration=None)
        return {spec.name: dict(spec.environment) for spec in system.specs()}

    return of


def test_what_is_set_reaches_the_api(environments) -> None:
    told = environments(**OTHERS)["api"]

    assert {name: told[f"TWINEV_{name.upper()}"] for name in OTHERS} == {
        name: str(value) for name, value in OTHERS.items()
    }


def test_no_setting_is_kept_from_every_process(environments, tmp_path: Path) -> None:
    text = {"database_url", "public_url", "dashboards_url", "internal_api_url", "secret_key", "oidc_issuer"}
    text |= {"oidc_client_secret", "oidc_users_client_secret", "co2_source"}
    files = {"ocpp_tls_cert", "ocpp_tls_key", "ocpp_tls_client_ca", "ocpp_client_crl"}
    numbers = {"ocpp_tls_port": 9001, "co2_g_per_kwh": 300}
    chosen = dict.fromkeys(text, "x") | dict.fromkeys(files, tmp_path / "file") | numbers

    told = set().union(*environments(**chosen).values())

    wanted = {f"TWINEV_{name.upper()}" for name in Settings.model_fields.keys() - OF_NATS}
    assert wanted - told == set()
