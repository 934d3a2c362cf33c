"""TLS towards receivers."""

import asyncio
import os
import ssl
import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import Final

import certifi

from exporter.config.alertmanager.http import TlsConfig
from exporter.connection.causes import tls_text
from exporter.model.file_stamp import FileStamp, stamp_of

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


_shared_lock: Final = threading.Lock()


class TlsContexts:
    """The context of one `tls_config`: made when first needed, and anew when one of its files changed."""

    def __init__(self, config: TlsConfig) -> None:
        self._config = config
        self._has_files = any((config.ca_file, config.cert_file, config.key_file))
        self._made_of: tuple[FileStamp, ...] | None = None
        self._context: ssl.SSLContext | None = None

    async def get(self) -> ssl.SSLContext:
        """Return a context that checks the server's certificate as configured.

        It is made in a thread, as reading the authorities takes a tenth of a second.

        Raises `ValueError` with one sentence for files that cannot be read or hold something else.
        """
        if self._context is not None and not self._has_files:
            return self._context
        return await asyncio.to_thread(self._get)

    def _get(self) -> ssl.SSLContext:
        state = _stamps(self._config)
        if self._context is None or state != self._made_of:
            self._context, self._made_of = _context_for(self._config, state), state
        return self._context


def _context_for(config: TlsConfig, state: tuple[FileStamp, ...]) -> ssl.SSLContext:
    if config.cert or config.cert_file:
        return make_context(config)
    # Most receivers trust the same authorities: these are read once for all.
    with _shared_lock:
        return _shared_context(config.model_copy(update={"server_name": ""}), state)


@lru_cache(32)
def _shared_context(config: TlsConfig, _: tuple[FileStamp, ...]) -> ssl.SSLContext:
    return make_context(config)


def _stamps(config: TlsConfig) -> tuple[FileStamp, ...]:
    paths = (config.ca_file, config.cert_file, config.key_file)
    return tuple(stamp_of(path) for path in paths if path is not None)


def make_context(config: TlsConfig) -> ssl.SSLContext:
    """A new context; raises `ValueError` with one sentence."""
    context = _trusting(config)
    if config.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if config.min_version:
        context.minimum_version = _VERSIONS[config.min_version]
    if config.max_version:
        context.maximum_version = _VERSIONS[config.max_version]
    _load_certificate(context, config)
    return context


def _trusting(config: TlsConfig) -> ssl.SSLContext:
    """A context with the authorities to trust: those of the system and of certifi unless others are named."""
    if not config.ca_file and not config.ca:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context
    try:
        return ssl.create_default_context(cafile=config.ca_file, cadata=config.ca or None)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ValueError(f"{config.ca_file or 'ca'}: no certificates: {tls_text(error)}") from error


def _load_certificate(context: ssl.SSLContext, config: TlsConfig) -> None:
    if not config.cert and config.cert_file is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        certificate = config.cert_file or _write(Path(folder, "cert"), config.cert)
        key = config.key_file or _write(Path(folder, "key"), config.key.reveal() if config.key else "")
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ValueError(
                f"{config.cert_file or 'cert'}: no certificate with its key: {tls_text(error)}"
            ) from None


def _no_password() -> str:
    """Called for an encrypted key; without it OpenSSL would ask on the terminal."""
    raise ValueError("the key is encrypted")


def _write(path: Path, text: str) -> Path:
    """Python loads certificates from files alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
