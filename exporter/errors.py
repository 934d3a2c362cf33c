"""Every error this project raises on purpose.

VigilError
├── UsageError               wrong command line (exit status 2)
├── ConfigError              a file that a user wrote is wrong; carries `Problem`s (exit status 1)
├── TargetError              a monitored server could not be asked; carries a `Reason`
│   └── ReplyError           the server answered one command with an error
├── DiscoveryError           a source of servers cannot tell which there are
├── PeerError                another daemon does not say how its servers are
├── JobError                 a run of a periodic job has failed, and its part has said so
├── QueryError               a PromQL expression that is wrong or asks for too much
│   └── QueryCancelledError  nobody waits for its result any more
├── TemplateError            a Go template that does not parse or failed while expanding
├── NotifyError              a message could not be delivered; says whether a retry makes sense
├── StateError               the state database cannot be used
├── DamagedBlockError        a block of the history cannot be read
│   └── NewerBlockError      it was written by a later version
├── WalError                 a file of the write-ahead log cannot be read
│   ├── ForeignWalError      it was not written by this program
│   └── NewerWalError        it was written by a later version
├── PictureError             a chart could not be made a PNG
└── ShuttingDownError        the daemon is about to end
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from exporter.url_login import sentence_without_logins, without_login

Place = tuple[str | int, ...]
"""The path to a value in the data of a file."""


class VigilError(Exception):
    """The root of this project's errors; its text is one line fit for a user."""


class UsageError(VigilError):
    """The command line asks for something that does not exist."""


@dataclass(frozen=True, slots=True, repr=False)
class Problem:
    """Something wrong in a file that a user wrote, or in data before it is known which file they are from.

    `place` is the path to the value, such as `("targets", 2, "url")`, and may be empty; `at_key`: the key
    itself is wrong, not its value. Lines and columns count from 1; 0 means unknown. The message holds no
    login of a URL that stands where none belongs.
    """

    place: Place
    message: str
    at_key: bool = False
    file: str = ""
    line: int = 0
    column: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", sentence_without_logins(self.message))

    def __repr__(self) -> str:
        return f"Problem({str(self)!r})"

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = ": ".join(part for part in (position, describe(self.place), self.message) if part)
        # Names of others may hold line breaks, and what follows would look like a sentence of ours.
        return " ".join(text.splitlines())


def describe(place: Place) -> str:
    """A place as users read it: `targets[2].url`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return sentence_without_logins(without_login(text))


class ConfigError(VigilError):
    """All problems of one or more files, found in one pass."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Reason(StrEnum):
    """Reason why a server could not be asked: a closed set, fit for a label value."""

    UNKNOWN_HOST = "unknown_host"
    REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CLOSED = "connection_closed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    TLS = "tls"
    PASSWORD_REQUIRED = "password_required"
    WRONG_PASSWORD = "wrong_password"
    AUTH = "authentication"
    PERMISSION = "permission"
    UNKNOWN_COMMAND = "unknown_command"
    LOADING = "loading"
    MASTER_DOWN = "master_down"
    BUSY = "busy"
    PROTECTED_MODE = "protected_mode"
    MAX_CLIENTS = "max_clients"
    PROTOCOL = "protocol"
    REPLY = "error_reply"
    INTERNAL = "internal"

    @property
    def words(self) -> str:
        """The same for people, in two or three words."""
        return _WORDS.get(self) or self.value.replace("_", " ")

    @property
    def is_down(self) -> bool:
        """True if a server that cannot be asked for this reason is down, as far as can be told from here.

        For the other reasons it answers, or its name cannot be resolved.
        """
        return self in _DOWN


