"""The time authorities an operator configured, each with the certificate that is believed.

    [[authority]]
    name = "example-tsa"                    lower case; statements and the ledger use it
    url = "https://tsa.example/tsr"
    certificate_file = "tsa.pem"            the authority's own certificate: pinned
    roots_file = "tsa-roots.pem"            the roots that it leads to, and what is between, in one
    crls_file = "tsa.crl.pem"               optional: revocation lists of who issued these
    policy = "1.2.3.4.1"                    optional: the policy to ask for and insist on
    answer_s = 10                           optional: seconds that one answer may take

They are asked in this order until one answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.x509 import (
    Certificate,
    CertificateRevocationList,
    load_pem_x509_certificates,
    load_pem_x509_crl,
)
from yarl import URL

from auditor.certificates import misfit
from auditor.keys import Authority as Pinned
from evidence.errors import ConfigError
from evidence.trusted_time import AUTHORITY_NAME
from service.settings import AuthoritySettings
from service.timestamping.der import oid

MAX_CERTIFICATE_BYTES = 256 << 10
MAX_AUTHORITIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One authority, ready to be asked."""

    name: str
    url: URL
    pinned: Pinned
    policy: str | None = None
    answer_s: float = 10.0

    @property
    def expires_at(self) -> datetime:
        return self.pinned.certificate.not_valid_after_utc


def configured(settings: Sequence[AuthoritySettings]) -> tuple[Authority, ...]:
    """Read every authority's certificates. ConfigError naming the table that is wrong."""
    if len(settings) > MAX_AUTHORITIES:
        raise ConfigError(
            what="the configuration", why=f"it has more than {MAX_AUTHORITIES} [[authority]]"
        )
    names = [table.name for table in settings]
    if len(set(names)) < len(names):
        raise ConfigError(what="the configuration", why="two [[authority]] have one name")
    return tuple(map(_authority, settings))


def _authority(table: AuthoritySettings) -> Authority:
    if not AUTHORITY_NAME.fullmatch(table.name):
        raise _wrong(table, "its name is not lower-case letters, digits, dots and dashes")
    try:
        url = URL(table.url)
        usable = url.scheme in {"http", "https"} and url.host and not url.user
    except ValueError:
        usable = False
    if not usable:
        raise _wrong(table, "its url is not http:// or https://, or holds a password")
    if table.policy is not None:
        try:
            oid(table.policy if re.fullmatch(r"[0-9.]{3,100}", table.policy) else "")
        except ValueError:
            raise _wrong(table, "its policy is not dotted numbers such as 1.2.3.4") from None
    if not 0 < table.answer_s <= 60:
        raise _wrong(table, "its answer_s is not above 0 and at most 60 seconds")
    (certificate, *others) = _certificates(table, table.certificate_file)
    if others:
        raise _wrong(table, "certificate_file holds more than the authority's own certificate")
    roots = tuple(_certificates(table, table.roots_file))
    pinned = Pinned(certificate, roots, tuple(_lists(table)))
    if why := misfit(pinned):
        raise _wrong(table, f"{why} (RFC 3161, 2.3; RFC 5280, 6)")
    return Authority(
        name=table.name,
        url=URL(table.url),
        pinned=pinned,
        policy=table.policy,
        answer_s=table.answer_s,
    )


def _certificates(table: AuthoritySettings, path: Path) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(_read(table, path))
    except ValueError as error:
        raise _wrong(table, f"{path} holds no certificate in PEM") from error


def _lists(table: AuthoritySettings) -> list[CertificateRevocationList]:
    if table.crls_file is None:
        return []
    found = re.findall(
        rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----",
        _read(table, table.crls_file),
        re.DOTALL,
    )
    try:
        lists = [load_pem_x509_crl(each + b"\n") for each in found]
    except ValueError as error:
        raise _wrong(table, f"{table.crls_file} holds a list that cannot be read") from error
    if not lists:
        raise _wrong(table, f"{table.crls_file} holds no revocation list in PEM")
    return lists


def _read(table: AuthoritySettings, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CERTIFICATE_BYTES + 1)
    except OSError as error:
        raise _wrong(table, f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_CERTIFICATE_BYTES:
        raise _wrong(table, f"{path} has more than {MAX_CERTIFICATE_BYTES} bytes")
    return raw


def _wrong(table: AuthoritySettings, why: str) -> ConfigError:
    return ConfigError(what=f"the authority {table.name[:63]!r} in the configuration", why=why)
