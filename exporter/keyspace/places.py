"""Places of ids in names are left by one pass to the next."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from exporter.keyspace.nodes import TreeNode
from exporter.keyspace.shapes import WILD
from exporter.keyspace.tree import Tree

# How many folded places the next pass is told about, and how many words beside the ids at each.
_MAX_PLACES: Final = 2000
_MAX_KEPT: Final = 100


def template(root: TreeNode, may_tell: Callable[[bytes], bool] | None = None) -> list[dict[str, Any]]:
    """Where a settled tree has folded tokens, and what it has kept beside: as paths, fit for JSON.

    Tokens that may not be told are left out, with all that is below them.
    """
    places: list[dict[str, Any]] = []
    _note_places(root, [], places, may_tell or _tell_all)
    return places


def _tell_all(_: bytes) -> bool:
    return True


def _note_places(
    node: TreeNode, path: list[str], places: list[dict[str, Any]], may_tell: Callable[[bytes], bool]
) -> None:
    if (node.folded or node.stems or node.affixes) and len(places) < _MAX_PLACES:
        literal = [
            (token, child.keys)
            for token, child in node.children.items()
            if token[:-1] != WILD and may_tell(token)
        ]
        kept = sorted(literal, key=lambda item: -item[1])[:_MAX_KEPT]
        places.append(
            {
                "path": path,
                "folded": [_text(separator) for separator in sorted(node.folded)],
                "stems": [
                    [_text(stem), _text(separator)]
                    for stem, separator in sorted(node.stems)
                    if may_tell(stem)
                ],
                "affixes": [
                    affix for affix in dump_affixes(node) if all(may_tell(_bytes(text)) for text in affix)
                ],
                "kept": [_text(token) for token, _ in kept],
            }
        )
    for token, child in node.children.items():
        if may_tell(token):
            _note_places(child, [*path, _text(token)], places, may_tell)


def load(tree: Tree, places: Iterable[dict[str, Any]]) -> None:
    """Make a new tree begin with the places of `template`.

    Raises `KeyError`, `TypeError` or `ValueError` where they are something else.
    """
    for place in places:
        node = tree.grow([_bytes(token) for token in place["path"]])
        for token in place["kept"]:
            tree.grow([_bytes(token)], node).known = True
        node.folded = frozenset(_bytes(separator) for separator in place["folded"])
        node.stems = frozenset((_bytes(stem), _bytes(separator)) for stem, separator in place["stems"])
        load_affixes(node, place["affixes"])


def dump_affixes(node: TreeNode) -> list[list[str]]:
    """Return what is around known ids, fit for JSON."""
    return [
        [_text(separator), _text(begin), _text(end)]
        for separator, affixes in sorted(node.affixes.items())
        for begin, end in affixes
    ]


def load_affixes(node: TreeNode, saved: Iterable[Sequence[str]]) -> None:
    """Take over what `dump_affixes` has returned."""
    for separator, begin, end in saved:
        node.add_affix(_bytes(separator), _bytes(begin), _bytes(end))


def _text(token: bytes) -> str:
    return token.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
