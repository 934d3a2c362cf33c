"""Digest of a notification: our own default texts, before they are formatted for Slack, mail or terminal.

Made from the data that templates see, so that text from outside is escaped already.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from itertools import islice
from typing import ClassVar, Final

from exporter.gotemplate.alertmanager import ALERT_NAME, KV, NotificationData, Pair, Pairs, TemplateAlert
from exporter.gotemplate.values import Structure, TypedList
from exporter.notify.urgency import urgency
from exporter.rules.sending import alert_url

MOST_ALERTS: Final = 50
"""The most alerts that a message describes; the others are only counted."""

# Severities of alerts that report nothing bad, such as a dead man's switch.
_NOT_BAD: Final = ("", "none")
_BAD, _DOUBTFUL, _MILD, _OTHER, _OVER = "#b42318", "#b54708", "#175cd3", "#475467", "#067647"
_COLOURS: Final = {"critical": _BAD, "page": _BAD, "error": _BAD, "warning": _DOUBTFUL, "info": _MILD}
# Labels that the text has elsewhere, or that mean nothing to people.
_UNSAID: Final = frozenset({ALERT_NAME, "severity", "kind"})
# Labels with their default values.
_USUAL: Final = {"job": "redis"}
_LONGEST_VALUE: Final = 300
_LONGEST_TEXT: Final = 1500
_LONGEST_LABEL: Final = 120
_LONGEST_URL: Final = 2000
_MOST_LABELS: Final = 20
_MOST_LINKS: Final = 5
# Characters that change the direction of the rest of the line (Unicode, UAX #9).
_TURNING: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
# 9999-12-30: leaves a day for time zones before the end of the calendar.
_LAST_MOMENT: Final = 253_402_128_000.0
_HARDLY_SECONDS: Final = 10.0
_LONGEST_IN_SECONDS: Final = 600
_HTTP: Final = re.compile("https?://", re.I)
# Characters that would end a URL within a text.
_ENCODED: Final = {ord(char): f"%{ord(char):02X}" for char in '"`|<>{}^\\ \t\r\n'}


@dataclass(frozen=True, slots=True)
class Link(Structure):
    """A link in a message."""

    text: str
    url: str

    go_type: ClassVar[str] = "digest.Link"
    go_fields: ClassVar[Mapping[str, str]] = {"Text": "text", "URL": "url"}


@dataclass(frozen=True, slots=True)
class AlertText(Structure):
    """One alert in words.

    `fingerprint` is the one that messages link to. `headline` is the summary with how bad it is before it, or
    that it is over. `when` tells since when, with the zone, and how long. `reading` is the value against its
    limit, `advice` what to do, `labels` are those that the texts do not say already. A resolved alert has
    only what helps to recognise it.
    """

    fingerprint: str
    is_over: bool
    severity: str
    colour: str
    headline: str
    when: str
    description: str = ""
    reading: str = ""
    advice: str = ""
    command: str = ""
    labels: Pairs = field(default_factory=Pairs)
    links: TypedList = field(default_factory=TypedList)

    go_type: ClassVar[str] = "digest.Alert"
    go_fields: ClassVar[Mapping[str, str]] = {
        "Fingerprint": "fingerprint",
        "Over": "is_over",
        "Severity": "severity",
        "Colour": "colour",
        "Headline": "headline",
        "When": "when",
        "Description": "description",
        "Reading": "reading",
        "Advice": "advice",
        "Command": "command",
        "Labels": "labels",
        "Links": "links",
    }


@dataclass(frozen=True, slots=True)
class Digest(Structure):
    """A whole message: what fires comes first, the worst of that before the others.

    `counts` is the number of alerts of each severity, if there are several. `left_out` are those
    without a text. `url` leads to all alerts, or to the only one.
    """

    title: str
    colour: str
    counts: str
    url: str
    alerts: TypedList
    left_out: int = 0

    go_type: ClassVar[str] = "digest.Digest"
    go_fields: ClassVar[Mapping[str, str]] = {
        "Title": "title",
        "Colour": "colour",
        "Counts": "counts",
        "URL": "url",
        "Alerts": "alerts",
        "LeftOut": "left_out",
    }


def digest(data: NotificationData, now: float, zone: tzinfo | None = None) -> Digest:
    """Return the digest of a notification at `now` (epoch seconds).

    Times are in the machine's zone where none is given.
    """
    ordered = sorted(data.alerts, key=_rank)
    news = sum(not _is_old(one) for one in ordered)
    texts = TypedList(
        _without_repetition(_alert_text(one, data.external_url, now, zone) for one in ordered[:MOST_ALERTS])
    )
    page = _safe_url(f"{data.external_url}/alerts")
    if not texts:
        return Digest("No alerts", _OVER, "", page, texts)
    if len(ordered) == 1:
        one = _safe_url(_alert_page(ordered[0], data.external_url))
        return Digest(texts[0].headline, texts[0].colour, "", one, texts)
    title = _title(texts, news or len(ordered))
    return Digest(title, texts[0].colour, _counts(ordered), page, texts, len(ordered) - len(texts))


def _without_repetition(texts: Iterable[AlertText]) -> Iterator[AlertText]:
    """Drop what the alert before says as well, such as the same advice for twenty servers of one host."""
    before: AlertText | None = None
    for text in texts:
        is_same = before is not None and (before.advice, before.command) == (text.advice, text.command)
        known = before.links if before is not None else ()
        links = TypedList(link for link in text.links if link not in known)
        yield replace(text, links=links, advice="", command="") if is_same else replace(text, links=links)
        before = text


def _title(texts: Sequence[AlertText], count: int) -> str:
    """Of two alerts both, such as what began and what ended by it; of more the worst."""
    if count == 1:
        return str(texts[0].headline)
    first, second = texts[0].headline, texts[1].headline
    return f"{first}; {second}" if count == 2 and second != first else f"{first} (and {count - 1} more)"


def _rank(alert: TemplateAlert) -> tuple[object, ...]:
    severity, began = alert.labels.get("severity", ""), alert.starts_at.nanoseconds
    return urgency(severity, began, is_over=_is_over(alert), is_old=_is_old(alert))


def _is_old(alert: TemplateAlert) -> bool:
    """Return whether an earlier notification was about this event: it is no news, although it fires."""
    return alert.was_notified_firing and alert.labels.get("kind") == "event" and not _is_over(alert)


def _is_over(alert: TemplateAlert) -> bool:
    return alert.status == "resolved"


def _counts(alerts: Iterable[TemplateAlert]) -> str:
    """`3 alerts: 1 critical, 2 over`."""
    words = [_kind_of(alert) for alert in alerts]
    parts = ", ".join(f"{count} {word}" for word, count in Counter(words).items())
    return f"{len(words)} alerts: {parts}"


def _kind_of(alert: TemplateAlert) -> str:
    if _is_over(alert):
        return "over"
    return "told before" if _is_old(alert) else alert.labels.get("severity", "") or "without severity"


def _alert_text(alert: TemplateAlert, external_url: str, now: float, zone: tzinfo | None) -> AlertText:
    severity = alert.labels.get("severity", "")
    summary, description = _texts(alert)
    began = alert.starts_at.nanoseconds / 1e9
    ended = alert.ends_at.nanoseconds / 1e9
    labels = _distinctive_labels(alert.labels, f"{summary} {description}")
    links = _links(alert, external_url)
    if _is_over(alert):
        headline = f"Over: {summary} (lasted {_span(ended - began)})"
        when = f"{_moment(began, zone)} to {_moment(ended, zone)}"
        return AlertText(alert.fingerprint, True, severity, _OVER, headline, when, labels=labels, links=links)
    return AlertText(
        alert.fingerprint,
        False,
        severity,
        _COLOURS.get(severity, _OTHER),
        _headline(summary, severity, is_old=_is_old(alert)),
        _since(began, now, zone),
        description,
        alert.reading,
        _cut(alert.annotations.get("recommendation", ""), _LONGEST_TEXT),
        _one_line(alert.annotations.get("command", "")),
        labels,
        links,
    )


def _headline(summary: str, severity: str, *, is_old: bool) -> str:
    if is_old:
        return f"Told before: {summary}"
    return summary if severity in _NOT_BAD else f"{severity[:1].upper()}{severity[1:]}: {summary}"


def _texts(alert: TemplateAlert) -> tuple[str, str]:
    """Summary and description; where there are none, what identifies the alert."""
    notes = alert.annotations
    description = notes.get("description") or notes.get("message") or ""
    summary = notes.get("summary") or notes.get("title") or ""
    if not summary:
        labels = " ".join(f"{pair.name}={pair.value}" for pair in _distinctive_labels(alert.labels, ""))
        name = alert.labels.get(ALERT_NAME, "an alert")
        summary = f"{name} ({labels})" if labels else name
    if description.strip() == summary.strip():
        description = ""
    return _one_line(summary), _cut(description.strip(), _LONGEST_TEXT)


def _distinctive_labels(labels: KV, said: str) -> Pairs:
    """Return the labels that distinguish this alert, unless the text has their values."""
    distinctive = (
        Pair(name, _cut(_one_line(value), _LONGEST_LABEL))
        for name, value in sorted(labels.items())
        if value and name not in _UNSAID and _USUAL.get(name) != value and not _says(said, value)
    )
    return Pairs(islice(distinctive, _MOST_LABELS))


def _says(text: str, value: str) -> bool:
    """Whether a text holds a value as a word of its own; a digit may be anything.

    Texts write reasons with spaces, and commands in capitals.
    """
    forms = "|".join(re.escape(form) for form in (value, value.replace("_", " "), value.upper()))
    return len(value) > 2 and re.search(rf"(?<![\w.-])(?:{forms})(?![\w-])", text) is not None


def _links(alert: TemplateAlert, external_url: str) -> TypedList:
    """The alert's page, what its annotations name, and where it comes from; only what a browser can open."""
    page = _alert_page(alert, external_url)
    found = [("Alert", page)]
    found += [
        (name.lower().removesuffix("url").strip("_").replace("_", " ").capitalize() or "Link", value.strip())
        for name, value in sorted(alert.annotations.items())
        if name.lower().endswith("url")
    ]
    if alert.generator_url != page:
        found.append(("Source", alert.generator_url))
    useful = [
        Link(text, _safe_url(url)) for text, url in found if _HTTP.match(url) and len(url) <= _LONGEST_URL
    ]
    return TypedList(useful[:_MOST_LINKS])


