"""The scheme probe tells whether a failing server would answer with TLS or without, and the URL to write."""

import asyncio
import ssl
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Final, TypeVar

from exporter.cli.output import say
from exporter.cli.server_kind import note_on_kind
from exporter.errors import Reason, TargetError
from exporter.model.target import Address, Target

ResultT = TypeVar("ResultT")

CONNECT_TIMEOUT_SECONDS: Final = 5.0
"""Seconds that a command waits for its connection; a port without TLS never answers a TLS handshake."""

_DEADLINE_SECONDS: Final = 2.0
# What a server without TLS, or one that expects it, looks like to whoever does otherwise.
_DOUBTFUL: Final = frozenset({Reason.CLOSED, Reason.TIMEOUT, Reason.TLS, Reason.PROTOCOL})


async def explained(target: Target, work: Coroutine[Any, Any, ResultT], what: str) -> ResultT:
    """The result; an error names the server, and the way out where the URL's scheme is the wrong one.

    `what` is asked for, such as keys: of a cluster's node that is said on standard error to be its own.
    Raises `TargetError`, and `UsageError` for a Sentinel.
    """
    try:
        if note := await note_on_kind(target, what):
            say(f"redis-vigil: {note}", err=True)
        return await work
    except TargetError as error:
        where, text = str(target.address), str(error)
        text = text if text.startswith(where) else f"{where}: {text}"
        raise TargetError(error.reason, f"{text}{await way_out(target, error.reason)}") from error
    finally:
        work.close()


async def way_out(target: Target, reason: Reason) -> str:
    """Return the end of a sentence about a server that could not be asked for this reason.

    It is empty where the scheme is right, or that cannot be told.
    """
    address = target.address
    if address.path or reason not in _DOUBTFUL:
        return ""
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            is_other = await (_speaks_plainly(address) if address.tls else _speaks_tls(address))
    except (OSError, TimeoutError):
        return ""
    if not is_other:
        return ""
    speaks = "does not speak TLS" if address.tls else "speaks TLS"
    return f"; the port {speaks}: write {replace(address, tls=not address.tls)}"


async def _speaks_tls(address: Address) -> bool:
    context = ssl.create_default_context()
    # Nothing is sent: whose certificate it is does not matter.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
    except ssl.SSLError as error:
        # A server that wants a certificate speaks it, too.
        return "ALERT" in (error.reason or "")
    writer.close()
    return True


async def _speaks_plainly(address: Address) -> bool:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"PING\r\n")
    try:
        return (await reader.read(1))[:1] in (b"+", b"-")
    finally:
        writer.close()
