"""When tokens that follow one another's place are ids: by how many different siblings there are.

Ids that do not look like ids (slugs, words, names of tenants) give themselves away by their number. The
rules, at one place of the tree:

- numbered: many tokens of one stem (`shard1` … `shard16`) become `shard*`;
- single: many tokens with one key each become `*`;
- alike: many tokens with the same words below (`acme:order`, `globex:order`) become `*`;
- crowd: of very many tokens those with a small share of the keys become `*`;
- tail: what follows an id within the same piece (`*-first-post`) belongs to it, unless much of it is alike.

What stood as a pattern of its own in an earlier pass needs half of what it takes to become one, and a place
that was folded stays folded: names of patterns stay the same from pass to pass.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import sqrt
from typing import Any, Final

from exporter.samplers.keyspace.nodes import DIGITS, END, Node
from exporter.samplers.keyspace.shapes import WEAK_SEPARATORS, WILD
from exporter.samplers.keyspace.tree import Tree

# At the root stand the families of an application, elsewhere rather ids.
_NUMBERED: Final = 8
_SINGLES: Final = 3
_SINGLES_AT_ROOT: Final = 8
_ALIKE: Final = 12
_ALIKE_AT_ROOT: Final = 30
_ALIKE_SHARE: Final = 0.8
_CROWD: Final = 50
_CROWD_AT_ROOT: Final = 100
# Of the keys of an id, so many must go on in the same way for that to be a word of its own.
_TAIL_SHARE: Final = 0.1
# Keys that do not look like ids are ids all the same beside many that do: so many of these, or the root.
_ABSORBED_SHARE: Final = 0.05
# Words within an id (`how-to-…`) must be this frequent to be more than that.
_WORD_SHARE: Final = 0.2

# How many folded places the next pass is told about.
_MAX_PLACES: Final = 2000


def settle(root: Node) -> None:
    """Fold what the counts of the whole pass show to be ids, from the root down."""
    root.tally()
    _prune(root)
    _fold_below(root, 0, at_root=True)


def fold_all(root: Node) -> None:
    """Fold what the counts show so far, in the middle of a pass."""
    root.tally()
    _fold_below(root, 0, at_root=True)


def _prune(node: Node) -> None:
    """Let go of what was expected from an earlier pass and did not come."""
    node.ends = {token: group for token, group in node.ends.items() if group.keys}
    node.children = {token: child for token, child in node.children.items() if child.keys}
    for child in node.children.values():
        _prune(child)


def _fold_below(node: Node, base: int, *, at_root: bool) -> None:
    fold(node, at_root=at_root, base=base)
    position = base or _wild_keys(node)
    for token, child in node.children.items():
        continues = token[-1:] in WEAK_SEPARATORS and token.startswith(WILD)
        _fold_below(child, position if continues else 0, at_root=False)


def relieve(node: Node, at_root: bool) -> None:
    """Fold at one place in the middle of a pass, since it has become too wide."""
    node.tally()
    fold(node, at_root=at_root)
    literals = [*_literals(node), *_literal_ends(node)]
    crowd = _CROWD_AT_ROOT if at_root else _CROWD
    if len(literals) > crowd:
        literals.sort(key=lambda item: item[1])
        _apply(node, [token for token, _ in literals[:-crowd]])


def fold(node: Node, *, at_root: bool, base: int = 0) -> None:
    """Apply the rules at one place; `base` is the number of keys of the id whose tail it is, 0 for none.

    `Node.keys` must hold for the children.
    """
    _fold_numbered(node)
    if base:
        least = max(base * _TAIL_SHARE, sqrt(base))
        items = [*_literals(node), *_literal_ends(node)]
        _apply(node, [token for token, keys in items if keys < least], sticky=False)
        return
    _fold_open(node, at_root=at_root)
    for separator in {token[-1:] for token in node.children} - WEAK_SEPARATORS:
        _fold_closed(node, separator, at_root=at_root)


def _fold_numbered(node: Node) -> None:
    """Tokens of one stem and different numbers."""
    tokens = [token for token, _ in (*_literals(node), *_literal_ends(node))]
    by_stem: dict[tuple[bytes, bytes], list[bytes]] = {}
    for token in tokens:
        separator = token[-1:] if token in node.children else END
        text = token[: len(token) - len(separator)]
        stem = text.rstrip(DIGITS)
        if stem and stem != text:
            by_stem.setdefault((stem, separator), []).append(token)
    for (stem, separator), numbered in by_stem.items():
        if len(numbered) >= _NUMBERED or (stem, separator) in node.stems:
            node.stems |= {(stem, separator)}
            _move(node, numbered, stem + WILD + separator)


def _fold_open(node: Node, *, at_root: bool) -> None:
    """Last tokens, and those whose piece goes on: of one kind, since a slug has one word or several."""
    weak = [item for separator in WEAK_SEPARATORS for item in _literals(node, separator)]
    items = [*weak, *_literal_ends(node)]
    singles = [token for token, keys in items if keys <= 1]
    limit = _SINGLES_AT_ROOT if at_root else _SINGLES
    chosen: set[bytes] = set()
    if len(singles) >= limit or _absorbs(node, len(singles)):
        chosen.update(singles)
        if not at_root:
            least = _WORD_SHARE * sum(keys for _, keys in items)
            chosen.update(token for token, keys in items if keys < least)
    chosen.update(_crowd(node, weak, at_root=at_root, least_share=0.0 if at_root else _WORD_SHARE))
    chosen.update(token for token, keys in items if _is_folded(node, token, keys))
    _apply(node, chosen)


def _absorbs(node: Node, singles: int) -> bool:
    """Whether a few single keys stand beside many ids: they are ids that do not look like it."""
    wild = node.ends.get(WILD)
    return wild is not None and 0 < singles <= max(wild.keys * _ABSORBED_SHARE, sqrt(wild.keys))


def _fold_closed(node: Node, separator: bytes, *, at_root: bool) -> None:
    """Tokens that fill a piece or a path's part."""
    items = list(_literals(node, separator))
    singles = [token for token, keys in items if keys <= 1]
    chosen = set(singles) if len(singles) >= _SINGLES_AT_ROOT else set()
    chosen.update(_alike(node, items, at_root=at_root))
    chosen.update(_crowd(node, items, at_root=at_root))
    chosen.update(token for token, keys in items if _is_folded(node, token, keys))
    _apply(node, chosen)


