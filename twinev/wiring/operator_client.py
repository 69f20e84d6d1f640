"""A client of the running system for commands of whoever runs this machine."""

from __future__ import annotations

import json
import os

from twinev.client import Client
from twinev.errors import NotAuthenticated
from twinev.settings import Settings

ACCOUNT_FILES = ("first_account.json", "demo_accounts.json")


def operator_client(settings: Settings) -> Client:
    """Log in as ``TWINEV_USERNAME`` with ``TWINEV_PASSWORD``, else as the administrator of the first start.

    Where an identity server knows the users, as its service account ``TWINEV_CLIENT_ID`` with ``TWINEV_CLIENT_SECRET``.

    Raises
    ------
    NotAuthenticated
        None of these is there.
    """
    client_id, client_secret = os.environ.get("TWINEV_CLIENT_ID"), os.environ.get("TWINEV_CLIENT_SECRET")
    if client_id and client_secret:
        return Client(settings.api_url, client_id=client_id, client_secret=client_secret, app="twinev")
    username, password = os.environ.get("TWINEV_USERNAME"), os.environ.get("TWINEV_PASSWORD")
    if username and password:
        return Client(settings.commands_api_url, username=username, password=password, app="twinev")
    for name in ACCOUNT_FILES:
        path = settings.data_dir / name
        if path.exists():
            administrator = next(
                account for account in json.loads(path.read_text()) if account["role"] == "administrator"
            )
            return Client(
                settings.commands_api_url,
                username=administrator["username"],
                password=administrator["password"],
                app="twinev",
            )
    raise NotAuthenticated(
        f"no account: set TWINEV_USERNAME and TWINEV_PASSWORD (with an identity server TWINEV_CLIENT_ID and "
        f"TWINEV_CLIENT_SECRET), or TWINEV_DATA_DIR to the running system's directory "
        f"(in {settings.data_dir} there is none of {', '.join(ACCOUNT_FILES)})"
    )
