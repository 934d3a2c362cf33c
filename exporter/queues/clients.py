"""The names of a server's connections: some frameworks' workers are known by theirs."""

import re
from typing import Final

from exporter.connection import Reply
from exporter.errors import ReplyError
from exporter.queues.replies import first_unsupported, text
from exporter.queues.steps import Steps

# Waiting for the next job, taking one, and scripts: BullMQ and others add jobs with these.
_QUEUE_COMMAND: Final = re.compile(
    r" cmd=(b[lr]pop|brpoplpush|blm(?:ove|pop)|bz(?:pop(?:min|max)|mpop)|xreadgroup|evalsha|eval|fcall)\b"
)
_NAME: Final = re.compile(r"^[^\n]*? name=([^ \r\n]*)", re.MULTILINE)
_DATABASE: Final = re.compile(r" db=(\d+) ")


class ClientNames:
    """The connection names of one pass; unknown until the pass's first replies are in.

    `queue_commands` are commands of queues that connections have last sent, with their database (`3 brpop`).
    `refusal` is the error of a server that does not tell.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] | None = None
        self.queue_commands: frozenset[str] = frozenset()
        self.refusal: ReplyError | None = None

    def ask(self) -> Steps[None]:
        """Fetch them. Run before the steps that use them: these see them from their second round on."""
        (reply,) = yield [("CLIENT", "LIST")]
        self.names = parse_names(reply)
        self.queue_commands = parse_queue_commands(reply)
        self.refusal = first_unsupported([reply])


def parse_names(reply: Reply) -> tuple[str, ...] | None:
    """The names in a reply to CLIENT LIST, one per connection that has one; None where it was refused."""
    lines = text(reply)
    if lines is None:
        return None
    # In one go: there are thousands of lines where thousands are connected.
    return tuple([name for name in _NAME.findall(lines) if name])


def parse_queue_commands(reply: Reply) -> frozenset[str]:
    """The commands in a reply to CLIENT LIST that are sent about queues, each with its database."""
    lines = text(reply) or ""
    found = set()
    for match in _QUEUE_COMMAND.finditer(lines):
        # The database stands before the command, in the same line.
        line = lines[lines.rfind("\n", 0, match.start()) + 1 : match.start() + 1]
        if database := _DATABASE.search(line):
            found.add(f"{database[1]} {match[1]}")
    return frozenset(found)
