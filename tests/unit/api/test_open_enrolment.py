"""Open enrolment is told of where others than this machine can reach the gateway."""

import pytest

from twinev.settings import Settings
from twinev.wiring.api import warn_of_open_enrolment


@pytest.mark.parametrize(
    ("enrol", "bind", "warns"),
    [
        ("open", "0.0.0.0", True),
        ("open", "192.168.1.10", True),
        ("open", "127.0.0.1", False),
        ("open", "::1", False),
        ("closed", "0.0.0.0", False),
    ],
)
def test_open_enrolment_warns_when_not_on_loopback(caplog, enrol: str, bind: str, warns: bool) -> None:
    warn_of_open_enrolment(Settings(ocpp_enrol=enrol, bind=bind))

    assert ("TWINEV_OCPP_ENROL is open" in caplog.text) == warns
