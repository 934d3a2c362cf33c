"""Certificates are read for the time at which they expire."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
# In front of the validity stand serial number, signature algorithm and issuer.
_BEFORE_VALIDITY: Final = 3


def expiry(der: bytes) -> float | None:
    """When a certificate in DER (RFC 5280) stops to be valid, in epoch seconds; None where it cannot be read.

    Only Certificate > TBSCertificate > validity > notAfter is looked at: the standard library reads just
    certificates that it has verified.
    """
    try:
        ((_, certificate),) = _items(der)
        to_be_signed = next(_items(certificate))[1]
        fields = [field for field in _items(to_be_signed) if field[0] != _VERSION]
        tag, validity = fields[_BEFORE_VALIDITY]
        _, (kind, moment) = _items(validity)
        return _seconds(kind, moment.decode("ascii")) if tag == _SEQUENCE else None
    except (ValueError, IndexError, StopIteration):
        return None


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that stand one after the other: tag and content."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            digits = length & 0x7F
            length = int.from_bytes(data[at : at + digits])
            at += digits
        if at + length > len(data):
            raise ValueError("the element is longer than what it stands in")
        yield tag, data[at : at + length]
        at += length


def _seconds(kind: int, text: str) -> float:
    """A moment as certificates have it, always in UTC; of a year with two digits those from 50 are 19xx."""
    if kind == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("not a moment")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def expiry_of_file(path: Path) -> float | None:
    """When the first certificate in a file in PEM expires; None where there is none to be read."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    try:
        text = path.read_text("ascii", errors="replace")
        start = text.index(begin)
        return expiry(ssl.PEM_cert_to_DER_cert(text[start : text.index(end, start) + len(end)]))
    except (OSError, ValueError):
        return None


def expiry_of(transport: asyncio.BaseTransport) -> float | None:
    """When the certificate expires that was shown in the handshake; None where there was none."""
    connection = transport.get_extra_info("ssl_object")
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return expiry(der) if der else None
