"""Suggests entries of `samplers.queues.lists` for lists that look like queues."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from exporter.config.samplers.queues import ListPattern
from exporter.model.printable import printable
from exporter.queues.plain_keys import KeyShape, describe_key
from exporter.queues.unknown_lists import UnknownList

# Commands by which workers take from a list, and the end at which the oldest entry then stands.
_TAKING: Final = {
    "brpop": "tail",
    "brpoplpush": "tail",
    "blpop": "head",
    "blmove": "",
    "blmpop": "",
}
_MAX_EXAMPLES: Final = 3
_MAX_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Lists of one form.

    Their pattern (`key`), what was seen of them, and the entry that describes them, None where none can
    (`obstacle` says why).
    """

    database: int
    key: str
    keys: tuple[str, ...]
    lists: int
    entries: int
    maker: str
    evidence: tuple[str, ...]
    entry: Mapping[str, Any] | None
    obstacle: str = ""

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "database": self.database,
            "keys": list(self.keys),
            "lists": self.lists,
            "entries": self.entries,
            "maker": self.maker,
            "evidence": list(self.evidence),
            "suggestion": self.entry,
        }


def suggest(candidates: Sequence[UnknownList], queue_commands: Collection[str]) -> Sequence[Suggestion]:
    """Group the candidates by their form.

    `queue_commands` are commands that connections have sent last, with their database (`0 brpop`).
    """
    forms: dict[tuple[int, KeyShape], list[UnknownList]] = {}
    for one in candidates:
        try:
            shape = describe_key(one.key.decode())
        except UnicodeDecodeError:
            shape = KeyShape("")
        forms.setdefault((one.database, shape), []).append(one)
    return [
        _suggestion(shape, found, _taking(queue_commands, database))
        for (database, shape), found in sorted(forms.items(), key=lambda form: (form[0][0], form[0][1].key))
    ]


def summarise(suggestions: Sequence[Suggestion], queue_commands: Collection[str]) -> str:
    """All of them in one sentence."""
    lists, entries = sum(one.lists for one in suggestions), sum(one.entries for one in suggestions)
    taking = sorted({sign for one in suggestions for sign in _taking(queue_commands, one.database)})
    blocked = f", clients blocked in {', '.join(taking).upper()}" if taking else ""
    makers = sorted({one.maker for one in suggestions if one.maker})
    known = f", some as {' and '.join(makers)} write{'s' if len(makers) == 1 else ''} them" if makers else ""
    look = "list looks like a queue" if lists == 1 else "lists look like queues"
    return f"{lists} {look} ({entries} {'entry' if entries == 1 else 'entries'}{blocked}{known})"


def write_section(suggestions: Sequence[Suggestion]) -> str:
    """The section `samplers.queues.lists` in YAML, with what was seen as comments."""
    lines = ["samplers:", "  queues:", "    lists:"]
    seen: set[str] = set()
    for one in suggestions:
        names = ", ".join(one.keys) + (
            f" and {one.lists - len(one.keys)} more" if one.lists > len(one.keys) else ""
        )
        where = f" in db{one.database}" if one.database else ""
        lines.append(f"      # {names}{where}: {', '.join(one.evidence)}")
        if one.entry is None:
            lines.append(f"      # cannot be described: {one.obstacle}")
            continue
        text = json.dumps(one.entry, ensure_ascii=False)
        if text in seen:
            lines.append("      # as above")
        else:
            seen.add(text)
            lines.append(f"      - {text}")
    return "\n".join(lines) + ("\n" if seen else " []\n")


def commands_of_workers(queue_commands: Collection[str]) -> str:
    """The commands by which lists are worked on, as `BRPOP, BLMOVE`; empty where there are none."""
    seen = {sign.partition(" ")[2] for sign in queue_commands}
    return ", ".join(name.upper() for name in _TAKING if name in seen)


def worked_on(queue_commands: Collection[str]) -> Collection[int]:
    """The databases in which workers take from lists."""
    parts = (sign.partition(" ") for sign in queue_commands)
    return {int(database) for database, _, name in parts if name in _TAKING}


def _taking(queue_commands: Collection[str], database: int) -> Sequence[str]:
    return [name for name in _TAKING if f"{database} {name}" in queue_commands]


def _suggestion(shape: KeyShape, found: Sequence[UnknownList], taking: Sequence[str]) -> Suggestion:
    entry, obstacle = _entry(shape, found, taking)
    entries = sum(one.entries for one in found)
    evidence = [f"{entries} {'entry' if entries == 1 else 'entries'}"]
    if shape.maker:
        evidence.append(f"as {shape.maker} writes them")
    if all(one.is_json for one in found):
        evidence.append("JSON")
    if any(one.is_taken_from for one in found):
        evidence.append("entries are taken from it")
    evidence += [f"grows at its {end}" for end in sorted({one.grows_at for one in found if one.grows_at})]
    if taking:
        evidence.append(f"clients blocked in {', '.join(taking).upper()}")
    keys = tuple(_visible(one.key) for one in found[:_MAX_EXAMPLES])
    return Suggestion(
        found[0].database, shape.key, keys, len(found), entries, shape.maker, tuple(evidence), entry, obstacle
    )


def _entry(
    shape: KeyShape, found: Sequence[UnknownList], taking: Sequence[str]
) -> tuple[Mapping[str, Any] | None, str]:
    """The entry, and why there is none."""
    if not shape.key:
        return None, "its name is no text"
    entry: dict[str, Any] = {"key": shape.key}
    if shape.name:
        entry["name"] = shape.name
    if shape.state != "waiting":
        entry["state"] = shape.state
    if _oldest(found, taking) == "head":
        entry["oldest"] = "head"
    paths = Counter(one.time_path for one in found)
    path = paths.most_common(1)[0][0]
    if path:
        entry["time"] = {"path": path}
    try:
        ListPattern.model_validate(entry)
    except ValidationError as error:
        return None, str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return entry, ""


def _oldest(found: Sequence[UnknownList], taking: Sequence[str]) -> str:
    """The end at which the oldest entry stands.

    By the entries' own times, by where the list grows, by how workers take from it; empty where nothing
    tells.
    """
    by_time = Counter(one.oldest for one in found if one.oldest)
    if by_time:
        return by_time.most_common(1)[0][0]
    grows = Counter("head" if one.grows_at == "tail" else "tail" for one in found if one.grows_at)
    if grows:
        return grows.most_common(1)[0][0]
    ends = {_TAKING[name] for name in taking}
    return ends.pop() if len(ends) == 1 else ""


def _visible(key: bytes) -> str:
    """A key's name in one line, without anything that a terminal would obey."""
    return printable(key.decode("utf-8", "backslashreplace")[:_MAX_NAME])
