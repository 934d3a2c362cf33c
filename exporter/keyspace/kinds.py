"""Kinds group the tokens that belong to the ids beside them, so that a `*` means all of its kind."""

import re
from collections.abc import Collection, Mapping
from math import sqrt
from typing import Final

from exporter.keyspace.ids import FEW_KEYS, absorbs
from exporter.keyspace.nodes import END, KeyGroup, TreeNode, fits, text_of
from exporter.keyspace.shapes import PIECE_SEPARATOR, WILD

_WORDLESS: Final = re.compile(rb"[^0-9A-Za-z\x80-\xff]*").fullmatch
# So much of the keys below must be below the same words as those of the ids beside.
_KIND_SHARE: Final = 0.5
_MAX_DEPTH: Final = 4
# Beside ids, so small a share of the keys is no kind and no path of its own.
_STRAY_SHARE: Final = 0.02
# What base64 and such begin or end with, and what share of the keys may do so.
_SIGNS: Final = re.compile(rb"[0-9_-]{1,2}").fullmatch
_LETTER: Final = re.compile(rb"[A-Za-z][0-9_-]").fullmatch
_SCRAP_SHARE: Final = 0.1
_LETTER_SHARE: Final = 0.005
# Ids with dots in them, beside others without.
_DOTTED_SHARE: Final = 0.25


def fold_kind(node: TreeNode, separator: bytes) -> None:
    """Fold what has the same words below as the ids beside it: it is one of them."""
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


def _in_common(node: TreeNode, other: TreeNode, depth: int = 0) -> int:
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


def fold_scraps(node: TreeNode, separator: bytes) -> None:
    """Fold a sign, a digit or a letter that ids begin or end with: it is none of their pattern.

    So it is with `_*` and `7*` beside `*`, as base64 has them.
    """
    places: Mapping[bytes, KeyGroup | TreeNode] = node.children if separator else node.ends
    patterns = [
        (*text_of(token, separator).rpartition(WILD)[::2], token, place.keys)
        for token, place in places.items()
        if token[-1:] == separator or not separator
        if WILD in token
    ]
    patterns.sort(key=lambda pattern: len(pattern[0] + pattern[1]))
    for begin, end, token, keys in patterns:
        for outer, outer_end, target, most in patterns:
            if len(outer + outer_end) >= len(begin + end) or WILD in begin:
                break
            if not begin.startswith(outer) or not end.endswith(outer_end) or target not in places:
                continue
            scrap = begin[len(outer) :] + end[: len(end) - len(outer_end)]
            share = _SCRAP_SHARE if _SIGNS(scrap) else _LETTER_SHARE if _LETTER(scrap) else 0.0
            if keys < share * most:
                node.move([token], target)
                break


def fold_strays(node: TreeNode) -> None:
    """Beside many ids: a few keys more are ids too, and separators in ids (`AC/DC`, base64) are none."""
    ends, following = node.ends.get(WILD), node.children.get(WILD + PIECE_SEPARATOR)
    keys = (ends.keys if ends is not None else 0) + (following.tally() if following is not None else 0)
    if not keys:
        return
    if ends is not None:
        strays = [token for token, count in node.literals(END).items() if count <= FEW_KEYS]
        if strays and absorbs(node, sum(node.ends[token].keys for token in strays)):
            node.move(strays, WILD)
    few = max(FEW_KEYS, min(keys * _STRAY_SHARE, sqrt(keys)))
    for token, child in list(node.children.items()):
        if token[-1:] == PIECE_SEPARATOR or child.known or any(place.pinned for place in child.walk()):
            continue
        is_dotted = token == WILD + b"." and child.tally() <= keys * _DOTTED_SHARE
        is_code = child.keys <= 2 * keys and _WORDLESS(token) is not None and _is_wordless(child)
        if is_dotted or is_code or child.keys <= few:
            _flatten(node, token, child)


def _flatten(node: TreeNode, token: bytes, child: TreeNode) -> None:
    """Take what follows a separator for a part of the ids at the node, where there are such."""
    places = [child]
    for place in places:
        places += [below for name, below in place.children.items() if name[-1:] != PIECE_SEPARATOR]
    ends = [group for place in places for group in place.ends.values()]
    following = [
        below for place in places for name, below in place.children.items() if name[-1:] == PIECE_SEPARATOR
    ]
    whole, wild = node.ends.get(WILD), node.children.get(WILD + PIECE_SEPARATOR)
    if (ends and whole is None) or (following and wild is None):
        return
    del node.children[token]
    for group in ends:
        if whole is not None:
            whole.absorb(group)
    for below in following:
        if wild is not None:
            wild.merge(below)


def _is_wordless(node: TreeNode) -> bool:
    """Whether only wildcards and signs stand below."""
    return all(_WORDLESS(token) is not None for token in (*node.ends, *node.children)) and all(
        _is_wordless(child) for child in node.children.values()
    )


def fold_met(node: TreeNode, met: Collection[bytes]) -> int:
    """Fold what is an id elsewhere and stands beside ids here, unless it has words of its own below.

    Returns how many were folded.
    """
    moved = 0
    for token in list(node.children):
        separator = token[-1:]
        child = node.children[token]
        if child.pinned or WILD in token or token[:-1] not in met:
            continue
        around = [affix for affix in node.affixes.get(separator, ()) if fits(token[:-1], *affix)]
        targets = [begin + WILD + end + separator for begin, end in (*around, (b"", b""))]
        target = next((one for one in targets if one in node.children), None)
        if target is None:
            continue
        if not child.words:
            node.move([token], target)
            moved += 1
    return moved + sum([fold_met(child, met) for child in node.children.values()])
