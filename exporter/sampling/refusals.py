"""Commands that a server refuses: what they cost is just their own part, and they are tried again rarely."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from exporter.connection import Client, Command, Reply
from exporter.errors import UNSUPPORTED_REASONS, Reason, ReplyError
from exporter.sampling.unavailable import Unavailable

# A server that refuses a command is asked again this often: an ACL may have been mended. A little less than
# five minutes, since some samplers run that rarely.
RETRY_SECONDS: Final = 285.0
# These are about the one command; any other error reply (loading, busy) is about the server.
REFUSALS: Final = UNSUPPORTED_REASONS | {Reason.REPLY}


class Refusals:
    """What one server refuses to one sampler, by the name of the command; `unavailable` is what it refuses to
    any of them."""

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
        self._accepted: set[str] = set()

    @property
    def are_there(self) -> bool:
        """Whether any command is left out."""
        return len(self._errors) > 0

    @property
    def reasons(self) -> Mapping[str, Reason]:
        """Why each command is left out."""
        return {name: error.reason for name, error in self._errors.items()}

    def is_due(self, name: str) -> bool:
        """Whether a command is to be asked: it was not refused, or long ago."""
        return self._monotonic() >= self._retry_at.get(name, 0.0)

    def require(self, name: str) -> None:
        """Raises the `ReplyError` with which this command was refused, if it was."""
        if name in self._errors:
            raise self._errors[name]

    def refuse(self, name: str, error: ReplyError) -> None:
        """Leave this command out for a while; told once in the log."""
        self._unavailable.note(self._sampler, name, error)
        self._errors[name] = error
        self._accepted.discard(_kind(name))
        retry_at = self._monotonic() + RETRY_SECONDS
        # One of those that differ only in what they ask for tells for all.
        self._retry_at.update({other: retry_at for other in self._errors if _kind(other) == _kind(name)})

    def accept(self, name: str) -> None:
        """The server answered this command: others of its kind are worth a try at once."""
        if name in self._errors:
            del self._errors[name], self._retry_at[name]
            self._unavailable.forget(name)
            self._accepted.add(_kind(name))
            self._retry_at.update({other: 0.0 for other in self._errors if _kind(other) == _kind(name)})

    def try_again(self) -> None:
        """Ask for everything at the next opportunity: the server may be another one, or set up anew."""
        self._retry_at = dict.fromkeys(self._retry_at, 0.0)

    async def ask(
        self, connection: Client, commands: Mapping[str, Command], *, required: bool = True
    ) -> dict[str, Reply]:
        """Ask all commands in one round trip, or two where one that was refused is answered now; the answers
        to those that the server accepts, by name.

        The names end up in a label, so they must come from a closed set. Raises `ReplyError` where no command
        is accepted (unless none is `required`), or where an error is not about the command.
        """
        answers: dict[str, Reply] = {}
        asked: set[str] = set()
        # Once; again only for the others of a kind of which one was refused and is answered now.
        while due := [name for name in self._due(commands) if name not in asked]:
            asked.update(due)
            replies = await connection.pipeline([commands[name] for name in due])
            for name, reply in zip(due, replies, strict=True):
                answer = self.sort_out(name, reply)
                if self.is_due(name):
                    answers[name] = answer
        if required and not answers and commands:
            raise next(self._errors[name] for name in commands if name in self._errors)
        return answers

    def _due(self, names: Iterable[str]) -> Sequence[str]:
        """Which to ask; of those that were refused one of each kind."""
        due: list[str] = []
        tried: set[str] = set()
        for name in names:
            if not self.is_due(name):
                continue
            if name in self._errors and _kind(name) not in self._accepted:
                if _kind(name) in tried:
                    continue
                tried.add(_kind(name))
            due.append(name)
        return due

    def sort_out(self, name: str, reply: Reply) -> Reply:
        """The reply to a command; None where the server refuses it, which is noted.

        Raises `ReplyError` for an error that is not about the command.
        """
        if not isinstance(reply, ReplyError):
            if self._errors:
                self.accept(name)
            return reply
        if reply.reason not in REFUSALS:
            raise reply
        self.refuse(name, reply)
        return None


def _kind(name: str) -> str:
    """What an ACL decides about: `CONFIG GET` of `CONFIG GET slowlog-*`."""
    return " ".join(name.split(" ")[:2])
