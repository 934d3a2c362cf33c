"""The reply of INFO, taken apart.

Format: https://redis.io/docs/latest/commands/info/ — sections headed by `# Name`, lines `field:value`.
"""

from collections.abc import Mapping, Sequence

Section = Sequence[tuple[str, str]]


def parse_info(reply: bytes) -> Mapping[str, Section]:
    """The fields of each section, in order, by the section's name in lower case (`commandstats`).

    Bytes that are not UTF-8 are shown escaped; lines that are no field are passed over.
    """
    sections: dict[str, list[tuple[str, str]]] = {}
    fields: list[tuple[str, str]] = sections.setdefault("", [])
    for line in reply.decode("utf-8", "backslashreplace").split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            fields.append((key, value))
        elif key.startswith("# "):
            fields = sections.setdefault(key[2:].lower(), [])
    return sections


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


def parse_version(text: str) -> tuple[int, ...]:
    """`7.0.15` as (7, 0, 15); what is not a number ends it."""
    numbers = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
