"""Tracks which commands a server does not support for us: not known there, or not permitted.

Such a command is left out and tried again every few minutes; the rest of the sampler goes on.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from exporter.connection import Client, Command, Reply
from exporter.errors import UNSUPPORTED_REASONS, Reason, ReplyError
from exporter.sampling.unavailable import Unavailable

# A server that refuses a command is asked again this often: an ACL may have been mended. A little less than
# five minutes, since some samplers run that rarely.
RETRY_SECONDS: Final = 285.0
# Reasons that are about the one command: not known, not permitted, or wrong arguments to an older server. Any
# other error reply (loading, busy) is about the server, and fails the whole pass.
_UNSUPPORTED: Final = UNSUPPORTED_REASONS | {Reason.REPLY}


class CommandSupport:
    """The commands that one server does not support for one sampler, by name.

    `unavailable` collects those of all samplers of the server. `monotonic` returns seconds.
    """

    def __init__(
        self,
        sampler: str = "",
        monotonic: Callable[[], float] = time.monotonic,
        unavailable: Unavailable | None = None,
    ) -> None:
        self._sampler = sampler
        self._monotonic = monotonic
        self._unavailable = unavailable or Unavailable()
        self._errors: dict[str, ReplyError] = {}
        self._retry_at: dict[str, float] = {}
        # Of which kinds of command one was refused and is answered now.
        self._supported_kinds: set[str] = set()

    @property
    def any_unsupported(self) -> bool:
        """True if any command is left out."""
        return len(self._errors) > 0

    @property
    def reasons(self) -> Mapping[str, Reason]:
        """The reason of each command that is left out."""
        return {name: error.reason for name, error in self._errors.items()}

    def is_due(self, name: str) -> bool:
        """True if a command is to be sent: it is supported, or was refused long enough ago."""
        return self._monotonic() >= self._retry_at.get(name, 0.0)

    def require(self, name: str) -> None:
        """Raise the `ReplyError` with which this command was refused, if it was."""
        if name in self._errors:
            raise self._errors[name]

    def mark_unsupported(self, name: str, error: ReplyError) -> None:
        """Leave this command out for RETRY_SECONDS; the log says so once."""
        self._unavailable.note(self._sampler, name, error)
        self._errors[name] = error
        self._supported_kinds.discard(_kind(name))
        retry_at = self._monotonic() + RETRY_SECONDS
        # Commands of one kind differ in their arguments only, which no ACL looks at: one stands for all.
        self._retry_at.update({other: retry_at for other in self._errors if _kind(other) == _kind(name)})

    def mark_supported(self, name: str) -> None:
        """Include this command again, and try others of its kind at once."""
        if name in self._errors:
            del self._errors[name], self._retry_at[name]
            self._unavailable.forget(name)
            self._supported_kinds.add(_kind(name))
            self._retry_at.update({other: 0.0 for other in self._errors if _kind(other) == _kind(name)})

    def try_again(self) -> None:
        """Ask for everything at the next opportunity: the server may be another one, or set up anew."""
        self._retry_at = dict.fromkeys(self._retry_at, 0.0)

    async def ask(
        self, connection: Client, commands: Mapping[str, Command], *, required: bool = True
    ) -> dict[str, Reply]:
        """Send the commands that are due in one round trip; returns the replies of supported ones, by name.

        A second round trip follows where a command that was refused is answered now, for others of its kind.
        The names end up in a label, so they must come from a closed set. Raises `ReplyError` where no command
        is supported (unless none is `required`), or where an error is not about the command.
        """
        answers: dict[str, Reply] = {}
        asked: set[str] = set()
        # Once; again only for the others of a kind of which one was refused and is answered now.
        while due := [name for name in self._due(commands) if name not in asked]:
            asked.update(due)
            replies = await connection.pipeline([commands[name] for name in due])
            for name, reply in zip(due, replies, strict=True):
                answer = self.check_reply(name, reply)
                if self.is_due(name):
                    answers[name] = answer
        if required and not answers and commands:
            raise next(self._errors[name] for name in commands if name in self._errors)
        return answers

    def _due(self, names: Iterable[str]) -> Sequence[str]:
        """Select the commands to send; of those that were refused one of each kind."""
        due: list[str] = []
        tried: set[str] = set()
        for name in names:
            if not self.is_due(name):
                continue
            if name in self._errors and _kind(name) not in self._supported_kinds:
                if _kind(name) in tried:
                    continue
                tried.add(_kind(name))
            due.append(name)
        return due

    def check_reply(self, name: str, reply: Reply) -> Reply:
        """Return the reply to a command; mark it unsupported and return None where the server refuses it.

        Raises `ReplyError` for an error that is not about the command.
        """
        if not isinstance(reply, ReplyError):
            if self._errors:
                self.mark_supported(name)
            return reply
        if reply.reason not in _UNSUPPORTED:
            raise reply.copy()
        self.mark_unsupported(name, reply)
        return None


def _kind(name: str) -> str:
    """The part of a command that an ACL decides about: `CONFIG GET` of `CONFIG GET slowlog-*`."""
    return " ".join(name.split(" ")[:2])
