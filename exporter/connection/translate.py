"""Translation turns errors of redis-py, hiredis and sockets into ours; nothing else knows theirs."""

import re
import socket
import ssl
from typing import Final

import hiredis
import redis.exceptions

from exporter.connection.bounds import ReplyBoundError
from exporter.connection.causes import chain, system_text, tls_text
from exporter.connection.request import Reply
from exporter.errors import LOGIN_REASONS, Reason, ReplyError, TargetError
from exporter.model.printable import printable

# The first word of an error reply is its code; some servers put everything under ERR.
_CODES: Final = {
    "NOAUTH": Reason.PASSWORD_REQUIRED,
    "WRONGPASS": Reason.WRONG_PASSWORD,
    "NOPERM": Reason.PERMISSION,
    "LOADING": Reason.LOADING,
    "MASTERDOWN": Reason.MASTER_DOWN,
    "BUSY": Reason.BUSY,
    # These speak of commands too, but are about what the server can do just now.
    **dict.fromkeys(("CLUSTERDOWN", "MISCONF", "NOREPLICAS", "NOSCRIPT", "OOM", "READONLY"), Reason.REPLY),
}
_PHRASES: Final = (
    (re.compile("max number of clients", re.I), Reason.MAX_CLIENTS),
    (re.compile("invalid password|invalid username", re.I), Reason.WRONG_PASSWORD),
    (re.compile("authentication required", re.I), Reason.PASSWORD_REQUIRED),
    (re.compile("authentication|without any password|no password is set", re.I), Reason.AUTH),
    (re.compile("loading the dataset", re.I), Reason.LOADING),
    (re.compile("running in protected mode", re.I), Reason.PROTECTED_MODE),
    (re.compile("busy running a (script|function)", re.I), Reason.BUSY),
    # Of the whole server, and over before long.
    (re.compile(r"temporar|overload|try (it )?again|retry|maintenance|timed? ?out", re.I), Reason.REPLY),
    (
        re.compile(
            r"(\bno|not enough|insufficient|lacks?|needs?|requires?) (\w+ )?(permission|privilege)"
            r"|\bdenied\b|(\bnot |\bun)authori[sz]ed",
            re.I,
        ),
        Reason.PERMISSION,
    ),
    # Managed services and proxies have words of their own for commands that they leave out.
    (
        re.compile(
            r"(unknown|unrecogni[sz]ed|invalid|illegal|no such|not a valid|bad|wrong)[ /-]([\w-]+ ){0,2}"
            r"(sub)?-?command"
            r"|command not found|\bno command|does(n't| not) exist|invalid request"
            r"|unsupport|unimplemented|unavailable|forbid|prohibit|\b(dis|dis-|not )allow"
            r"|(\bnot|n't|cannot) (yet |been |be )?"
            r"(support|available|implement|permit|enabled|execute|call|run|whitelisted)"
            r"|\b(disabled|deactivated|restricted|blocked|removed|deprecated|filtered|rejected)\b"
            # What is asked is always the same: a server that finds fault with its form does not know that.
            r"|wrong number of arguments|\bsyntax error, try",
            re.I,
        ),
        Reason.UNKNOWN_COMMAND,
    ),
    (re.compile(r"\badmin(istrator)?s?\b", re.I), Reason.PERMISSION),
)
# Redis before 6, of AUTH with a name; redis-py tries the password alone then.
_NO_USERS: Final = re.compile("wrong number of arguments for .?auth", re.I)
# What a server that does not let anybody in says, whatever it is asked.
_CLOSED_DOORS: Final = {
    Reason.MAX_CLIENTS: "has no room for another client",
    Reason.PROTECTED_MODE: "is in protected mode: without a password it lets in its own machine only",
}
# X509_V_ERR_CERT_HAS_EXPIRED, as OpenSSL numbers what can be wrong with a certificate.
_CERTIFICATE_HAS_EXPIRED: Final = 10
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
    """One short printable line.

    Servers echo the arguments of commands that they do not know: a renamed AUTH would show the password.
    """
    text = re.split("with args beginning", text, maxsplit=1, flags=re.I)[0].rstrip(" ,")
    return printable(text)[:_MAX_MESSAGE]


def connect_error(error: BaseException, where: str) -> TargetError:
    """Why a connection could not be opened, or was lost."""
    for cause in chain(error):
        if isinstance(cause, ssl.SSLError | ssl.CertificateError):
            return TargetError(_tls_reason(cause), f"{where}: TLS failed: {_safe(tls_text(cause))}")
    if isinstance(error, TimeoutError | redis.exceptions.TimeoutError):
        return TargetError(Reason.TIMEOUT, f"{where}: no answer in time")
    if _NO_USERS.search(str(error)):
        return TargetError(
            Reason.AUTH, f"{where}: refused to log in: this server knows no users: leave out the username"
        )
    if isinstance(error, redis.exceptions.AuthenticationError):
        text = _safe(str(error))
        reason = _reason(text)
        # redis-py takes the code away, and knows by it that this is about the login.
        reason = reason if reason in LOGIN_REASONS else Reason.AUTH
        return TargetError(reason, f"{where}: refused to log in: {text}")
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return TargetError(Reason.LOADING, f"{where}: is loading its data")
    if isinstance(error, redis.exceptions.ResponseError):
        reply = reply_error(error)
        return door_error(reply.reason, where) or TargetError(reply.reason, f"{where}: {reply}")
    if isinstance(error, ReplyBoundError):
        return TargetError(Reason.PROTOCOL, f"{where}: {error}")
    if isinstance(error, hiredis.ProtocolError | redis.exceptions.InvalidResponse):
        return TargetError(Reason.PROTOCOL, f"{where}: does not speak the Redis protocol")
    return _socket_error(error, where)


def door_error(reason: Reason, where: str) -> TargetError | None:
    """The error of a server that lets nobody in for this reason; None for any other reason."""
    text = _CLOSED_DOORS.get(reason)
    return None if text is None else TargetError(reason, f"{where}: {text}")


def asks_to_log_in(reply: Reply) -> bool:
    """Whether a reply says that nobody has logged in, or that it has been forgotten."""
    return isinstance(reply, ReplyError) and str(reply).startswith("NOAUTH")


def _tls_reason(error: BaseException) -> Reason:
    code = getattr(error, "verify_code", 0)
    return Reason.CERTIFICATE_EXPIRED if code == _CERTIFICATE_HAS_EXPIRED else Reason.TLS


def _socket_error(error: BaseException, where: str) -> TargetError:
    causes = list(chain(error))
    if any(isinstance(cause, ConnectionResetError | BrokenPipeError | EOFError) for cause in causes):
        return TargetError(Reason.CLOSED, f"{where}: closed the connection")
    if "closed by server" in str(error).lower():
        return TargetError(Reason.CLOSED, f"{where}: closed the connection")
    shut = door_error(_reason(str(error)), where)
    if shut is not None:
        return shut
    system = next((cause for cause in causes if isinstance(cause, OSError)), error)
    return TargetError(_system_reason(system), f"{where}: {_safe(system_text(system))}")


def _system_reason(error: BaseException) -> Reason:
    if isinstance(error, socket.gaierror):
        return Reason.UNKNOWN_HOST
    return Reason.REFUSED if isinstance(error, ConnectionRefusedError) else Reason.UNREACHABLE
