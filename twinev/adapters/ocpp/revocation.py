"""Which certificates of stations hold no longer: the certificate revocation lists of their authorities (RFC 5280).

Looked at after the TLS handshake, not within it: a resumed TLS session brings no certificate to be verified again, and
a list can be replaced without a new port.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from twinev.errors import BadInput

logger = logging.getLogger(__name__)

_END = b"-----END X509 CRL-----"


class Revocations:
    """The serial numbers that authorities took back.

    Parameters
    ----------
    numbers : iterable of (bytes, int)
        Issuer (DER) and serial number of each certificate.
    """

    def __init__(self, numbers: frozenset[tuple[bytes, int]] = frozenset()) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def hold(self, certificate_der: bytes | None) -> bool:
        """Whether this certificate was taken back."""
        if certificate_der is None or not self._numbers:
            return False
        certificate = x509.load_der_x509_certificate(certificate_der)
        return (certificate.issuer.public_bytes(), certificate.serial_number) in self._numbers


def read_revocations(path: Path, client_ca: Path) -> Revocations:
    """Read lists (PEM, one after the other), each signed by one of the authorities in ``client_ca``.

    A list whose time is over still holds, and is warned of: without it the certificates on it would be good again,
    and refusing everybody would stop all stations for a file that came late.

    Raises
    ------
    BadInput
        A file cannot be used, or a list is signed by somebody else.
    """
    try:
        authorities = x509.load_pem_x509_certificates(client_ca.read_bytes())
        parts = path.read_bytes().split(_END)
        lists = [x509.load_pem_x509_crl(part + _END + b"\n") for part in parts[:-1]]
    except (OSError, ValueError) as error:
        raise BadInput("TLS client CRL", str(path), f"a PEM file of revocation lists ({error})") from error
    if not lists:
        raise BadInput("TLS client CRL", str(path), "a PEM file with at least one revocation list")
    numbers: set[tuple[bytes, int]] = set()
    for found in lists:
        _require_signed(found, authorities, path)
        _warn_if_late(found, path)
        numbers.update((found.issuer.public_bytes(), revoked.serial_number) for revoked in found)
    return Revocations(frozenset(numbers))


def _require_signed(found: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate], path: Path) -> None:
    for authority in authorities:
        try:
            if authority.subject == found.issuer and found.is_signature_valid(authority.public_key()):
                return
        except (TypeError, UnsupportedAlgorithm):
            continue  # A kind of key that signs no list.
    issuer = found.issuer.rfc4514_string()
    raise BadInput("TLS client CRL", str(path), f"lists signed by the CA of the stations; this one is of {issuer}")


def _warn_if_late(found: x509.CertificateRevocationList, path: Path) -> None:
    until = found.next_update_utc
    if until is not None and until < datetime.now(UTC):
        logger.error("the revocation list in %s should have been replaced by %s; it still holds", path, until)
