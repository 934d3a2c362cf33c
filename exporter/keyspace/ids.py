"""Ids are recognised among the tokens at one place by how many different ones there are.

Ids that do not look like ids (slugs, words, names of tenants) give themselves away by their number:

- single: many tokens with one key each are ids;
- alike: many tokens with the same words below (`acme:order`, `globex:order`) are ids;
- crowd: of very many tokens those with a small share of the keys are ids;
- phrases: many texts that end with an id and are made of names or titles (`anna-schmidt-*`) are ids.

What stood as a pattern of its own in an earlier pass needs twice of what it takes to become an id.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Final

from exporter.keyspace.nodes import TreeNode
from exporter.keyspace.phrases import are_phrases, units
from exporter.keyspace.shapes import WILD

# At the root stand the families of an application, elsewhere rather ids.
_SINGLES: Final = 3
_SINGLES_AT_ROOT: Final = 8
_ALIKE: Final = 12
_ALIKE_AT_ROOT: Final = 30
# Names of tenants at the root have so many words in common.
_SEVERAL_WORDS: Final = 3
_TENANT: Final = re.compile(rb"[^-.]+(?:[-.][^-.]+)+").fullmatch
CROWD: Final = 50
CROWD_AT_ROOT: Final = 100
_FEW_OF_CROWD: Final = 0.05
_FEW_OF_CROWD_AT_ROOT: Final = 0.005
# Below so many of the tokens a word must stand to be one that they have in common.
_COMMON_SHARE: Final = 0.3
# Titles and names of places have spaces, in so many of them.
_TITLE_SHARE: Final = 0.2
# A token with this share of the keys is more than one of a crowd.
_WORD_SHARE: Final = 0.2
# Keys that do not look like ids are ids all the same beside many that do: so many of these, or the root.
_ABSORBED_SHARE: Final = 0.05
# Texts with ids in them and so few keys are as good as single keys.
FEW_KEYS: Final = 3
_SMALL_SHARE: Final = 0.02


def last_ids(node: TreeNode, items: Mapping[bytes, int], at_root: bool) -> set[bytes]:
    """Return the last tokens that are ids."""
    chosen = {token for token, keys in items.items() if keys <= 1}
    if len(chosen) < (_SINGLES_AT_ROOT if at_root else _SINGLES) and not absorbs(node, len(chosen)):
        chosen = set()
    templates = {token: keys for token, keys in items.items() if keys > 1}
    if chosen:
        chosen.update(_small(templates, sum(items.values()), at_root))
    chosen.update(_crowd(node, templates, at_root=at_root))
    by_beginning: dict[bytes, list[bytes]] = {}
    for token in templates:
        by_beginning.setdefault(b"".join(units(token)[:1]) if at_root else b"", []).append(token)
    for those in by_beginning.values():
        if are_phrases(those) or len(those) > CROWD:
            least = _WORD_SHARE * sum(templates[token] for token in those)
            chosen.update(token for token in those if templates[token] < least)
    return chosen


def _small(items: Mapping[bytes, int], total: int, at_root: bool) -> set[bytes]:
    """Return the items with so few keys that they are ids where single keys are."""
    return {
        token
        for token, keys in items.items()
        if keys <= FEW_KEYS or (not at_root and keys < total * _small_share(token))
    }


def _small_share(token: bytes) -> float:
    """A text with an id in it may be a kind, `page_*`, unless it has spaces."""
    return _SMALL_SHARE if WILD in token and b" " not in token else _ABSORBED_SHARE


def absorbs(node: TreeNode, singles: int) -> bool:
    """Whether a few single keys stand beside many ids: they are ids that do not look like it."""
    wild = node.ends.get(WILD)
    return wild is not None and 0 < singles <= max(wild.keys * _ABSORBED_SHARE, sqrt(wild.keys))


def ids_before(node: TreeNode, items: Mapping[bytes, int], at_root: bool) -> set[bytes]:
    """Return the tokens before a separator that are ids."""
    if at_root:
        # What begins with the same word is a place of its own: `user_anna:`, `user_ben:`.
        by_beginning: dict[bytes, dict[bytes, int]] = {}
        for token, keys in items.items():
            by_beginning.setdefault(b"".join(units(token[:-1])[:1]), {})[token] = keys
        groups = [those for those in by_beginning.values() if len(those) >= _ALIKE]
    else:
        groups = [dict(items)]
    chosen: set[bytes] = set()
    for those in groups:
        chosen |= _alike(node, those, _ALIKE) | _crowd(node, those, at_root=False)
        # The name of a kind has no spaces.
        if len(those) >= _ALIKE and sum(b" " in token for token in those) >= _TITLE_SHARE * len(those):
            chosen.update(those)
    singles = {token for token, keys in items.items() if keys <= 1}
    # A text of several words is rather a title than the name of a kind.
    titles = {token for token in singles if len(units(token[:-1])) > 1}
    if len(singles) >= _SINGLES_AT_ROOT or (len(titles) >= _SINGLES and not at_root):
        chosen |= _small(items, sum(items.values()), at_root)
    if at_root:
        chosen |= _alike(node, items, _ALIKE_AT_ROOT) | _crowd(node, items, at_root=True)
        # The name of a kind has no hyphens and dots, mostly, nor several words in common with all others.
        tenants = [token for token in items if _TENANT(token[:-1]) is not None]
        chosen |= _alike(node, tenants, _ALIKE, _SEVERAL_WORDS)
    return chosen


def _alike(node: TreeNode, items: Iterable[bytes], least: int, words_in_common: int = 1) -> set[bytes]:
    """Tokens below which the same words stand, where there are at least so many of both."""
    words: dict[bytes, set[bytes]] = {}
    for token in items:
        child = node.children[token]
        below = child.words
        if below:
            words[token] = below
    if len(words) < least:
        return set()
    counts = Counter(word for below in words.values() for word in below)
    common = {word for word, count in counts.items() if count >= max(least, _COMMON_SHARE * len(words))}
    if len(common) < words_in_common:
        return set()
    return {token for token, below in words.items() if len(below & common) * 2 > len(below)}


def _crowd(node: TreeNode, items: Mapping[bytes, int], *, at_root: bool) -> set[bytes]:
    """The tokens with a small share of the keys, where there are very many."""
    crowd = CROWD_AT_ROOT if at_root else CROWD
    if len(items) <= crowd:
        return set()
    least = sum(items.values()) * (_FEW_OF_CROWD_AT_ROOT if at_root else _FEW_OF_CROWD)

    def is_small(token: bytes, keys: int) -> bool:
        child = node.children.get(token)
        return keys * (2 if child is not None and child.known else 1) < least

    return {token for token, keys in items.items() if is_small(token, keys)}
