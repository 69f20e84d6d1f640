"""environment.yml names what pyproject.toml names, with the same versions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


def _requirement(text: str) -> tuple[str, str]:
    name, _extra, versions = re.fullmatch(r"([\w.-]+)(\[[^]]*\])?(.*)", text).groups()
    return name.lower(), versions


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment() -> list:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_environment_names_the_same_packages_and_versions(project: dict, environment: list) -> None:
    listed = [entry for entry in environment if isinstance(entry, str)]
    by_pip = next(entry["pip"] for entry in environment if isinstance(entry, dict))
    own = {"python", "pip", "-e"}
    in_environment = dict(
        _requirement(text) for text in [*listed, *by_pip] if re.match(r"[\w.-]+", text).group() not in own
    )

    assert in_environment == dict(_requirement(text) for text in project["dependencies"])


def test_environment_asks_for_a_python_that_the_package_takes(project: dict, environment: list) -> None:
    python = next(text for text in environment if isinstance(text, str) and text.startswith("python>"))

    assert python.removeprefix("python").startswith(project["requires-python"])