def _is_folded(node: Node, token: bytes, keys: int) -> bool:
    """Whether an earlier pass has folded this place, and the token is no exception that is still alive."""
    child = node.children.get(token)
    separator = END if child is None else token[-1:]
    return separator in node.folded and not (child is not None and child.known and keys > 1)


def _alike(node: Node, items: Iterable[tuple[bytes, int]], *, at_root: bool) -> list[bytes]:
    """Tokens below which the same words stand."""
    words: dict[bytes, set[bytes]] = {}
    for token, keys in items:
        child = node.children[token]
        if keys > 1 and not child.known:
            words[token] = {word for word in (*child.children, *child.ends) if WILD not in word}
    if len(words) < (_ALIKE_AT_ROOT if at_root else _ALIKE):
        return []
    counts = Counter(word for below in words.values() for word in below)
    common = {word for word, count in counts.items() if count >= _ALIKE_SHARE * len(words)}
    return [token for token, below in words.items() if len(below & common) * 2 > len(below)]


def _crowd(
    node: Node, items: Iterable[tuple[bytes, int]], *, at_root: bool, least_share: float = 0.0
) -> list[bytes]:
    """The tokens with a small share of the keys, where there are very many."""
    listed = list(items)
    crowd = _CROWD_AT_ROOT if at_root else _CROWD
    if len(listed) <= crowd:
        return []
    least = sum(keys for _, keys in listed) * max(0.5 / crowd, least_share)
    return [token for token, keys in listed if keys * (2 if node.children[token].known else 1) < least]


def _literals(node: Node, separator: bytes | None = None) -> Iterator[tuple[bytes, int]]:
    """The children that are no wildcard as a whole, with their keys; of one separator, or of all."""
    for token, child in node.children.items():
        if token[:-1] != WILD and (separator is None or token[-1:] == separator):
            yield token, child.keys


def _literal_ends(node: Node) -> Iterator[tuple[bytes, int]]:
    for token, group in node.ends.items():
        if token != WILD:
            yield token, group.keys


def _wild_keys(node: Node) -> int:
    """The keys of the ids at this place."""
    wild = node.ends.get(WILD)
    return (wild.keys if wild is not None else 0) + sum(
        child.keys for token, child in node.children.items() if token[:-1] == WILD
    )


def _apply(node: Node, tokens: Iterable[bytes], *, sticky: bool = True) -> None:
    """Fold tokens into the wildcards of their separators; `sticky`: unknown ones from now on too."""
    by_separator: dict[bytes, list[bytes]] = {}
    for token in tokens:
        by_separator.setdefault(token[-1:] if token in node.children else END, []).append(token)
    for separator, folded in by_separator.items():
        if sticky:
            node.folded |= {separator}
        _move(node, folded, WILD + separator)


def _move(node: Node, tokens: Iterable[bytes], target: bytes) -> None:
    for token in tokens:
        child = node.children.pop(token, None)
        if child is not None:
            child.known = False
            mine = node.children.setdefault(target, child)
            if mine is not child:
                mine.merge(child)
        else:
            group = node.ends.pop(token)
            mine_group = node.ends.setdefault(target, group)
            if mine_group is not group:
                mine_group.absorb(group)


def skeleton(root: Node) -> list[dict[str, Any]]:
    """Where a settled tree has folded tokens, and what it has kept beside: as paths, fit for JSON."""
    places: list[dict[str, Any]] = []
    _note_places(root, [], places)
    return places


def _note_places(node: Node, path: list[str], places: list[dict[str, Any]]) -> None:
    if (node.folded or node.stems) and len(places) < _MAX_PLACES:
        kept = sorted(_literals(node), key=lambda item: -item[1])[:_CROWD_AT_ROOT]
        places.append(
            {
                "path": path,
                "folded": [_text(separator) for separator in sorted(node.folded)],
                "stems": [[_text(stem), _text(separator)] for stem, separator in sorted(node.stems)],
                "kept": [_text(token) for token, _ in kept],
            }
        )
    for token, child in node.children.items():
        _note_places(child, [*path, _text(token)], places)


def learn(tree: Tree, places: Iterable[dict[str, Any]]) -> None:
    """Make a new tree begin with the places of `skeleton`.

    Raises `KeyError`, `TypeError` or `ValueError` where they are something else.
    """
    for place in places:
        node = tree.grow([_bytes(token) for token in place["path"]])
        for token in place["kept"]:
            tree.grow([_bytes(token)], node).known = True
        node.folded = frozenset(_bytes(separator) for separator in place["folded"])
        node.stems = frozenset((_bytes(stem), _bytes(separator)) for stem, separator in place["stems"])


def _text(token: bytes) -> str:
    return token.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
