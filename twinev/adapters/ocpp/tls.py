"""The gateway's TLS port: which ciphers, whose certificates, and who a station's certificate says that it is."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinev.adapters.ocpp.revocation import Revocations, read_revocations
from twinev.errors import BadInput

# Forward secrecy first. The two without it are the ones that the security whitepaper has every central system
# support (ed. 2, A00.FR.317), for stations that know no better; TLS 1.3 brings its own.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:AES256-GCM-SHA384:AES128-GCM-SHA256"


@dataclass(frozen=True, kw_only=True)
class TlsPort:
    """A port with TLS, and the one security profile of the stations that come in there.

    Parameters
    ----------
    port : int
        Where to listen; 0 takes any that is free.
    certificate, key : Path
        The server's certificate with its chain, and its private key (PEM).
    client_ca : Path, optional
        Who signs the certificates of stations (PEM). With it every station needs one: security profile 3; without it
        stations come with their keys: profile 2.
    client_crl : Path, optional
        Which of these certificates hold no longer (PEM).
    """

    port: int
    certificate: Path
    key: Path
    client_ca: Path | None = None
    client_crl: Path | None = None

    @property
    def security_profile(self) -> int:
        return 2 if self.client_ca is None else 3

    def revocations(self) -> Revocations:
        """Read the revocation lists.

        Raises
        ------
        BadInput
            They cannot be used.
        """
        if self.client_ca is None or self.client_crl is None:
            return Revocations()
        return read_revocations(self.client_crl, self.client_ca)

    def context(self) -> ssl.SSLContext:
        """Read the files.

        Raises
        ------
        BadInput
            One of them cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        context.set_ciphers(CIPHERS)
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            given = f"{self.certificate} with {self.key}"
            raise BadInput("TLS certificate and key", given, f"two PEM files that belong together ({error})") from error
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except OSError as error:
                raise BadInput("TLS client CA", str(self.client_ca), f"a PEM file of certificates ({error})") from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def security_profile_of(socket: ssl.SSLObject | None, *, has_key: bool) -> int:
    """Under which security profile a station comes in: its port decides, and on the plain one whether it has a key."""
    if socket is None:
        return 1 if has_key else 0
    return 3 if socket.context.verify_mode == ssl.CERT_REQUIRED else 2


def names_of(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """Whom a verified certificate (`ssl.SSLObject.getpeercert`) names: its common name, its DNS names."""
    if not certificate:
        return frozenset()
    common = {value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"}
    return frozenset(common | {value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"})
