"""A database that is not there is one clear sentence."""

from __future__ import annotations

import pytest

from twinev.adapters.database.migrate import upgrade
from twinev.errors import Unavailable


def test_unreachable_database_is_named_without_its_password() -> None:
    with pytest.raises(Unavailable, match=r"twinev:\*\*\*@127\.0\.0\.1:1/twinev cannot be reached") as caught:
        upgrade("postgresql://twinev:secret-word@127.0.0.1:1/twinev")

    assert "secret-word" not in str(caught.value)
    assert "TWINEV_DATABASE_URL" in str(caught.value)
