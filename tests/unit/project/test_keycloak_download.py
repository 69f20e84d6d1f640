"""What `scripts/test` is told where Keycloak cannot be fetched: only what is unreachable may be left out."""

from pathlib import Path

import keycloak_server
import pytest


@pytest.fixture
def maven(tmp_path, monkeypatch):
    """A `mvn` of the tests' own, which says what it is given and fails; an empty cache; Java as it must be."""

    def saying(text: str) -> None:
        program = tmp_path / "mvn"
        program.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit 1\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(keycloak_server, "what_is_missing", lambda: None)

    return saying


@pytest.mark.parametrize(
    "said",
    [
        "[ERROR] Could not transfer artifact org.keycloak:keycloak-quarkus-dist:zip",
        "[ERROR] repo.example: Unknown host repo.example",
    ],
)
def test_unreachable_download_is_told_on_one_line(maven, capsys, said):
    maven(said)

    assert keycloak_server.make_ready() == keycloak_server.UNREACHABLE
    assert capsys.readouterr().out == "Keycloak could not be downloaded\n"


def test_any_other_failure_of_maven_is_a_failure(maven):
    maven("[ERROR] Unknown lifecycle phase")

    with pytest.raises(RuntimeError, match="Unknown lifecycle phase"):
        keycloak_server.make_ready()


def test_script_knows_the_status_and_the_variable():
    script = (Path(__file__).resolve().parents[3] / "scripts" / "test").read_text()

    assert f"        {keycloak_server.UNREACHABLE}) export {keycloak_server.TOLD}=" in script


def test_what_the_script_says_leaves_the_tests_out(monkeypatch):
    keycloak_server.what_is_missing.cache_clear()
    monkeypatch.setenv(keycloak_server.TOLD, "Keycloak could not be downloaded")
    try:
        assert keycloak_server.what_is_missing() == "Keycloak could not be downloaded"
    finally:
        keycloak_server.what_is_missing.cache_clear()
