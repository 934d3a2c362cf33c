"""Commands that a server does not have, or does not permit to us: no fault, but worth knowing.

Managed services leave commands out, owners rename them, ACLs grant just some. What that costs is told once
in the log, on the page `/`, by `/api/unavailable` and `redis-vigil health`, and no alert is made of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.errors import Reason, ReplyError
from exporter.log import get_logger

log = get_logger(__name__)

# Commands whose second word is a command of its own to the ACL of a server.
_CONTAINERS: Final = frozenset(
    {"acl", "client", "cluster", "commandlog", "config", "latency", "memory", "object", "sentinel", "slowlog"}
    | {"xinfo"}
)
# Who walks through keys needs more than the command that was refused first (docs/permissions.md).
_WALK: Final = "SCAN"
_KEYS: Final = ("+@read", "-keys", "+select", "~*")
_DEFAULT_USER: Final = "default"


@dataclass(frozen=True, slots=True)
class UnavailableCommand:
    """A command that samplers of one server do without, why, and what the server said."""

    command: str
    samplers: Sequence[str]
    reason: Reason
    message: str


class Unavailable:
    """Commands that one server does not have or permit, over all of its samplers."""

    def __init__(self, instance: str = "", username: str = "") -> None:
        self._instance = instance
        self._username = username or _DEFAULT_USER
        self._errors: dict[str, dict[str, ReplyError]] = {}
        # What is to be said in the log: by reason the error that came first for each command word.
        self._refused: dict[str, dict[str, str]] = {}
        self._granted: dict[str, None] = {}

    @property
    def commands(self) -> Sequence[UnavailableCommand]:
        """All of them, by name."""
        return [
            UnavailableCommand(command, sorted(by_sampler), error.reason, str(error))
            for command, by_sampler in sorted(self._errors.items())
            for error in [next(iter(by_sampler.values()))]
        ]

    @property
    def grant(self) -> str:
        """The line that would grant what is not permitted.

        Empty where nothing is missing but what the server does not have.
        """
        words = grants(one for one in self.commands if one.reason is Reason.PERMISSION)
        return f"ACL SETUSER {self._username} {' '.join(words)}" if words else ""

    def note(self, sampler: str, command: str, error: ReplyError) -> None:
        """A sampler goes on without a command; each command word is news once."""
        if not self._has(command):
            self._refused.setdefault(error.reason.value, {}).setdefault(_word(command), str(error))
        self._errors.setdefault(command, {})[sampler] = error

    def forget(self, command: str) -> None:
        """The server answers this command, whoever asks."""
        if self._errors.pop(command, None) is not None and not self._has(command):
            self._granted[_word(command)] = None

    def tell(self) -> None:
        """Say in the log what is news: a line for all commands that are refused for the same reason."""
        for reason, errors in self._refused.items():
            log.warning(
                "commands are not available, what they tell is left out",
                instance=self._instance,
                commands=",".join(errors),
                reason=reason,
                error=next(iter(errors.values())),
            )
        if self._granted:
            commands = ",".join(self._granted)
            log.info("commands are available again", instance=self._instance, commands=commands)
        self._refused, self._granted = {}, {}

    def _has(self, command: str) -> bool:
        """Whether any command of this one's first word is there."""
        return any(_word(other) == _word(command) for other in self._errors)


def grants(commands: Iterable[UnavailableCommand]) -> Sequence[str]:
    """The words of an ACL rule that allow these commands."""
    words: dict[str, None] = {}
    for one in commands:
        words.update(dict.fromkeys(_KEYS if one.command == _WALK else (_rule_of(one.command),)))
    return list(words)


def _rule_of(command: str) -> str:
    """`CONFIG GET slowlog-*`: `+config|get`."""
    first, *rest = command.lower().split()
    return f"+{first}|{rest[0]}" if first in _CONTAINERS and rest else f"+{first}"


def _word(command: str) -> str:
    return command.partition(" ")[0]
