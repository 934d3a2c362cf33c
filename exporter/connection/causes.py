"""Causes of errors: what ssl and the operating system report of a connection, in words."""

import os
import socket
import ssl
from typing import Final

# What OpenSSL calls what goes wrong in a handshake, and in reading PEM files.
# Source: https://github.com/openssl/openssl/blob/master/crypto/err/openssl.txt
_NO_TLS: Final = "the other side does not speak TLS at this port"
_NO_VERSION: Final = "no version of TLS that both sides speak"
_NO_CERTIFICATE: Final = "it holds no certificate in PEM format"
_REASONS: Final = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "UNKNOWN_PROTOCOL": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _NO_VERSION,
    "NO_PROTOCOLS_AVAILABLE": _NO_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_VERSION,
    "UNEXPECTED_EOF_WHILE_READING": "the other side closed the connection in the handshake",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the other side asks for a certificate: name cert_file and key_file",
    "TLSV1_ALERT_UNKNOWN_CA": "the other side does not trust our certificate's authority",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the other side does not take our certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the other side does not take our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the other side says that our certificate has expired",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the other side ended the handshake: it wants a certificate, or other "
    "ciphers",
    "TLSV1_UNRECOGNIZED_NAME": "the other side has no certificate for this name: set server_name",
    "NO_CERTIFICATE_OR_CRL_FOUND": _NO_CERTIFICATE,
    "NO_START_LINE": _NO_CERTIFICATE,
    "NOT_ENOUGH_DATA": _NO_CERTIFICATE,
    "KEY_VALUES_MISMATCH": "the key belongs to another certificate",
    "EE_KEY_TOO_SMALL": "the key is too short for OpenSSL",
    "CA_MD_TOO_WEAK": "its signature is too weak for OpenSSL",
}
# X509_V_ERR_*: DEPTH_ZERO_SELF_SIGNED_CERT, SELF_SIGNED_CERT_IN_CHAIN, UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
# UNABLE_TO_VERIFY_LEAF_SIGNATURE.
_UNKNOWN_AUTHORITY: Final = (18, 19, 20, 21)
# HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH.
_OTHER_NAME: Final = (62, 64)


def chain(error: BaseException | None) -> list[BaseException]:
    """An error, what it was raised from, and so on."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def forget_frames(error: BaseException) -> None:
    """Let an error that is caught no longer keep the frames that it has passed through.

    They keep what they refer to, the error included: such a cycle is freed by the cycle collector only.
    """
    for cause in chain(error):
        cause.__traceback__ = None


def tls_text(error: BaseException) -> str:
    """Why a handshake failed, or a certificate or key cannot be read, and where it helps the way out."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{error.verify_message.rstrip('.')}{_way_out(error.verify_code)}"
    if not isinstance(error, ssl.SSLError):
        return system_text(error)
    reason = error.reason or ""
    if reason in _REASONS:
        return _REASONS[reason]
    if "PEM lib" in str(error):
        return "both have to be in PEM format, and the key not encrypted"
    if "cadata" in str(error):
        return _NO_CERTIFICATE
    return reason.replace("_", " ").lower() or "OpenSSL gives no reason"


def _way_out(code: int) -> str:
    if code in _UNKNOWN_AUTHORITY:
        return ": name the authority that signed it in ca_file"
    return ": set server_name to a name that it has" if code in _OTHER_NAME else ""


def system_text(error: BaseException) -> str:
    """Return the system's text for an error of a socket or file."""
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        # asyncio words it as "Connect call failed ('127.0.0.1', 6379)"; the system's own words say more.
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
