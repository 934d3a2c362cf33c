"""What another daemon has said of its servers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SEVERITIES: Final = ("critical", "warning", "info")
"""The worst first."""

SIGNS: Final = (*SEVERITIES, "ok")
"""How a server may be, the worst first."""


@dataclass(frozen=True, slots=True)
class PeerFinding:
    """An alert there; `severity` is one of `SEVERITIES`, `since` in epoch seconds (0: it does not say).

    `quiet`: why nobody is told of it, in a word.
    """

    severity: str
    name: str
    instance: str
    title: str
    text: str = ""
    advice: str = ""
    since: float = 0.0
    quiet: str = ""

    @property
    def needs_somebody(self) -> bool:
        """Whether it is more than good to know."""
        return not self.quiet and self.severity != "info"


@dataclass(frozen=True, slots=True)
class PeerServer:
    """A server there; `problem` says why it cannot be sampled, empty where it can.

    `sign` is one of `SIGNS`, that of the worst of it, and `why` says what that is.
    """

    instance: str
    problem: str = ""
    sign: str = "ok"
    why: str = ""

    @property
    def order(self) -> tuple[int, str]:
        """The worst first, then by name."""
        return SIGNS.index(self.sign), self.instance


@dataclass(frozen=True, slots=True)
class PeerReport:
    """All of it; `daemon` tells processes apart, `external_url` is where people reach it (empty: unsaid).

    Servers and findings come the worst first; `in_need` counts the servers that somebody has to look at.
    """

    health: str
    servers: Sequence[PeerServer] = ()
    findings: Sequence[PeerFinding] = ()
    in_need: int = 0
    daemon: str = ""
    version: str = ""
    shard: str = ""
    external_url: str = ""

    @property
    def sign(self) -> str:
        """One of `SIGNS`: that of the worst there."""
        finding = next((one.severity for one in self.findings if one.needs_somebody), "ok")
        server = self.servers[0].sign if self.servers else "ok"
        return min(finding, server, key=SIGNS.index)