# Where the value is not good enough for people.
_WORDS: Final = {
    Reason.TLS: "TLS fails",
    Reason.PERMISSION: "permission refused",
    Reason.LOADING: "loading its data",
    Reason.MASTER_DOWN: "no link to its primary",
    Reason.BUSY: "busy with a script",
    Reason.MAX_CLIENTS: "no free client",
    Reason.PROTOCOL: "not Redis",
    Reason.INTERNAL: "fault of redis-vigil",
}
_DOWN: Final = frozenset({Reason.REFUSED, Reason.UNREACHABLE, Reason.TIMEOUT, Reason.CLOSED})
# Connections that ended, or came about and broke off at once; the next one may last.
CUT_REASONS: Final = frozenset({Reason.CLOSED, Reason.TLS})
UNSUPPORTED_REASONS: Final = frozenset({Reason.PERMISSION, Reason.UNKNOWN_COMMAND})
"""Reasons of a server that does not have a command, or does not permit it to us."""
LOGIN_REASONS: Final = frozenset({Reason.WRONG_PASSWORD, Reason.PASSWORD_REQUIRED, Reason.AUTH})
"""A server that says so does not take our name and password, or wants some."""


class TargetError(VigilError):
    """A monitored server could not be asked."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(message)

    def copy(self) -> Self:
        """Return an error that says the same.

        One that is kept, or raised by several, keeps the frames that it passed through and all that these
        refer to, itself included; a copy has passed through none.
        """
        return type(self)(self.reason, str(self))


class ReplyError(TargetError):
    """The server answered one command with an error; the connection stays usable."""

    @property
    def is_unsupported(self) -> bool:
        """Whether the server does not have the command, or does not permit it to us."""
        return self.reason in UNSUPPORTED_REASONS


class DiscoveryError(VigilError):
    """A source of servers cannot tell which there are, for a `reason` of a closed set."""

    def __init__(self, message: str, reason: Reason = Reason.REPLY) -> None:
        self.reason = reason
        super().__init__(message)


class PeerError(VigilError):
    """Another daemon does not answer, or with something else than a report; the text shows no secret."""


class JobError(VigilError):
    """A run of a periodic job has failed, of which its part has told already."""


class QueryError(VigilError):
    """A PromQL expression that is wrong, unsupported, or exceeds a limit."""


class QueryCancelledError(QueryError):
    """Nobody waits for the result any more: the client has gone, or the daemon is stopping."""


class TemplateError(VigilError):
    """A Go template that does not parse, or failed while it was expanded.

    The text is `name:line:column: message`; `message`, `line` and `column` (counted from 1; 0 means unknown)
    are there for those who know the place in the surrounding file.
    """

    def __init__(self, message: str, *, name: str = "", line: int = 0, column: int = 0) -> None:
        self.message = message
        self.name = name
        self.line = line
        self.column = column
        super().__init__(f"{name}:{line}:{column}: {message}" if line else message)


class NotifyError(VigilError):
    """A message could not be delivered.

    `retry_after_seconds` is what the receiver asked for (HTTP Retry-After), when it did. `kind` is a closed
    set for the label `reason`: clientError, serverError, rateLimited, contextDeadlineExceeded, other.

    The message may quote what a receiver has answered: what is too long of it is left out, and what cannot be
    printed, or written to a file, is replaced.
    """

    LONGEST: Final = 2_000

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        kind: str = "other",
        retry_after_seconds: float | None = None,
    ) -> None:
        self.retryable = retryable
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds
        shown = message if len(message) <= self.LONGEST else f"{message[: self.LONGEST - 1]}…"
        super().__init__("".join(char if char.isprintable() else "\ufffd" for char in shown))


class StateError(VigilError):
    """The state database cannot be opened, read or written."""


class DamagedBlockError(VigilError):
    """A block of the history cannot be read: torn, changed, foreign, or of a later version."""


class NewerBlockError(DamagedBlockError):
    """A block was written by a later version of this program, which can read it."""


class WalError(VigilError):
    """A file of the write-ahead log cannot be read; the text names it."""


class ForeignWalError(WalError):
    """A file was not written by this program, or by one on another kind of machine."""


class NewerWalError(WalError):
    """A file was written by a later version of this program."""


class PictureError(VigilError):
    """A chart could not be made a PNG."""


class ShuttingDownError(VigilError):
    """The daemon is about to end, and begins nothing new."""

    def __init__(self) -> None:
        super().__init__("redis-vigil is shutting down")
