"""``deploy/Dockerfile`` and what goes into the image; the build itself needs a daemon, which tests have not."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def instructions(deploy: Path) -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (deploy / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def copied(instructions: list[tuple[str, str]]) -> set[str]:
    """What is taken from the checkout."""
    words = [value.split() for name, value in instructions if name == "COPY" and not value.startswith("--from")]
    return {source for *sources, _target in words for source in sources}


def test_image_is_made_of_what_the_checkout_has(instructions, deploy: Path) -> None:
    assert [source for source in copied(instructions) if not (deploy.parent / source).exists()] == []


def test_build_sees_nothing_but_what_it_copies(instructions, deploy: Path) -> None:
    lines = (deploy.parent / ".dockerignore").read_text().splitlines()

    assert "*" in lines
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied(instructions)


def test_processes_run_as_nobody_in_particular(instructions) -> None:
    users = [value for name, value in instructions if name == "USER"]

    assert users == ["10001:10001"]


def test_every_package_is_checked_by_its_hash(instructions) -> None:
    installs = [
        part for name, value in instructions if name == "RUN" for part in value.split("&&") if " install " in part
    ]

    pip = [part for part in installs if "pip install" in part]
    assert pip
    assert all("--require-hashes" in part and "--no-deps" in part for part in pip)


def test_runtime_lock_is_closed_and_leaves_the_tests_tools_out(runtime_lock: str, deploy: Path) -> None:
    kept = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", runtime_lock, re.MULTILINE)}
    project = tomllib.loads((deploy.parent / "pyproject.toml").read_text())
    wanted = [Requirement(text) for text in project["project"]["dependencies"]]
    seen: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if (name, *extras) in seen:
            continue
        seen.add((name, *extras))
        assert name in kept
        wanted += [inner for inner in _requirements(name) if any(_applies(inner, extra) for extra in {"", *extras})]

    assert not {"pytest", "pytest-xdist", "playwright", "ruff", "hypothesis", "trustme"} & kept
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z0-9])", runtime_lock))


def _requirements(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        # Of another system: its marker does not hold here.
        return []


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
