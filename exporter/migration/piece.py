"""`Piece`: what one part of another tool's configuration becomes; pieces are merged into one draft."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exporter.drafts import Commented, Draft, Suggestion, to_yaml


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """Keys of config.yml, files beside it, and what there is to say, as in a `Draft`."""

    document: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    found: Sequence[str] = ()
    differs: Sequence[str] = ()


def to_draft(pieces: Iterable[Piece], heading: str) -> Draft:
    """One config.yml, which begins with a heading as a comment, and all files of the pieces."""
    pieces = list(pieces)
    document: dict[str, Any] = {}
    files: dict[str, str] = {}
    for piece in pieces:
        document = _merge(document, piece.document)
        files |= piece.files
    return Draft(
        files={"config.yml": to_yaml(document, heading), **files},
        private=frozenset().union(*(piece.private for piece in pieces)),
        found=[text for piece in pieces for text in piece.found],
        differs=list(dict.fromkeys(text for piece in pieces for text in piece.differs)),
    )


def _merge(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings below one key become one; a comment stays with its mapping."""
    merged = dict(left)
    for key, value in right.items():
        merged[key] = _joined(merged[key], value) if key in merged else value
    return merged


def _joined(left: Any, right: Any) -> Any:
    if isinstance(left, Commented):
        return Commented(_joined(left.value, right), left.comment)
    if isinstance(right, Commented):
        return Commented(_joined(left, right.value), right.comment)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _merge(left, right)
    return left if isinstance(right, Suggestion) else right
