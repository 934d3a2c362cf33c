"""The texts of INFO, taken apart.

Format: https://redis.io/docs/latest/commands/info/ — sections headed by `# Name`, lines `field:value`. Other
makes end their lines otherwise, have no heads, or comments that look like heads.
"""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Final

from exporter.model.floats import parse_float

# What stands between pairs. Another comma is part of a value, which is no number then.
_BETWEEN: Final = re.compile(",(?=[^,=]*=)")
# What is read of a reply, whoever answers: a server says some hundreds of short lines, and a few thousands
# where it has thousands of databases or replicas.
_MAX_BYTES: Final = 2 << 20
MAX_LINES: Final = 5_000
_MAX_LINE: Final = 8_192
# Lines have some ten pairs, and as many percentiles as somebody asks for.
_MAX_PAIRS: Final = 100


def split_lines(reply: bytes) -> Sequence[str]:
    """Split the reply into lines, however they end, without spaces around them.

    Bytes that are not UTF-8 are escaped. At most `MAX_LINES`; lines too long for any server are empty.
    """
    text = reply[:_MAX_BYTES].decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", MAX_LINES)
    if len(lines) > MAX_LINES or len(reply) > _MAX_BYTES:
        # The rest, or what is left of a line.
        lines.pop()
    return [line.strip() if len(line) <= _MAX_LINE else "" for line in lines]


def parse_section(line: str) -> str:
    """The name, in small letters, of the section that `# Name` heads; Pika adds the role in brackets."""
    return line.lstrip("# ").partition("(")[0].strip().lower()


def split_field(line: str) -> tuple[str, str, str]:
    """The name of a field, the colon (empty where there is none), and its value.

    The name of a command may end with a colon (`cmdstat_host::calls=2`): that is part of neither.
    """
    name, colon, text = line.partition(":")
    return (name, "::", text[1:]) if text.startswith(":") and "=" in text else (name, colon, text)


def parse_pairs(value: str) -> dict[str, str]:
    """A value that is itself a list: `keys=4,expires=0`."""
    pairs = {}
    for item in value.split(","):
        name, equals, text = item.partition("=")
        if equals:
            pairs[name.strip()] = text
    return pairs


def parse_number(text: str) -> float | None:
    """Parse a value, which may be negative; None for what is no number.

    `ok`, `true` and `up` are 1, `err`, `fail`, `false` and `down` are 0. Where a server has divided by 0
    (`inf`, `nan`) it does not know.
    """
    number = parse_float(text)
    if number is None:
        return _WORDS.get(text)
    return number if isfinite(number) else None


def parse_amount(text: str) -> float | None:
    """As `parse_number`, of what cannot be negative: with -1 servers say that they do not know."""
    number = parse_number(text)
    return None if number is not None and number < 0 else number


_WORDS = {
    "ok": 1.0,
    "true": 1.0,
    "up": 1.0,
    "err": 0.0,
    "fail": 0.0,
    "false": 0.0,
    "down": 0.0,
}


def parse_named_amounts(text: str) -> tuple[tuple[str, ...], list[float | None]]:
    """The names and the amounts of `calls=21,usec=175`, in order; None for what is none, or not known."""
    items = _BETWEEN.split(text.rstrip(","), _MAX_PAIRS)[:_MAX_PAIRS]
    pairs = [item.partition("=") for item in items]
    return tuple(name for name, _, _ in pairs), [parse_amount(value) for _, _, value in pairs]


_MAX_DIGITS: Final = 9


def parse_version(text: str) -> tuple[int, ...]:
    """`7.0.15` as (7, 0, 15); what is not a number, or none of a version, ends it."""
    numbers = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not 0 < len(digits) <= _MAX_DIGITS:
            break
        numbers.append(int(digits))
    return tuple(numbers)
