"""Folds tokens that are ids into wildcards, at one place of the tree after the other.

- numbered: many tokens of one stem (`shard1` … `shard16`) become `shard*`;
- ids: what gives itself away by its number becomes `*` (see `ids.py`), and keeps a beginning or an ending
  that is a word of its own (see `phrase`);
- met before: what is an id before one separator is one before another (`acme:cart`, `acme/flags`);
- of the kind: what has the same words below as the ids beside it is one of them (see `kinds.py`).

A place that was folded stays folded: names of patterns stay the same from pass to pass.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from exporter.keyspace.ids import CROWD, CROWD_AT_ROOT, ids_before, last_ids
from exporter.keyspace.kinds import fold_kind, fold_met, fold_scraps, fold_strays
from exporter.keyspace.nodes import DIGITS, END, TreeNode, fits, text_of
from exporter.keyspace.phrases import SIGNS, phrase
from exporter.keyspace.shapes import WILD

_LONG_ID: Final = re.compile(rb"(?=[^0-9]*[0-9])[0-9A-Za-z]{16,}|[A-Za-z]{24,}").fullmatch
_STEM: Final = re.compile(rb"[A-Za-z\x80-\xff]+(?:[-_. ']+[A-Za-z\x80-\xff]+)*\*").fullmatch
_MARKS: Final = re.compile(rb"[._-]").finditer
_NUMBERED: Final = 8
# Of so many keys a text with an id in it is what others can join.
_LEAST_TEMPLATE: Final = 8
_KEPT_SHARE: Final = 0.01
_SEVERAL_STEMS: Final = 3
_MAX_MET: Final = 20_000


def finalize(root: TreeNode) -> None:
    """Fold what the counts of the whole pass show to be ids, from the root down."""
    root.tally()
    _prune(root)
    _fold_all(root)


def fold_all(root: TreeNode) -> None:
    """Fold what the counts show so far, in the middle of a pass."""
    _fold_all(root)
    for node in root.walk():
        _note_kept(node)


def _note_kept(node: TreeNode) -> None:
    """Note what has stood out in the middle of a pass: it is none of the ids that come after."""
    for child in node.children.values():
        if node.folded and child.keys >= _KEPT_SHARE * node.keys:
            child.known = True


def _fold_all(root: TreeNode) -> None:
    root.tally()
    met: set[bytes] = set()
    _fold_below(root, met, at_root=True)
    if met and sum([fold_met(child, met) for child in root.children.values()]):
        root.tally()
        _fold_below(root, met, at_root=True)


def _prune(node: TreeNode) -> None:
    """Let go of what was expected from an earlier pass and did not come."""
    node.ends = {token: group for token, group in node.ends.items() if group.keys}
    node.children = {token: child for token, child in node.children.items() if child.keys}
    for child in node.children.values():
        _prune(child)


def _fold_below(node: TreeNode, met: set[bytes], *, at_root: bool) -> None:
    """`met` takes in what is an id somewhere."""
    ids = fold(node, at_root=at_root)
    if len(met) < _MAX_MET:
        met |= ids
    for child in node.children.values():
        _fold_below(child, met, at_root=False)
    fold_strays(node)


def fold_wide(node: TreeNode, at_root: bool) -> None:
    """Fold at one place in the middle of a pass, since it has become too wide."""
    node.tally()
    fold(node, at_root=at_root)
    _note_kept(node)
    node.open_to_new = max(0, node.open_to_new - 1)
    literals = [
        (token, separator, keys)
        for separator in node.separators
        for token, keys in node.literals(separator).items()
    ]
    crowd = CROWD_AT_ROOT if at_root else CROWD
    if len(literals) > 2 * crowd:
        literals.sort(key=lambda item: item[2])
        for token, separator, _ in literals[:-crowd]:
            node.folded |= {separator}
            node.move([token], WILD + separator)


def fold(node: TreeNode, *, at_root: bool) -> set[bytes]:
    """Apply the rules at one place; returns the texts before separators that are ids.

    `TreeNode.keys` must hold for the children.
    """
    _fold_numbered(node)
    met: set[bytes] = set()
    for separator in node.separators:
        items = node.literals(separator)
        chosen = (ids_before if separator else last_ids)(node, items, at_root)
        chosen.update(token for token in items if text_of(token, separator) in met)
        chosen.update(token for token, keys in items.items() if _was_folded(node, token, separator, keys))
        chosen -= _join(node, items, chosen, separator)
        met.update(_apply(node, chosen, separator, at_root=at_root))
        fold_kind(node, separator)
        if at_root:
            _fold_signed(node, separator)
            if not separator:
                _fold_begun(node, met)
        if chosen:
            _fold_stems(node, separator, at_root=at_root)
        fold_scraps(node, separator)
    return met


def _fold_numbered(node: TreeNode) -> None:
    """Tokens of one stem and different numbers."""
    by_stem: dict[tuple[bytes, bytes], list[bytes]] = {}
    for separator in node.separators:
        for token in node.literals(separator):
            text = text_of(token, separator)
            stem = text.rstrip(DIGITS)
            if stem and stem != text:
                by_stem.setdefault((stem, separator), []).append(token)
    for (stem, separator), numbered in by_stem.items():
        if len(numbered) >= _NUMBERED or (stem, separator) in node.stems:
            node.stems |= {(stem, separator)}
            node.move(numbered, stem + WILD + separator)


def _fold_stems(node: TreeNode, separator: bytes, *, at_root: bool) -> None:
    """Several numbered words beside ids are ids too: `~anna*`, `~ben*` beside `~*`."""
    items = node.literals(separator)
    begins = [begin for begin, end in node.affixes.get(separator, ()) if not end]
    if separator in node.folded and not at_root:
        begins.append(b"")
    for begin in begins:
        target = begin + WILD + separator
        stems = [
            token
            for token in items
            if _STEM(text_of(token, separator)[len(begin) :]) is not None
            and token.startswith(begin)
            and token != target
        ]
        if len(stems) >= _SEVERAL_STEMS and (target in node.ends or target in node.children):
            node.move(stems, target)
            items = node.literals(separator)


def _fold_begun(node: TreeNode, met: Collection[bytes]) -> None:
    """Names that begin with what is an id before a separator: `acme-inc.settings` beside `acme-inc:`."""
    for token in list(node.literals(END)):
        ends = [mark.start() for mark in _MARKS(token)]
        known = next((end for end in reversed(ends) if token[:end] in met), 0)
        if known:
            node.move([token], WILD + token[known:])


def _fold_signed(node: TreeNode, separator: bytes) -> None:
    """Many numbered words after one sign are ids: `@anna*`, `@ben*`."""
    by_sign: dict[bytes, list[bytes]] = {}
    for token in node.literals(separator):
        if token[:1] in SIGNS and _STEM(text_of(token, separator)[1:]) is not None:
            by_sign.setdefault(token[:1], []).append(token)
    for sign, tokens in by_sign.items():
        if len(tokens) >= _NUMBERED:
            node.add_affix(separator, sign, b"")
            node.move(tokens, sign + WILD + separator)


def _was_folded(node: TreeNode, token: bytes, separator: bytes, keys: int) -> bool:
    """Whether an earlier pass has folded this place, and the token is no exception that is still alive."""
    if separator not in node.folded:
        return False
    child = node.children.get(token)
    if child is None:
        return WILD not in token
    return not (child.known and keys > 1) and not node.open_to_new


def _join(node: TreeNode, items: Mapping[bytes, int], chosen: set[bytes], separator: bytes) -> set[bytes]:
    """Ids go to the patterns beside them that they fit (`sess_*`); returns those that did."""
    affixes = []
    for token, keys in items.items():
        begin, wild, end = text_of(token, separator).partition(WILD)
        if wild and keys >= _LEAST_TEMPLATE and token not in chosen and WILD not in end:
            affixes.append((begin, end))
    if not affixes:
        return set()
    for begin, end in affixes if chosen else ():
        node.add_affix(separator, begin, end)
    joined: set[bytes] = set()
    for token in items:
        text = text_of(token, separator)
        for begin, end in affixes:
            if not text.startswith(begin) or not text.endswith(end):
                continue
            is_long = _LONG_ID(text[len(begin) : len(text) - len(end)]) is not None
            if is_long or (token in chosen and fits(text, begin, end)):
                node.move([token], begin + WILD + end + separator)
                joined.add(token)
                break
    return joined


def _apply(node: TreeNode, tokens: Collection[bytes], separator: bytes, *, at_root: bool) -> set[bytes]:
    """Fold tokens of one separator; unknown ones from now on too. Returns which texts are ids as a whole."""
    if not tokens:
        return set()
    # Of last tokens each key counts, of others each text.
    weights = {text_of(token, separator): 1 if separator else node.ends[token].keys for token in tokens}
    by_pattern: dict[bytes, list[bytes]] = {}
    for text, pattern in phrase(weights, at_root=at_root and not separator).items():
        by_pattern.setdefault(pattern, []).append(text)
    for pattern, texts in by_pattern.items():
        begin, _, end = pattern.rpartition(WILD)
        if begin or end:
            node.add_affix(separator, begin, end)
        else:
            node.folded |= {separator}
        node.move([text + separator for text in texts], pattern + separator)
    return {text for texts in by_pattern.values() for text in texts} if separator else set()
