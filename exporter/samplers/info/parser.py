"""The texts of INFO, taken apart.

Format: https://redis.io/docs/latest/commands/info/ — sections headed by `# Name`, lines `field:value`.
"""

from collections.abc import Sequence
from math import isfinite


def split_lines(reply: bytes) -> Sequence[str]:
    """The lines of the reply; bytes that are not UTF-8 are shown escaped."""
    return reply.decode("utf-8", "backslashreplace").split("\r\n")


def parse_pairs(value: str) -> dict[str, str]:
    """A value that is itself a list: `keys=4,expires=0`."""
    pairs = {}
    for item in value.split(","):
        name, equals, text = item.partition("=")
        if equals:
            pairs[name] = text
    return pairs


def parse_number(text: str) -> float | None:
    """A value as a number; `ok`, `true` and `up` are 1, `err`, `fail`, `false` and `down` are 0."""
    try:
        return float(text)
    except ValueError:
        return _WORDS.get(text)


_WORDS = {
    "ok": 1.0,
    "true": 1.0,
    "up": 1.0,
    "err": 0.0,
    "fail": 0.0,
    "false": 0.0,
    "down": 0.0,
}


def whole(number: float) -> int:
    """A number of things; 0 for what is no number, which only a server that makes things up would say."""
    return int(number) if isfinite(number) else 0


def parse_named_numbers(text: str) -> tuple[tuple[str, ...], list[float]]:
    """The names and the numbers of `calls=21,usec=175`, in order; none of either where one is no number."""
    parts = text.replace(",", "=").split("=")
    if len(parts) != 2 * (text.count(",") + 1):
        return (), []
    try:
        return tuple(parts[::2]), list(map(float, parts[1::2]))
    except ValueError:
        return (), []


def parse_version(text: str) -> tuple[int, ...]:
    """`7.0.15` as (7, 0, 15); what is not a number ends it."""
    numbers = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
