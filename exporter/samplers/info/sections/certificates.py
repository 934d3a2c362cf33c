"""TLS: the certificates that Valkey 9.1 has loaded."""

from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.tls import CERTIFICATE, EXPIRES
from exporter.sampling.info_text import parse_number

_NONE: Final = "none"
# Where the serial number of one changes, so do labels.
SERIALS: Final = frozenset(f"tls_{name}_cert_serial" for name in EXPIRES)
FIELDS: Final = SERIALS | {f"tls_{name}_cert_expires_in_seconds" for name in EXPIRES}


def write_certificates(fields: Mapping[str, str], table: SeriesTable) -> None:
    """Write what there is to say of each certificate.

    Of one that is not there a server tells the serial number `none`, and that it expires in 0 seconds.
    """
    for name, expires in EXPIRES.items():
        serial = fields.get(f"tls_{name}_cert_serial", _NONE)
        seconds = parse_number(fields.get(f"tls_{name}_cert_expires_in_seconds", ""))
        if serial != _NONE and seconds is not None:
            table.set(expires.family, seconds)
            table.set(CERTIFICATE.family, 1.0, name, serial)
        else:
            table.clear(expires.family)
            table.clear(CERTIFICATE.family, name, serial)
