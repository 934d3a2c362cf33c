"""A digest as plain text, and in Slack's markup."""

from collections.abc import Collection, Iterator
from typing import Final

from exporter.notify.digest import AlertText, Digest
from exporter.notify.slack_markup import finish

LONGEST_SLACK_TEXT: Final = 6000
"""Characters as Slack counts them, escapes included: above 8,000 it cuts an attachment without a word."""


def plain_text(digest: Digest) -> str:
    """For a mail's text/plain part."""
    parts = [digest.counts] if digest.counts else []
    parts += ["\n".join([alert.headline, *plain_lines(alert)]) for alert in digest.alerts]
    if digest.left_out:
        parts.append(f"… and {digest.left_out} more: {digest.url}")
    return "\n\n".join(parts) + "\n\n-- \nSent by redis-vigil\n"


def plain_lines(alert: AlertText, links: Collection[str] | None = None) -> list[str]:
    """What follows the headline of one alert; with all its links, or with those of these names."""
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
        return "\n".join(_slack_lines(digest.alerts[0]))
    parts = [digest.counts]
    room = LONGEST_SLACK_TEXT - len(digest.counts)
    shown = 0
    for alert in digest.alerts:
        part = "\n".join([f"*{_plain_star(alert.headline)}*", *_slack_lines(alert)])
        room -= len(finish(part, links_names=True)) + 2
        if room < 0:
            break
        parts.append(part)
        shown += 1
    left_out = len(digest.alerts) - shown + digest.left_out
    if left_out:
        parts.append(f"… and {left_out} more: <{digest.url}|all alerts>")
    return "\n\n".join(parts)


def _slack_lines(alert: AlertText) -> Iterator[str]:
    labels = " · ".join(f"{pair.name} {_code(pair.value)}" for pair in alert.labels)
    links = " · ".join(f"<{link.url}|{link.text}>" for link in alert.links)
    named: tuple[tuple[str, str], ...] = (
        ("", alert.description),
        ("*Value:* ", alert.reading),
        ("*When:* " if alert.is_over else "*Since:* ", alert.when),
        ("*What to do:* ", alert.advice),
        ("", _code(alert.command)),
        ("", labels),
        ("", links),
    )
    return (f"{name}{text}" for name, text in named if text)


def _code(text: str) -> str:
    """As code, in which nothing else is markup; a backtick would end it."""
    return f"`{text.replace('`', chr(0x2CB))}`" if text else ""


def _plain_star(text: str) -> str:
    """A star would end the bold print."""
    return text.replace("*", "\N{ASTERISK OPERATOR}")
