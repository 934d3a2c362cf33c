"""INFO section TLS of Valkey: the certificates that the server has loaded."""

from functools import partial
from typing import Final

from exporter.samplers.info.fields.declaration import ALWAYS_ONE, SECONDS, Field, Gauge

SECTION: Final = "TLS"

_gauge: Final = partial(Gauge, unit=SECONDS, since="Valkey 9.1")

# By certificate; only where there is such a one.
EXPIRES: Final = {
    "server": _gauge(
        "tls_server_cert_expires_in_seconds",
        "redis_tls_server_cert_expires_in_seconds",
        "Time until the server's certificate expires.",
    ),
    "client": _gauge(
        "tls_client_cert_expires_in_seconds",
        "redis_tls_client_cert_expires_in_seconds",
        "Time until the certificate that the server shows as a client expires.",
    ),
    "ca": _gauge(
        "tls_ca_cert_expires_in_seconds",
        "redis_tls_ca_cert_expires_in_seconds",
        "Time until the certificate of the authority expires.",
    ),
}
CERTIFICATE: Final = Gauge(
    "tls_*_cert_serial",
    "redis_tls_certificate_info",
    "A certificate that the server has loaded, as labels.",
    unit=ALWAYS_ONE,
    since="Valkey 9.1",
    labels=("certificate", "serial"),
)

FIELDS: Final[tuple[Field, ...]] = ()
COMPOSITE: Final[tuple[Field, ...]] = (*EXPIRES.values(), CERTIFICATE)
