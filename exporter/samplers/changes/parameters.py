"""Parameters of CONFIG as they are compared: all but secrets, which are not even asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.connection import Command
from exporter.samplers.server_config import is_secret

PATTERNS: Final = (
    # All but `masterauth`, `masteruser`, `primaryauth`, `primaryuser`, `requirepass` and
    # `tls-(client-)key-file-pass`.
    "[^mprt]*",
    "m[^a]*",
    "ma[^s]*",
    "p[^r]*",
    "pr[^i]*",
    "r[^e]*",
    "re[^q]*",
    "t[^l]*",
    "tls-[^ck]*",
    "tls-c[^l]*",
    "tls-cluster",
)

# They sound like secrets, and are none.
_PLAIN: Final = frozenset({"tls-auth-clients", "tls-auth-clients-user"})
_MAX_VALUE: Final = 200
_MAX_PARAMETERS: Final = 1_000
# Where more change at once, the rest is only counted.
MAX_CHANGES: Final = 50


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter that has another value than before."""

    name: str
    before: str
    after: str


def commands(name: str, *, takes_many: bool) -> Sequence[Command]:
    """Return the commands that ask for all of it; before Redis 7 CONFIG GET takes only one pattern."""
    if takes_many:
        return [(name, "GET", *PATTERNS)]
    return [(name, "GET", pattern) for pattern in PATTERNS]


def comparable(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are remembered and compared."""
    kept = sorted(name for name in parameters if name in _PLAIN or not is_secret(name))
    return {name: parameters[name][:_MAX_VALUE] for name in kept[:_MAX_PARAMETERS]}


def changes(before: Mapping[str, Any], after: Mapping[str, str]) -> Iterator[Change]:
    """Yield what has another value; parameters that come and go do so with versions and modules."""
    for name, value in after.items():
        if name in before and before[name] != value:
            yield Change(name, str(before[name]), value)
