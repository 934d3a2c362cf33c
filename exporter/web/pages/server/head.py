"""The head of the page: what the server is, how it is, since when, and whom it belongs to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.model.visible import shorten
from exporter.samplers.reachability import reachable_since
from exporter.samplers.runner import TargetRunner
from exporter.sampling.server_info import ServerInfo
from exporter.web.alert_rows import AlertRow
from exporter.web.pages.moments import moment_text, span_text

MOST_RELATIVES: Final = 12

_MASTER: Final = "master"
# What a server calls itself can be anything.
_LONGEST_ENGINE: Final = 40
_ROLES: Final = {"master": "primary", "slave": "replica", "replica": "replica"}
_SEVERITIES: Final = ("critical", "warning")


@dataclass(frozen=True, slots=True)
class State:
    """How the server is in a word, and since when; `tone` is that of the sign."""

    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Relative:
    """Another server that belongs to this one; `instance` is empty where it is not watched."""

    label: str
    instance: str


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top of the page; texts are empty where nothing is known."""

    instance: str
    state: State
    role: str
    relatives: Sequence[Relative]
    more_relatives: int
    version: str
    uptime: str
    address: str
    labels: Sequence[str]


def read_head(
    runner: TargetRunner, others: Iterable[TargetRunner], firing: Sequence[AlertRow], now: float
) -> Head:
    """Read it as of now (epoch seconds); `firing` are the alerts about the server, the worst first."""
    server, target = runner.facts.server, runner.target
    relatives = _relatives(runner, others)
    is_up = runner.status.up is True
    version = ".".join(map(str, server.version))
    return Head(
        instance=target.instance,
        state=_state(runner, firing, now),
        role=_role(server, bool(relatives)),
        relatives=relatives[:MOST_RELATIVES],
        more_relatives=max(0, len(relatives) - MOST_RELATIVES),
        version=f"{_engine_name(server.engine)} {version}" if version else "",
        uptime=span_text(now - server.started_at) if is_up and server.started_at else "",
        address=target.address.instance + (" with TLS" if target.address.tls else ""),
        labels=[f"{name}={value}" for name, value in target.labels.pairs],
    )


def _state(runner: TargetRunner, firing: Sequence[AlertRow], now: float) -> State:
    status = runner.status
    since = reachable_since(runner.events)
    problem = status.problem
    if status.up is None and problem is None:
        return State("quiet", "Not asked yet")
    if problem is not None:
        words = f"up, {problem.words}" if status.up else problem.words
        words = f"down, {words}" if problem.is_down else words
        # While a server is up, what has a moment is that it is up.
        known_since = None if status.up else since
        return State("warning" if status.up else "critical", _dated(words, known_since, now))
    if firing:
        worst = firing[0]
        severity = worst.severity if worst.severity in _SEVERITIES else "info"
        words = {"critical": "critical", "warning": "warning"}.get(severity, "alert")
        return State(severity, _dated(words, worst.since_at, now))
    return State("ok", _dated("up", since, now))


def _dated(words: str, since: float | None, now: float) -> str:
    text = words[:1].upper() + words[1:]
    return text if since is None else f"{text} since {moment_text(since, now)}"


def _role(server: ServerInfo, has_relatives: bool) -> str:
    if server.mode == "sentinel":
        return "Sentinel"
    role = _ROLES.get(server.role, server.role)
    role = f"cluster {role}" if server.cluster_enabled else role
    return f"{role} of" if role and has_relatives else role


def _relatives(runner: TargetRunner, others: Iterable[TargetRunner]) -> Sequence[Relative]:
    """The replicas of a primary, or the primary of a replica, by the names under which they are watched."""
    server = runner.facts.server
    is_primary = server.role == _MASTER
    told = sorted(server.replicas) if is_primary else [server.primary] if server.primary else []
    watched: dict[str, str] = {}
    unlisted: list[str] = []
    for other in others:
        if other is runner:
            continue
        address = other.target.address.instance
        is_other_role = (other.facts.server.role == _MASTER) is not is_primary
        if address in told:
            watched[address] = other.target.instance
        elif is_other_role and not server.replication_ids.isdisjoint(other.facts.server.replication_ids):
            # A server may be known to the other by another address.
            unlisted.append(other.target.instance)
    left = [address for address in told if address not in watched]
    # As many of the addresses as servers that share the data are these, in whatever order.
    strangers = [Relative(address, "") for address in left[len(unlisted) :]]
    names = sorted([*watched.values(), *unlisted])
    return [*(Relative(name, name) for name in names), *strangers]


def _engine_name(engine: str) -> str:
    return {"keydb": "KeyDB"}.get(engine, shorten(engine.capitalize(), _LONGEST_ENGINE))
