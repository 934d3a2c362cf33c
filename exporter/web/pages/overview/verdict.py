"""The sentence that tells whether anybody is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.samplers.runner import TargetRunner
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.overview.elsewhere import NOWHERE, Elsewhere
from exporter.web.pages.overview.findings import Findings

_SIGNS: Final = ("critical", "warning", "info", "pending", "ok")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sign` is that of the worst finding; `counts` are words with their severity, `rest` a sentence."""

    sign: str
    sentence: str
    counts: Sequence[tuple[str, str]]
    rest: str


def sum_up(
    findings: Findings,
    runners: Sequence[TargetRunner],
    now: float,
    *,
    is_expected: bool,
    elsewhere: Elsewhere = NOWHERE,
) -> Verdict:
    """Say how everything is (`now` in epoch seconds), also at other daemons.

    `is_expected`: the configuration names servers, or somebody who knows of some.
    """
    if elsewhere.peers:
        return _sum_up_all(findings, runners, now, elsewhere)
    if not runners and not findings.open:
        words = "No server has been found yet" if is_expected else "No server is watched yet"
        return Verdict("unknown", words, (), "")
    unasked = sum(runner.status.up is None for runner in runners)
    sign = findings.open[0].severity if findings.open else "pending" if unasked else "ok"
    return Verdict(
        sign, _sentence(findings, len(runners), unasked), _counts(findings), _rest(findings, unasked, now)
    )


def _sum_up_all(
    findings: Findings, runners: Sequence[TargetRunner], now: float, elsewhere: Elsewhere
) -> Verdict:
    unasked = sum(runner.status.up is None for runner in runners)
    total, silent = len(runners) + elsewhere.servers, len(elsewhere.silent)
    needed = len(findings.servers_in_need) + elsewhere.in_need
    own = findings.open[0].severity if findings.open else "pending" if unasked else "ok"
    there = "critical" if elsewhere.critical else "warning" if elsewhere.in_need or silent else "ok"
    if needed:
        sentence = f"{needed} of {_plural(total, 'server')} {'needs' if needed == 1 else 'need'} you"
    elif silent:
        sentence = f"{_plural(silent, 'daemon')} {'does' if silent == 1 else 'do'} not answer"
    else:
        sentence = _sentence(findings, total, unasked)
    counts = _counts(findings, elsewhere.critical, elsewhere.warnings)
    if silent:
        counts = [*counts, ("warning", f"no answer of {', '.join(elsewhere.silent[:3])}")]
    sign = min(own, there, key=_SIGNS.index)
    rest = _rest(findings, unasked, now) if own == sign and needed == len(findings.servers_in_need) else ""
    return Verdict(sign, sentence, counts, rest)


def _sentence(findings: Findings, servers: int, unasked: int) -> str:
    needed, loose = len(findings.servers_in_need), len(findings.open)
    if needed:
        return f"{needed} of {_plural(servers, 'server')} {'needs' if needed == 1 else 'need'} you"
    if loose:
        return f"{_plural(loose, 'alert')} {'needs' if loose == 1 else 'need'} you"
    if unasked:
        have = "has" if unasked == 1 else "have"
        return f"{unasked} of {_plural(servers, 'server')} {have} not been heard yet"
    if servers == 1:
        return "The only server is well"
    return "Both servers are well" if servers == 2 else f"All {servers:,} servers are well"


def _counts(findings: Findings, more_critical: int = 0, more_warnings: int = 0) -> Sequence[tuple[str, str]]:
    critical = sum(one.severity == "critical" for one in findings.open)
    warnings = len(findings.open) - critical + more_warnings
    critical += more_critical
    found = []
    if critical:
        found.append(("critical", f"{critical:,} critical"))
    if warnings:
        found.append(("warning", _plural(warnings, "warning")))
    if findings.notes:
        found.append(("info", _plural(len(findings.notes), "note")))
    if findings.quiet:
        found.append(("quiet", f"{len(findings.quiet):,} silenced or muted"))
    if findings.pending:
        found.append(("pending", f"{findings.pending:,} pending"))
    return found


def _rest(findings: Findings, unasked: int, now: float) -> str:
    known = [one.since for one in findings.open if one.since]
    if known:
        return f"The oldest since {moment_text(min(known), now)}, {span_text(now - min(known))} ago."
    if unasked:
        return "The first figures are there within one interval."
    return "" if findings.open else "Nothing fires that is not silenced."


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
