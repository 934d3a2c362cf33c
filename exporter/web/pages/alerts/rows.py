"""Rows of the list of alerts: texts and addresses."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.alert_charts import figure_of
from exporter.web.pages.address import Address
from exporter.web.pages.alerts.reasons import Reason
from exporter.web.pages.alerts.subjects import FIRING, PENDING, Subject
from exporter.web.pages.moments import moment_text, span_text


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in a list. `tone` and `sign` are those of its badge; `since` is in epoch seconds."""

    fingerprint: str
    href: str
    silence_href: str
    tone: str
    sign: str
    badge: str
    name: str
    summary: str
    instance: str
    value: str
    threshold: str
    since: float
    span: str
    reasons: Sequence[Reason]
    notes: Sequence[str]


def line_of(subject: Subject, reasons: Sequence[Reason], address: Address, now: float) -> AlertLine:
    """Return the row of an alert."""
    value, threshold = figure_of(subject.rule, subject.value)
    tone, sign, badge = badge_of(subject, reasons)
    return AlertLine(
        subject.fingerprint,
        address.to("alerts", subject.fingerprint),
        silence_address(subject, address),
        tone,
        sign,
        badge,
        subject.name,
        subject.summary,
        subject.instance,
        value,
        threshold,
        subject.since,
        span_text(now - subject.since),
        reasons,
        _notes(subject, now),
    )


def badge_of(subject: Subject, reasons: Sequence[Reason] = ()) -> tuple[str, str, str]:
    """Tone, sign and text of the badge that says how an alert is."""
    word = "Note" if subject.is_watchdog or not subject.severity else subject.severity.capitalize()
    if subject.state == PENDING:
        return subject.tone, "pending", f"{word}, pending"
    if subject.state != FIRING:
        return "ok", "ok", "Resolved"
    if reasons:
        return "quiet", "quiet", reasons[0].kind.capitalize()
    return subject.tone, subject.tone, word


def silence_address(subject: Subject, address: Address) -> str:
    """The form of a silence, filled in: by name and server where there are both, else by all labels."""
    names = ("alertname", "instance") if subject.name and subject.instance else None
    pairs = [(name, value) for name, value in subject.labels if names is None or name in names]
    matchers = ",".join(f"{_quoted_name(name)}={_quoted(value)}" for name, value in pairs)
    return address.to("silences", "new", filter=f"{{{matchers}}}")


def _quoted_name(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else _quoted(name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _notes(subject: Subject, now: float) -> Sequence[str]:
    notes = []
    if subject.state == PENDING and subject.rule is not None:
        at = subject.active_at + subject.rule.spec.for_ms / 1000
        notes.append(f"fires at {moment_text(at, now)} if it goes on")
    if subject.is_frozen:
        notes.append("held: its server cannot be sampled")
    if subject.is_posted:
        notes.append("posted by a program, not by a rule")
    return notes
