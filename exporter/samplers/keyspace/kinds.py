"""What belongs to the ids beside it, so that a `*` means all of its kind."""

import re
from collections.abc import Collection
from math import sqrt
from typing import Final

from exporter.samplers.keyspace.ids import FEW_KEYS, absorbs
from exporter.samplers.keyspace.nodes import END, Node
from exporter.samplers.keyspace.shapes import PIECE_SEPARATOR, WILD

_WORDLESS: Final = re.compile(rb"[^0-9A-Za-z\x80-\xff]*").fullmatch
# So much of the keys below must be below the same words as those of the ids beside.
_KIND_SHARE: Final = 0.5
_MAX_DEPTH: Final = 4
# Beside ids, so small a share of the keys is no kind and no path of its own.
_STRAY_SHARE: Final = 0.02


def fold_kind(node: Node, separator: bytes) -> None:
    """What has the same words below as the ids beside it is one of them."""
    wild = node.children.get(WILD + separator) if separator else None
    if wild is None:
        return
    for token in node.literals(separator):
        child = node.children[token]
        if WILD in token:
            continue
        is_stray = child.keys <= FEW_KEYS <= wild.keys * _STRAY_SHARE and not child.known
        if _in_common(child, wild) >= _KIND_SHARE * child.keys or (is_stray and not child.words):
            node.move([token], WILD + separator)


def _in_common(node: Node, other: Node, depth: int = 0) -> int:
    """How many of the keys below are below a word that is of weight below the other node too."""
    least = _STRAY_SHARE * other.keys
    keys = 0
    for token, group in node.ends.items():
        known = other.ends.get(token)
        if known is not None and WILD not in token and known.keys >= least:
            keys += group.keys
    for token, child in node.children.items():
        place = other.children.get(token)
        if place is None:
            continue
        if WILD not in token:
            keys += child.keys if place.keys >= least else 0
        elif depth < _MAX_DEPTH:
            keys += _in_common(child, place, depth + 1)
    return keys


def fold_strays(node: Node) -> None:
    """Beside many ids: a few keys more are ids too, and separators in ids (`AC/DC`, base64) are none."""
    wild = node.ends.get(WILD)
    if wild is None:
        return
    few = max(FEW_KEYS, min(wild.keys * _STRAY_SHARE, sqrt(wild.keys)))
    strays = [token for token, keys in node.literals(END).items() if keys <= min(few, FEW_KEYS)]
    if strays and absorbs(node, sum(node.ends[token].keys for token in strays)):
        node.move(strays, WILD)
    for token, child in list(node.children.items()):
        if token[-1:] == PIECE_SEPARATOR or child.pinned or child.known:
            continue
        is_id = child.keys <= 2 * wild.keys and _WORDLESS(token) is not None and _is_wordless(child)
        if (is_id or child.keys <= few) and not any(place.pinned for place in child.walk()):
            child.close()
            wild.absorb(child.ends.pop(WILD))
            del node.children[token]


def _is_wordless(node: Node) -> bool:
    """Whether only wildcards and signs stand below."""
    return all(_WORDLESS(token) is not None for token in (*node.ends, *node.children)) and all(
        _is_wordless(child) for child in node.children.values()
    )


def fold_met(node: Node, met: Collection[bytes]) -> int:
    """Fold what is an id elsewhere and stands beside ids here, unless it has words of its own below; returns
    how many were folded."""
    moved = 0
    for token in list(node.children):
        separator = token[-1:]
        child = node.children[token]
        if child.pinned or token[:-1] not in met or WILD + separator not in node.children:
            continue
        if not child.words:
            node.move([token], WILD + separator)
            moved += 1
    return moved + sum([fold_met(child, met) for child in node.children.values()])
