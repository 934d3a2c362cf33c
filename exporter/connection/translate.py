"""What redis-py, hiredis and the socket say, in this project's errors; nothing else knows theirs."""

import os
import re
import socket
import ssl
from typing import Final

import hiredis
import redis.exceptions

from exporter.errors import Reason, ReplyError, TargetError

# The first word of an error reply is its code; some servers put everything under ERR.
_CODES: Final = {
    "NOAUTH": Reason.AUTH,
    "WRONGPASS": Reason.AUTH,
    "NOPERM": Reason.PERMISSION,
    "LOADING": Reason.LOADING,
    "MASTERDOWN": Reason.LOADING,
    "BUSY": Reason.BUSY,
}
_PHRASES: Final = (
    (re.compile("max number of clients", re.I), Reason.MAX_CLIENTS),
    (
        re.compile("unknown (sub)?command|is not supported|not allowed|unsupported", re.I),
        Reason.UNKNOWN_COMMAND,
    ),
    (re.compile("invalid password|invalid username|authentication|without any password", re.I), Reason.AUTH),
    (re.compile("no permissions?|permission denied", re.I), Reason.PERMISSION),
    (re.compile("loading the dataset", re.I), Reason.LOADING),
)
# Redis before 6, of AUTH with a name; redis-py tries the password alone then.
_NO_USERS: Final = re.compile("wrong number of arguments for .?auth", re.I)
_MAX_MESSAGE: Final = 200


def reply_error(error: Exception) -> ReplyError:
    """An error reply, with its reason and without anything that might be secret."""
    text = _safe(str(error))
    return ReplyError(_reason(text), text)


def _reason(text: str) -> Reason:
    code = text.split(" ", 1)[0]
    if code in _CODES:
        return _CODES[code]
    for phrase, reason in _PHRASES:
        if phrase.search(text):
            return reason
    return Reason.REPLY


def _safe(text: str) -> str:
    """One short printable line. Servers echo the arguments of commands they do not know: a renamed AUTH would
    show the password."""
    text = re.split("with args beginning", text, maxsplit=1, flags=re.I)[0].rstrip(" ,")
    return "".join(char if char.isprintable() else "?" for char in text)[:_MAX_MESSAGE]


def connect_error(error: BaseException, where: str) -> TargetError:
    """Why a connection could not be opened, or was lost."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLError | ssl.CertificateError):
            return TargetError(Reason.TLS, f"{where}: TLS failed: {_safe(_tls_text(cause))}")
    if isinstance(error, TimeoutError | redis.exceptions.TimeoutError):
        return TargetError(Reason.TIMEOUT, f"{where}: no answer in time")
    if _NO_USERS.search(str(error)):
        return TargetError(
            Reason.AUTH, f"{where}: refused to log in: this server knows no users: leave out the username"
        )
    if isinstance(error, redis.exceptions.AuthenticationError):
        return TargetError(Reason.AUTH, f"{where}: refused to log in: {_safe(str(error))}")
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return TargetError(Reason.LOADING, f"{where}: is loading its data")
    if isinstance(error, redis.exceptions.ResponseError):
        reply = reply_error(error)
        return TargetError(reply.reason, f"{where}: {reply}")
    if isinstance(error, hiredis.ProtocolError | redis.exceptions.InvalidResponse):
        return TargetError(Reason.PROTOCOL, f"{where}: does not speak the Redis protocol")
    return _socket_error(error, where)


def _socket_error(error: BaseException, where: str) -> TargetError:
    causes = list(_chain(error))
    if any(isinstance(cause, ConnectionResetError | BrokenPipeError | EOFError) for cause in causes):
        return TargetError(Reason.CLOSED, f"{where}: closed the connection")
    if "closed by server" in str(error).lower():
        return TargetError(Reason.CLOSED, f"{where}: closed the connection")
    if "max number of clients" in str(error):
        return TargetError(Reason.MAX_CLIENTS, f"{where}: has no room for another client")
    system = next((cause for cause in causes if isinstance(cause, OSError)), error)
    return TargetError(Reason.UNREACHABLE, f"{where}: {_safe(_system_text(system))}")


def _system_text(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        # asyncio words it as "Connect call failed ('127.0.0.1', 6379)"; the system's own words say more.
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _tls_text(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(getattr(error, "reason", None) or error)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
