"""A pass under way as a document, so that another process can go on with it."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.keyspace.biggest import TopKeys
from exporter.keyspace.facts import KeyFacts
from exporter.keyspace.history import TrackedKey
from exporter.keyspace.keyspace_sample import KeyspaceSample
from exporter.keyspace.nodes import KeyGroup, TreeNode
from exporter.keyspace.places import dump_affixes, load_affixes
from exporter.keyspace.pool import GroupSample
from exporter.keyspace.report import DatabaseReport, KeyPatternReport, TypeReport
from exporter.keyspace.summary import DatabaseSummary
from exporter.log import get_logger

log = get_logger(__name__)

_FORMAT: Final = 2
_REPORTS: Final = TypeAdapter(tuple[DatabaseReport, list[KeyPatternReport], list[TypeReport]])


def settings_key(section: KeyspaceSection) -> str:
    """Return what must be the same for a pass to go on: a budget may change, what is counted may not."""
    return section.model_dump_json(include={"patterns", "sample", "databases", "top_keys", "key_names"})


@dataclass(slots=True)
class Progress:
    """How far a pass has come.

    `run_id` is that of the server, `settings` see `settings_key`, `spent_seconds` how long the pass took
    before it was interrupted. `sizes` says how many keys each database held at the beginning; `current` is
    the database under way, with the cursor of the keys to come and its sample (see `dump_sample`).
    """

    run_id: str
    settings: str
    started_at: float
    spent_seconds: float = 0.0
    sizes: dict[int, int] = field(default_factory=dict)
    finished: dict[int, DatabaseSummary] = field(default_factory=dict)
    current: int | None = None
    cursor: bytes | None = None
    sample: dict[str, Any] | None = None

    def to_json(self) -> bytes:
        """For `from_json`."""
        document = {
            "format": _FORMAT,
            "run_id": self.run_id,
            "settings": self.settings,
            "started_at": self.started_at,
            "spent_seconds": self.spent_seconds,
            "sizes": list(self.sizes.items()),
            "finished": [[number, _dump_summary(one)] for number, one in self.finished.items()],
            "current": self.current,
            "cursor": None if self.cursor is None else self.cursor.decode("ascii"),
            "survey": self.sample,
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, document: bytes) -> "Progress":
        """Raises `ValueError` where this is not what `to_json` has returned."""
        try:
            saved = json.loads(document)
            if saved["format"] != _FORMAT:
                raise ValueError(f"saved in format {saved['format']}")
            return cls(
                saved["run_id"],
                saved["settings"],
                float(saved["started_at"]),
                float(saved["spent_seconds"]),
                {int(number): int(size) for number, size in saved["sizes"]},
                {int(number): _load_summary(one) for number, one in saved["finished"]},
                saved["current"],
                None if saved["cursor"] is None else saved["cursor"].encode("ascii"),
                saved["survey"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a saved pass: {error!r}") from error


def load_progress(saved: bytes | None, instance: str) -> Progress | None:
    """A saved pass, where there is one that can be used."""
    if saved is None:
        return None
    try:
        return Progress.from_json(saved)
    except ValueError as error:
        log.warning("saved scan cannot be used", instance=instance, error=error)
        return None


def _dump_summary(summary: DatabaseSummary) -> dict[str, Any]:
    reports = (summary.report, summary.patterns, summary.types)
    return {
        "reports": _REPORTS.dump_python(reports, mode="json"),
        "biggest": [
            [name.decode("latin-1"), key.kind, key.memory, key.length]
            for name, key in summary.biggest.items()
        ],
        "skeleton": summary.template,
        "samples": {name: sample.to_json() for name, sample in summary.samples.items()},
    }


def _load_summary(saved: dict[str, Any]) -> DatabaseSummary:
    report, patterns, types = _REPORTS.validate_python(saved["reports"])
    biggest = {
        name.encode("latin-1"): TrackedKey(kind, memory, length)
        for name, kind, memory, length in saved["biggest"]
    }
    samples = {name: GroupSample.from_json(sample) for name, sample in saved["samples"].items()}
    return DatabaseSummary(report, patterns, types, biggest, saved["skeleton"], samples)


_COUNTS: Final = ("scanned", "name_bytes", "asked", "duplicates", "most_keys", "big_keys", "is_sampled")


def dump_sample(sample: KeyspaceSample) -> dict[str, Any]:
    """Return all that a sample knows, fit for JSON."""
    return {
        **{name: getattr(sample, name) for name in _COUNTS},
        "top_memory": {kind: top.to_json() for kind, top in sample.top_memory.items()},
        "top_length": {kind: top.to_json() for kind, top in sample.top_length.items()},
        "own": [_dump_group(group) for group in sample.miner.own],
        "tree": _dump_node(sample.miner.tree.root),
    }


def restore_sample(sample: KeyspaceSample, saved: dict[str, Any]) -> None:
    """Give a new sample what another one knew.

    Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError` where this is not from `dump_sample`.
    """
    for name in _COUNTS:
        setattr(sample, name, saved[name])
    sample.is_sampled |= sample.plan is not None
    limit = sample.settings.top_keys
    sample.top_memory = {kind: TopKeys.from_json(limit, top) for kind, top in saved["top_memory"].items()}
    sample.top_length = {kind: TopKeys.from_json(limit, top) for kind, top in saved["top_length"].items()}
    for group, one in zip(sample.miner.own, saved["own"], strict=True):
        _load_group(group, one)
    tree = sample.miner.tree
    tree.root = _load_node(saved["tree"])
    tree.changed()


def _dump_group(group: KeyGroup) -> list[Any]:
    facts = group.facts.to_json() if isinstance(group.facts, KeyFacts) else None
    return [group.keys, group.rate, group.pilot, facts]


def _load_group(group: KeyGroup, saved: list[Any]) -> KeyGroup:
    keys, rate, pilot, facts = saved
    group.keys, group.rate, group.pilot = int(keys), float(rate), int(pilot)
    group.facts = KeyFacts.from_json(facts) if facts is not None else None
    return group


def _dump_node(node: TreeNode) -> dict[str, Any]:
    saved: dict[str, Any] = {}
    if node.children:
        saved["children"] = {_text(token): _dump_node(child) for token, child in node.children.items()}
    if node.ends:
        saved["ends"] = {_text(token): _dump_group(group) for token, group in node.ends.items()}
    if node.folded:
        saved["folded"] = [_text(separator) for separator in node.folded]
    if node.stems:
        saved["stems"] = [[_text(stem), _text(separator)] for stem, separator in node.stems]
    if node.affixes:
        saved["affixes"] = dump_affixes(node)
    if node.open_to_new:
        saved["open_to_new"] = node.open_to_new
    for flag in ("known", "pinned", "closed"):
        if getattr(node, flag):
            saved[flag] = True
    return saved


def _load_node(saved: dict[str, Any]) -> TreeNode:
    node = TreeNode()
    node.children = {_bytes(token): _load_node(child) for token, child in saved.get("children", {}).items()}
    node.ends = {_bytes(token): _load_group(KeyGroup(), one) for token, one in saved.get("ends", {}).items()}
    node.folded = frozenset(_bytes(separator) for separator in saved.get("folded", ()))
    node.stems = frozenset((_bytes(stem), _bytes(separator)) for stem, separator in saved.get("stems", ()))
    load_affixes(node, saved.get("affixes", ()))
    node.open_to_new = int(saved.get("open_to_new", 0))
    for flag in ("known", "pinned", "closed"):
        setattr(node, flag, bool(saved.get(flag)))
    return node


def _text(token: bytes) -> str:
    return token.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
