"""TLS: what Valkey 9.1 tells of the certificates that it has loaded."""

from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.sampling.info_text import parse_number

_CERTIFICATES: Final = ("server", "client", "ca")
_EXPIRES: Final = {
    name: Family(
        f"redis_tls_{name}_cert_expires_in_seconds",
        Kind.GAUGE,
        f"INFO field tls_{name}_cert_expires_in_seconds; only where there is such a certificate.",
    )
    for name in _CERTIFICATES
}
CERTIFICATE: Final = Family(
    "redis_tls_certificate_info",
    Kind.GAUGE,
    "A certificate that the server has loaded; always 1.",
    ("certificate", "serial"),
)
FAMILIES: Final = (*_EXPIRES.values(), CERTIFICATE)

_NONE: Final = "none"
# Where the serial number of one changes, so do labels.
SERIALS: Final = frozenset(f"tls_{name}_cert_serial" for name in _CERTIFICATES)
FIELDS: Final = SERIALS | {f"tls_{name}_cert_expires_in_seconds" for name in _CERTIFICATES}


def write_certificates(fields: Mapping[str, str], table: SeriesTable) -> None:
    """Write what there is to say of each certificate; of one that is not there a server tells the serial
    number `none` and that it expires in 0 seconds."""
    for name in _CERTIFICATES:
        serial = fields.get(f"tls_{name}_cert_serial", _NONE)
        seconds = parse_number(fields.get(f"tls_{name}_cert_expires_in_seconds", ""))
        if serial != _NONE and seconds is not None:
            table.set(_EXPIRES[name], seconds)
            table.set(CERTIFICATE, 1.0, name, serial)
        else:
            table.clear(_EXPIRES[name])
            table.clear(CERTIFICATE, name, serial)