def _alert_page(alert: TemplateAlert, external_url: str) -> str:
    return alert_url(external_url, alert.fingerprint, alert.starts_at.nanoseconds / 1e9)


def _safe_url(url: str) -> str:
    return url.translate(_ENCODED)


def _moment(at: float, zone: tzinfo | None) -> str:
    """`2026-11-28 10:52:14 UTC`; what is posted may be of any year, and a calendar has an end."""
    at = min(max(at, 0.0), _LAST_MOMENT)
    return datetime.fromtimestamp(at, zone).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _since(began: float, now: float, zone: tzinfo | None) -> str:
    """When it began, and how long ago unless that is hardly any time."""
    ago = now - began
    return f"{_moment(began, zone)} (for {_span(ago)})" if ago >= _HARDLY_SECONDS else _moment(began, zone)


def _span(seconds: float) -> str:
    """As exact as it matters, and rounded to that: `45s`, `3m 50s`, `12m`, `3h 5m`, `2d 1h`."""
    rest = max(0, round(seconds))
    if rest < _LONGEST_IN_SECONDS:
        return f"{rest}s" if rest < 120 else _counted((rest // 60, "m"), (rest % 60, "s"))
    minutes = round(rest / 60)
    if minutes < 120:
        return f"{minutes}m"
    if minutes < 1440:
        return _counted((minutes // 60, "h"), (minutes % 60, "m"))
    hours = round(minutes / 60)
    return _counted((hours // 24, "d"), (hours % 24, "h"))


def _counted(*parts: tuple[int, str]) -> str:
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


def _one_line(text: str) -> str:
    return _cut(" ".join(text.split()), _LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    text = text.translate(_TURNING)
    return text if len(text) <= longest else text[: longest - 1] + "…"
