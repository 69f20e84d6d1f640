"""The files of ``deploy/``, and what Docker would make of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"


def load(name: str) -> ModuleType:
    """One of the scripts of ``deploy/``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DEPLOY / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def deploy() -> Path:
    return DEPLOY


@pytest.fixture(scope="session")
def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def make_secrets() -> Callable[[Path], None]:
    return load("make_secrets").make_secrets


@pytest.fixture
def secrets_folder(make_secrets: Callable[[Path], None], tmp_path: Path) -> Path:
    """What ``make_secrets.py`` makes."""
    make_secrets(tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.fixture(scope="session")
def runtime_lock() -> str:
    """The part of the lock that goes into the image."""
    return load("runtime_lock").runtime_lock((DEPLOY.parent / "requirements.lock").read_text(encoding="utf-8"))
