"""Authors: who ran commands that change a server, as far as the slow log or the client list tell."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

_MAX: Final = 200
# The slow log knows whole seconds, by a clock of its own.
_BEFORE_SECONDS: Final = 5.0

COMMANDS: Final = frozenset({"ACL DELUSER", "ACL LOAD", "ACL SETUSER", "CONFIG SET"})
"""The commands that are worth it; before Redis 7 a client list says `config`, which may be CONFIG GET."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who ran a command at a moment (epoch seconds); `source` is what told so."""

    at: float
    command: str
    client: str
    name: str
    user: str
    source: str


class Authors:
    """The latest authors of one server."""

    def __init__(self) -> None:
        self._latest: deque[Author] = deque(maxlen=_MAX)

    def note(self, author: Author) -> None:
        """Remember who ran a command, if it is one of those that change something."""
        if author.command in COMMANDS:
            self._latest.append(author)

    def find(self, commands: Collection[str], since: float) -> dict[str, str]:
        """Return the fields of an event that tell who was the last to run one of these; empty for nobody.

        `since` is when the server was looked at before (epoch seconds).
        """
        earliest = since - _BEFORE_SECONDS
        fitting = [one for one in self._latest if one.command in commands and one.at >= earliest]
        if not fitting:
            return {}
        last = max(fitting, key=lambda one: one.at)
        fields = {"by": last.client, "by_name": last.name, "by_user": last.user, "by_source": last.source}
        return {name: text for name, text in fields.items() if text}
