"""A digest as plain text, and in Slack's markup."""

from collections.abc import Collection
from typing import Final

from exporter.notify.digest import AlertText, Digest
from exporter.notify.slack_markup import finish

LONGEST_SLACK_TEXT: Final = 6000
"""Characters as Slack counts them, escapes included: above 8,000 it cuts an attachment without a word."""


def plain_text(digest: Digest) -> str:
    """Format a digest for a mail's text/plain part."""
    parts = [digest.counts] if digest.counts else []
    parts += ["\n".join([alert.headline, *plain_lines(alert)]) for alert in digest.alerts]
    if digest.left_out:
        parts.append(f"… and {digest.left_out} more: {digest.url}")
    return "\n\n".join(parts) + "\n\n-- \nSent by redis-vigil\n"


def plain_lines(alert: AlertText, links: Collection[str] | None = None) -> list[str]:
    """Return the lines after the headline of one alert; with all its links, or with those of these names."""
    labels = ", ".join(f"{pair.name} {pair.value}" for pair in alert.labels)
    named = (
        ("", alert.description),
        ("Value: ", alert.reading),
        ("When: " if alert.is_over else "Since: ", alert.when),
        ("What to do: ", alert.advice),
        ("Command: ", alert.command),
        ("Labels: ", labels),
        *((f"{link.text}: ", link.url) for link in alert.links if links is None or link.text in links),
    )
    return [f"{name}{text}" for name, text in named if text]


def slack_text(digest: Digest) -> str:
    """The text below the title: of one alert its details, of several each with its headline, as many as fit.

    Text of the digest is guarded (`exporter.notify.slack_markup`); what is written here is markup.
    """
    if len(digest.alerts) == 1 and not digest.left_out:
        return _fitting(digest.alerts[0], "", LONGEST_SLACK_TEXT)
    parts = [digest.counts]
    room = LONGEST_SLACK_TEXT - len(digest.counts)
    for alert in digest.alerts:
        part = _fitting(alert, f"*{_plain_star(alert.headline)}*", LONGEST_SLACK_TEXT // 2)
        room -= _size(part) + 2
        if room < 0:
            break
        parts.append(part)
    left_out = len(digest.alerts) - (len(parts) - 1) + digest.left_out
    if left_out:
        parts.append(f"… and {left_out} more: <{digest.url}|all alerts>")
    return "\n\n".join(parts)


def _size(text: str) -> int:
    """Characters as Slack counts them."""
    return len(finish(text, links_names=True))


def _fitting(alert: AlertText, headline: str, longest: int) -> str:
    """The lines of one alert; without its last links, and then its last lines, where these are too much."""
    links = len(alert.links)
    lines = _slack_lines(alert, links)
    while links > 1 and _size("\n".join(lines)) > longest:
        links -= 1
        lines = _slack_lines(alert, links)
    while len(lines) > 1 and _size("\n".join(lines)) > longest:
        del lines[-1]
    return "\n".join([headline, *lines] if headline else lines)


def _slack_lines(alert: AlertText, most_links: int) -> list[str]:
    labels = " · ".join(f"{pair.name} {_code(pair.value)}" for pair in alert.labels)
    links = " · ".join(f"<{link.url}|{link.text}>" for link in alert.links[:most_links])
    named = (
        ("", alert.description),
        ("*Value:* ", alert.reading),
        ("*When:* " if alert.is_over else "*Since:* ", alert.when),
        ("*What to do:* ", alert.advice),
        ("", _code(alert.command)),
        ("", labels),
        ("", links),
    )
    return [f"{name}{text}" for name, text in named if text]


def _code(text: str) -> str:
    """As code, in which nothing else is markup; a backtick would end it."""
    return f"`{text.replace('`', chr(0x2CB))}`" if text else ""


def _plain_star(text: str) -> str:
    """A star would end the bold print."""
    return text.replace("*", "\N{ASTERISK OPERATOR}")
