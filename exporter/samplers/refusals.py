"""Commands that a server refuses: what they cost is just their own part, and they are tried again rarely."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from exporter.connection import Asker, Command, Reply
from exporter.errors import Reason, ReplyError
from exporter.log import get_logger

log = get_logger(__name__)

# A server that refuses a command is asked again this often: an ACL may have been mended.
RETRY_SECONDS: Final = 600.0
# These are about the one command; any other error reply (loading, busy) is about the server.
REFUSALS: Final = frozenset({Reason.PERMISSION, Reason.UNKNOWN_COMMAND, Reason.REPLY})


class Refusals:
    """What one server refuses to one sampler, by the name of the command."""

    def __init__(
        self, instance: str = "", sampler: str = "", monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._instance = instance
        self._sampler = sampler
        self._monotonic = monotonic
        self._errors: dict[str, ReplyError] = {}
        self._retry_at: dict[str, float] = {}

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
        if name not in self._errors:
            log.warning(
                "server refuses a command",
                instance=self._instance,
                sampler=self._sampler,
                command=name,
                reason=error.reason.value,
                error=str(error),
            )
        self._errors[name] = error
        self._retry_at[name] = self._monotonic() + RETRY_SECONDS

    def accept(self, name: str) -> None:
        """The server answered this command."""
        if name in self._errors:
            del self._errors[name], self._retry_at[name]
            log.info(
                "server accepts the command again",
                instance=self._instance,
                sampler=self._sampler,
                command=name,
            )

    async def ask(
        self, connection: Asker, commands: Mapping[str, Command], *, required: bool = True
    ) -> dict[str, Reply]:
        """Ask all commands in one round trip; the answers to those that the server accepts, by name.

        The names end up in a label, so they must come from a closed set. Raises `ReplyError` where no command
        is accepted (unless none is `required`), or where an error is not about the command.
        """
        due = [name for name in commands if self.is_due(name)]
        replies = await connection.pipeline([commands[name] for name in due]) if due else []
        answers = {}
        for name, reply in zip(due, replies, strict=True):
            answer = self.sort_out(name, reply)
            if self.is_due(name):
                answers[name] = answer
        if required and not answers and commands:
            raise next(self._errors[name] for name in commands if name in self._errors)
        return answers

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
