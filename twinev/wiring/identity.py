"""Builds who may log in and how: local accounts, or an identity server when one is configured."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine

from twinev.adapters.database.accounts import DatabaseAccounts
from twinev.adapters.database.engine import in_this_process
from twinev.adapters.database.grants import DatabaseGrants
from twinev.adapters.identity.demo_accounts import make_demo_accounts, make_first_account
from twinev.adapters.identity.oidc.keycloak_users import KeycloakUsers
from twinev.adapters.identity.oidc.published import PublishedFacts
from twinev.adapters.identity.oidc.server import OidcServer
from twinev.adapters.identity.oidc.tokens import TokenCheck
from twinev.adapters.identity.passwords import Argon2Passwords
from twinev.adapters.identity.sealing import SecretKeySealer
from twinev.adapters.identity.signing import SecretKeySigner
from twinev.api.login_desk import LoginDesk, LoginMethods
from twinev.errors import BadInput
from twinev.services.administer_users import NoUserAdministration, UserAdministration
from twinev.services.check_login import CheckLogin
from twinev.services.keep_grant import KeepGrants
from twinev.services.log_in import LogIn
from twinev.services.log_in_elsewhere import LogInElsewhere
from twinev.services.manage_server_users import ManageServerUsers
from twinev.services.manage_users import ManageUsers
from twinev.settings import Settings

CALLBACK_PATH = "/login/callback"


class WallClock:
    """The wall's clock: logins expire by it, however fast the platform's runs."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


class IdentityParts:
    """Everything about logins in the API process, each part once.

    Parameters
    ----------
    settings : Settings
        Names the identity server, if there is one.
    engine : Engine
        The database.
    secret : str
        Signs cookies and tokens, seals what must not be read.
    """

    def __init__(self, *, settings: Settings, engine: Engine, secret: str) -> None:
        self._settings = settings
        self._engine = engine
        self._secret = secret
        self._clock = WallClock()
        self._accounts = DatabaseAccounts(engine=engine)
        self._passwords = Argon2Passwords()

    def desk(self) -> LoginDesk:
        """Return what the routers work with."""
        if self._settings.oidc_issuer is None:
            return self._local_desk()
        return self._server_desk(PublishedFacts(issuer=self._settings.oidc_issuer))

    def make_accounts(self, *, demo: bool) -> None:
        """Make the local accounts of a first start: the demonstration's, or one administrator."""
        if self._settings.oidc_issuer is not None:
            return
        if demo:
            make_demo_accounts(users=self._local_users(), path=self._settings.data_dir / "demo_accounts.json")
        else:
            make_first_account(users=self._local_users(), path=self._settings.data_dir / "first_account.json")

    def _local_desk(self) -> LoginDesk:
        return LoginDesk(
            log_in=self._log_in(),
            check_login=CheckLogin(accounts=self._accounts, signer=self._signer(), clock=self._clock),
            users=self._local_users(),
            at_once=in_this_process(self._engine),
            **self._addresses(),
        )

    def _server_desk(self, facts: PublishedFacts) -> LoginDesk:
        grants = DatabaseGrants(engine=self._engine, sealer=self._sealer())
        server = self._server(facts)
        shared = {"server": server, "grants": grants, "accounts": self._accounts, "clock": self._clock}
        return LoginDesk(
            log_in=self._log_in(),
            check_login=CheckLogin(
                accounts=self._accounts, signer=self._signer(), clock=self._clock, vouching=KeepGrants(**shared)
            ),
            users=self._server_users(facts, grants),
            elsewhere=LogInElsewhere(sealer=self._sealer(), **shared),
            methods=partial(_methods_of, facts),
            **self._addresses(),
        )

    def _server(self, facts: PublishedFacts) -> OidcServer:
        client_id, client_secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        if not client_secret:
            raise BadInput("TWINEV_OIDC_CLIENT_SECRET", None, f"the secret of the client {client_id}")
        machines = [name.strip() for name in self._settings.oidc_machine_clients.split(",") if name.strip()]
        tokens = TokenCheck(facts=facts, client_id=client_id, machine_clients=machines, clock=self._clock)
        return OidcServer(
            facts=facts,
            tokens=tokens,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=self._settings.api_url.rstrip("/") + CALLBACK_PATH,
        )

    def _server_users(self, facts: PublishedFacts, grants: DatabaseGrants) -> UserAdministration:
        client_secret = self._settings.oidc_users_client_secret
        if not client_secret:
            return NoUserAdministration(
                f"users are managed at the identity server, {facts.issuer}; with TWINEV_OIDC_USERS_CLIENT_SECRET this"
                " platform manages them too"
            )
        directory = KeycloakUsers(
            facts=facts, client_id=self._settings.oidc_users_client_id, client_secret=client_secret
        )
        return ManageServerUsers(directory=directory, grants=grants, clock=self._clock)

    def _local_users(self) -> ManageUsers:
        return ManageUsers(accounts=self._accounts, passwords=self._passwords, clock=self._clock)

    def _log_in(self) -> LogIn:
        return LogIn(accounts=self._accounts, passwords=self._passwords, clock=self._clock)

    def _signer(self) -> SecretKeySigner:
        return SecretKeySigner(secret_key=self._secret)

    def _sealer(self) -> SecretKeySealer:
        return SecretKeySealer(secret_key=self._secret)

    def _addresses(self) -> dict[str, str]:
        return {"public_url": self._settings.api_url, "dashboards_url": self._settings.dashboards_public_url}


def _methods_of(facts: PublishedFacts) -> LoginMethods:
    return LoginMethods(issuer=facts.issuer, token_endpoint=facts.address("token_endpoint"))
