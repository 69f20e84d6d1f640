"""A real Keycloak for tests: fetched once with Maven, built and kept in a cache, started on loopback with our realm.

``python tests/keycloak_server.py`` fills the cache; where that cannot be, it says in one line what is missing and exits
with `UNREACHABLE`.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from running_system import free_ports

VERSION = "26.4.7"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
LEAST_JAVA = 17
#: Where whoever starts the tests says that the server could not be fetched; the exit status that tells it so.
TOLD, UNREACHABLE = "TWINEV_TESTS_NO_KEYCLOAK", 3
#: What Maven says where it cannot reach a repository; any other failure is a fault of ours.
_NOT_REACHED = re.compile(
    r"unknown host|connection (refused|timed out|reset)|connect timed out|no route to host|network is unreachable"
    r"|could not transfer|temporary failure in name resolution|status code: (403|407|429|5\d\d)",
    re.IGNORECASE,
)
START_WITHIN_SECONDS = 150

REALM_FILE = Path(__file__).resolve().parent.parent / "deploy" / "keycloak" / "twinergy-realm.json"
# They open a server that lives for one test run on this machine only.
ADMIN = {"KC_BOOTSTRAP_ADMIN_USERNAME": "root", "KC_BOOTSTRAP_ADMIN_PASSWORD": "of-this-test-run"}
SECRETS = {
    "TWINEV_OIDC_CLIENT_SECRET": "the-api-s-secret-of-this-test-run",
    "TWINEV_JOBS_CLIENT_SECRET": "the-jobs-secret-of-this-test-run",
    "TWINEV_OIDC_USERS_CLIENT_SECRET": "the-users-secret-of-this-test-run",
}
# Little memory, and compiled quickly rather than well: it serves a handful of logins.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1"


class NotReachable(Exception):
    """The place that Keycloak is fetched from does not answer."""


@cache
def what_is_missing() -> str | None:
    """Return why there can be no Keycloak here, None when there can."""
    told = os.environ.get(TOLD)
    if told:
        return told
    if shutil.which("mvn") is None:
        return "Maven is not installed"
    java = shutil.which("java")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr if java else ""
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < LEAST_JAVA:
        return f"Java {LEAST_JAVA} or later is not installed"
    return None


@dataclass
class KeycloakServer:
    """A running server with the realm twinergy."""

    home: Path
    port: int
    process: subprocess.Popen
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/twinergy"

    def pause(self) -> None:
        """Stop answering, with the connections open: the worst way to be away."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def create_user(self, username: str, password: str, *roles: str) -> str:
        """Create a user of the realm and return the id."""
        body = {
            "username": username,
            "enabled": True,
            "firstName": username.capitalize(),
            "credentials": [{"type": "password", "value": password, "temporary": False}],
        }
        user_id = self.ask("POST", "/users", json=body).headers["Location"].rpartition("/")[2]
        self.give_roles(user_id, *roles)
        return user_id

    def give_roles(self, user_id: str, *roles: str) -> None:
        meant = [self.ask("GET", f"/roles/{role}").json() for role in roles]
        self.ask("POST", f"/users/{user_id}/role-mappings/realm", json=meant)

    def take_roles(self, user_id: str, *roles: str) -> None:
        meant = [self.ask("GET", f"/roles/{role}").json() for role in roles]
        self.ask("DELETE", f"/users/{user_id}/role-mappings/realm", json=meant)

    def set_token_life(self, seconds: int) -> None:
        """How long access tokens live from now on. [s]"""
        self.ask("PUT", "", json={"realm": "twinergy", "accessTokenLifespan": seconds})

    def rotate_keys(self) -> None:
        """Sign with a new key from now on, and forget the old ones."""
        provider = "org.keycloak.keys.KeyProvider"
        old = [
            key
            for key in self.ask("GET", "/components", params={"type": provider}).json()
            if key["providerId"] == "rsa-generated"
        ]
        config = {"priority": ["1000"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
        new = {"name": "rotated", "providerId": "rsa-generated", "providerType": provider, "config": config}
        self.ask("POST", "/components", json=new)
        for key in old:
            self.ask("DELETE", f"/components/{key['id']}")

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Call the admin API of the realm as the server's own administrator."""
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as http:
            login = {
                "grant_type": "password",
                "client_id": "admin-cli",
                "username": ADMIN["KC_BOOTSTRAP_ADMIN_USERNAME"],
                "password": ADMIN["KC_BOOTSTRAP_ADMIN_PASSWORD"],
            }
            token = http.post("/realms/master/protocol/openid-connect/token", data=login).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            answer = http.request(method, f"/admin/realms/twinergy{path}", headers=headers, **content)
        answer.raise_for_status()
        return answer


@contextmanager
def running_keycloak(*, port: int, management_port: int, public_url: str) -> Iterator[KeycloakServer]:
    """Start a server in a folder of its own with our realm for an API at ``public_url``, and end it with the block."""
    folder = Path(tempfile.mkdtemp(prefix="twinev-keycloak-", dir=prepared().parent))
    home, log = folder / "home", folder / "keycloak.log"
    # Hard links: the program is 200 MB and nobody writes to it; its data is what is copied.
    shutil.copytree(prepared(), home, copy_function=os.link, ignore=shutil.ignore_patterns("data"))
    shutil.copytree(prepared() / "data", home / "data")
    (home / "data" / "import").mkdir(exist_ok=True)
    shutil.copy(REALM_FILE, home / "data" / "import")
    environment = _environment() | SECRETS | {"TWINEV_PUBLIC_URL": public_url}
    process = _start(home, log, port, management_port, environment, "--import-realm")
    server = KeycloakServer(home=home, port=port, process=process, log=log)
    try:
        yield server
    finally:
        _end(process)
        shutil.rmtree(folder)


def wait_until_ready(server: KeycloakServer, *, within: float = START_WITHIN_SECONDS) -> None:
    """Return when the realm answers."""
    _wait(server.process, server.log, f"{server.issuer}/.well-known/openid-configuration", within)


def prepared() -> Path:
    """Return the folder of a server that is built and has its database made; the first call takes a minute or two."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twinev" / "keycloak"
    home = cache / f"keycloak-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        # Test runs side by side fetch it once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            draft = Path(tempfile.mkdtemp(prefix="draft-", dir=cache))
            try:
                _prepare(draft)
                (draft / f"keycloak-{VERSION}").rename(home)
            finally:
                shutil.rmtree(draft)
    return home


def _prepare(draft: Path) -> None:
    fetch = ["mvn", "-B", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"]
    command = [*fetch, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={draft}"]
    fetched = subprocess.run(command, check=False, cwd=draft, capture_output=True, text=True)
    if fetched.returncode:
        said = fetched.stdout + fetched.stderr
        if _NOT_REACHED.search(said):
            raise NotReachable("Keycloak could not be downloaded")
        raise RuntimeError(f"Maven could not fetch Keycloak:\n{said[-4000:]}")
    archive = draft / f"keycloak-quarkus-dist-{VERSION}.zip"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(draft)
    archive.unlink()
    home = draft / f"keycloak-{VERSION}"
    for script in (home / "bin").glob("*.sh"):
        script.chmod(0o755)
    build = [home / "bin" / "kc.sh", "build", "--db=dev-file", "--health-enabled=true"]
    subprocess.run(build, check=True, cwd=home, env=_environment(), capture_output=True)
    # Once, so that the tables and the master realm are there when a test run starts it.
    port, management_port = free_ports(2)
    process = _start(home, draft / "first.log", port, management_port, _environment())
    try:
        _wait(process, draft / "first.log", f"http://127.0.0.1:{port}/realms/master", START_WITHIN_SECONDS)
    finally:
        _end(process)


def _start(
    home: Path, log: Path, port: int, management_port: int, environment: dict[str, str], *options: str
) -> subprocess.Popen:
    command = [home / "bin" / "kc.sh", "start", "--optimized", "--http-enabled=true", "--hostname-strict=false"]
    command += ["--http-host=127.0.0.1", f"--http-port={port}", f"--http-management-port={management_port}"]
    with log.open("wb") as output:
        return subprocess.Popen(
            [*command, "--cache=local", *options],
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # The script and the Java process that it starts are one group of their own, to be paused together.
            start_new_session=True,
        )


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "JAVA_HOME") if name in os.environ}
    return kept | ADMIN | {"JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m", "JAVA_OPTS_APPEND": JAVA_OPTIONS}


def _wait(process: subprocess.Popen, log: Path, address: str, within: float) -> None:
    deadline = time.monotonic() + within
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(
                f"Keycloak did not start within {within:g} s:\n{log.read_text(errors='replace')[-4000:]}"
            )
        try:
            if httpx.get(address, timeout=5, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)


def _end(process: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def make_ready() -> int:
    """Fill the cache and return 0; where there can be no Keycloak, say why on one line and return `UNREACHABLE`."""
    missing = what_is_missing()
    if missing is None:
        try:
            prepared()
        except NotReachable as error:
            missing = str(error)
    if missing is None:
        return 0
    print(missing)
    return UNREACHABLE


if __name__ == "__main__":
    sys.exit(make_ready())
