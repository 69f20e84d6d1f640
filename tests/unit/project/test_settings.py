"""Settings from the environment, and from the files by which containers are given secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinev.settings import Settings


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Settings, "secrets_folder", tmp_path)
    monkeypatch.delenv("TWINEV_SECRET_KEY", raising=False)
    return tmp_path / "twinev_secret_key"


def test_secret_comes_from_its_file(secret: Path) -> None:
    secret.write_text("from the file\n")

    assert Settings().secret_key == "from the file"


def test_environment_goes_before_the_file(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("from the file")
    monkeypatch.setenv("TWINEV_SECRET_KEY", "from the environment")

    assert Settings().secret_key == "from the environment"


def test_folder_that_is_not_there_is_no_fault(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "secrets_folder", secret.parent / "absent")

    assert Settings().secret_key is None


def test_commands_take_the_inner_way_to_the_api_where_there_is_one() -> None:
    public = {"public_url": "https://charging.example.org"}

    assert Settings(**public).commands_api_url == "https://charging.example.org"
    assert Settings(**public, internal_api_url="http://api:8080").commands_api_url == "http://api:8080"
