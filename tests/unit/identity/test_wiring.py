"""Which identity is built from which settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade_engine
from twinev.errors import BadInput, Forbidden
from twinev.settings import Settings
from twinev.wiring.identity import IdentityParts

ISSUER = "https://login.example.org/realms/twinergy"


def parts(tmp_path: Path, **values: str) -> IdentityParts:
    engine = open_engine(f"sqlite:///{tmp_path / 'twinev.db'}")
    upgrade_engine(engine)
    settings = Settings(_env_file=None, data_dir=tmp_path, **values)
    return IdentityParts(settings=settings, engine=engine, secret="k" * 64)


def test_issuer_without_the_clients_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="TWINEV_OIDC_CLIENT_SECRET"):
        parts(tmp_path, oidc_issuer=ISSUER).desk()


def test_issuer_in_the_clear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="https"):
        parts(tmp_path, oidc_issuer="http://login.example.org/realms/x", oidc_client_secret="s").desk()


def test_users_are_not_managed_here_without_a_service_account(tmp_path: Path) -> None:
    desk = parts(tmp_path, oidc_issuer=ISSUER, oidc_client_secret="s").desk()
    with pytest.raises(Forbidden, match="TWINEV_OIDC_USERS_CLIENT_SECRET"):
        desk.users.page(search="", first=0, limit=10)


def test_local_accounts_are_made_without_an_issuer_only(tmp_path: Path) -> None:
    parts(tmp_path, oidc_issuer=ISSUER, oidc_client_secret="s").make_accounts(demo=False)
    assert not (tmp_path / "first_account.json").exists()
    parts(tmp_path).make_accounts(demo=False)
    assert (tmp_path / "first_account.json").exists()
