"""The answer of another daemon's `/health`, of this or another version, to a report.

What is missing, unknown, or of another type than it should be counts as not said; what is too much is cut.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exporter.config.web import check_http_url
from exporter.discovery.listing import read_json, without_surrogates
from exporter.errors import DiscoveryError, PeerError
from exporter.peers.report import SEVERITIES, PeerFinding, PeerReport, PeerServer

MAX_BYTES: Final = 4 << 20
"""How much of an answer is read."""

_HEALTHS: Final = ("healthy", "degraded", "unhealthy")
_MAX_SERVERS: Final = 10_000
_MAX_FINDINGS: Final = 2_000
_MAX_TEXT: Final = 1_000


def read_report(body: bytes) -> PeerReport:
    """Read the answer, which takes its time: call it in a thread.

    Raises `PeerError` for one that no daemon gives.
    """
    try:
        data = read_json(body)
    except DiscoveryError as error:
        raise PeerError(f"its answer: {error}") from None
    if not isinstance(data, dict) or data.get("health") not in _HEALTHS:
        raise PeerError("what answers is no redis-vigil: its answer does not say how healthy it is")
    daemon = data.get("daemon")
    findings = sorted(_findings(data), key=_order)
    servers = sorted(_servers(data, findings), key=lambda one: one.order)
    return PeerReport(
        health=data["health"],
        servers=servers,
        findings=findings,
        in_need=sum(one.sign != "ok" for one in servers),
        daemon=_text(daemon, "id"),
        version=_text(daemon, "version"),
        shard=_text(daemon, "shard"),
        external_url=_url(_text(daemon, "external_url")),
    )


def _servers(data: Mapping[str, Any], findings: Sequence[PeerFinding]) -> Iterator[PeerServer]:
    """Those that are up, and those that are not, each once."""
    problems = {**_problems(data, "down"), **_problems(data, "problems")}
    up = [_cut(name) for name in _list(data, "up") if isinstance(name, str) and name]
    worst: dict[str, PeerFinding] = {}
    for one in findings:
        if one.needs_somebody:
            worst.setdefault(one.instance, one)
    for name in list(dict.fromkeys([*problems, *up]))[:_MAX_SERVERS]:
        finding = worst.get(name)
        if problem := problems.get(name, ""):
            yield PeerServer(name, problem, "critical", problem)
        elif finding is not None:
            yield PeerServer(name, "", finding.severity, finding.title)
        else:
            yield PeerServer(name)


def _problems(data: Mapping[str, Any], key: str) -> Mapping[str, str]:
    """Why servers cannot be sampled: a sentence, or a mapping with its words."""
    found = data.get(key)
    texts = {}
    for name, said in list(found.items())[:_MAX_SERVERS] if isinstance(found, dict) else ():
        words = said if isinstance(said, str) else _text(said, "words") or _text(said, "message")
        texts[_cut(name)] = _cut(words) or "cannot be sampled"
    return texts


def _findings(data: Mapping[str, Any]) -> Iterator[PeerFinding]:
    for one in _list(data, "findings")[:_MAX_FINDINGS]:
        if not isinstance(one, dict) or not (name := _text(one, "name")):
            continue
        severity = _text(one, "severity")
        yield PeerFinding(
            severity=severity if severity in SEVERITIES else "info",
            name=name,
            instance=_text(one, "instance"),
            title=_text(one, "summary") or _text(one, "description") or name,
            text=_text(one, "description") if _text(one, "summary") else "",
            advice=_text(one, "recommendation"),
            since=_moment(one.get("since")),
            quiet=_text(one, "quiet"),
        )


def _order(finding: PeerFinding) -> tuple[object, ...]:
    rank = SEVERITIES.index(finding.severity)
    return (not finding.needs_somebody, rank, finding.since or math.inf, finding.name, finding.instance)


def _list(data: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else ()


def _text(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    return _cut(value) if isinstance(value, str) else ""


def _cut(text: str) -> str:
    return without_surrogates(text[:_MAX_TEXT])


def _moment(value: object) -> float:
    """A moment in epoch seconds; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 < value < 1 << 40 else 0.0


def _url(text: str) -> str:
    """An address that links may lead to; empty for one of another kind, such as a script."""
    try:
        return check_http_url(text)
    except ValueError:
        return ""
