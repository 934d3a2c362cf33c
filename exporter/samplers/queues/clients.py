"""The names of a server's connections: some frameworks' workers are known by theirs."""

from exporter.connection import Reply
from exporter.errors import ReplyError
from exporter.samplers.queues.replies import refusal, text
from exporter.samplers.queues.steps import Steps


class ClientNames:
    """The connection names of one pass; unknown until the pass's first replies are in.

    `refusal` is the error of a server that does not tell.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] | None = None
        self.refusal: ReplyError | None = None

    def ask(self) -> Steps[None]:
        """Fetch them. Run before the steps that use them: these see them from their second round on."""
        (reply,) = yield [("CLIENT", "LIST")]
        self.names = parse_names(reply)
        self.refusal = refusal([reply])


def parse_names(reply: Reply) -> tuple[str, ...] | None:
    """The names in a reply to CLIENT LIST, one per connection that has one; None where it was refused."""
    lines = text(reply)
    if lines is None:
        return None
    found = []
    for line in lines.splitlines():
        _, mark, rest = line.partition(" name=")
        name = rest.partition(" ")[0]
        if mark and name:
            found.append(name)
    return tuple(found)
