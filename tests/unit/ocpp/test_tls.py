"""Whom a station's certificate names."""

from __future__ import annotations

import pytest

from twinev.adapters.ocpp.tls import names_of


@pytest.mark.parametrize(
    ("certificate", "names"),
    [
        (None, set()),
        ({}, set()),
        ({"subject": ((("organizationName", "CPO"),), (("commonName", "CP1"),))}, {"CP1"}),
        (
            {"subject": ((("commonName", "a"),),), "subjectAltName": (("DNS", "cp2"), ("IP Address", "10.0.0.1"))},
            {"a", "cp2"},
        ),
        ({"subjectAltName": (("DNS", "*.example.org"),)}, {"*.example.org"}),
    ],
)
def test_names_are_the_common_name_and_the_dns_names_to_the_letter(certificate, names: set[str]) -> None:
    assert names_of(certificate) == names
