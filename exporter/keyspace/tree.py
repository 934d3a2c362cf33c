"""The names seen so far, as a tree of tokens: bounded, and exact in its counts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from exporter.keyspace.nodes import END, KeyGroup, TreeNode
from exporter.keyspace.shapes import (
    PIECE_SEPARATOR,
    WILD,
    collapse_numbers,
    cut,
    escape,
    generalise,
    has_plain_numbers,
    is_identifier,
    without_addresses,
)

_MAX_NAME_BYTES: Final = 256
_MAX_PIECES: Final = 11
_MAX_SHORTCUTS: Final = 4096
_LOOKS_AT_ROOT: Final = 8
# What is full is emptied to this share of its size.
_ROOMY: Final = 0.75
# Before shortcuts that are for all pieces which differ in their numbers only.
_PLAIN: Final = b"\0"


class Tree:
    """Finds the group of each name.

    Where more than `max_width` tokens follow a node, `fold_wide` is called with it, and where the tree has
    more than `max_size` nodes and groups, `fold_all` with the root; they are to fold tokens into wildcards.
    """

    def __init__(
        self,
        fold_wide: Callable[[TreeNode, bool], None],
        fold_all: Callable[[TreeNode], None],
        *,
        max_width: int = 2000,
        max_size: int = 20_000,
    ) -> None:
        self.root = TreeNode()
        self.root.open_to_new = _LOOKS_AT_ROOT
        self.size = 0
        self._fold_wide = fold_wide
        self._fold_all = fold_all
        self._max_width = max_width
        self._max_size = max_size
        self._crowded: dict[int, TreeNode] = {}

    def find(self, names: Sequence[bytes]) -> list[KeyGroup]:
        """The group of each name (see `KeyGroup.final`)."""
        if not names:
            return []
        if b"::" in b"\n".join(names):
            names = [without_addresses(name) for name in names]
        if max(map(len, names)) > _MAX_NAME_BYTES:
            names = [name[:_MAX_NAME_BYTES] for name in names]
        groups: list[KeyGroup] = []
        found = groups.append
        root = self.root
        enter, end = self._enter, self._end
        for name in names:
            node = root
            *pieces, last = name.split(PIECE_SEPARATOR, _MAX_PIECES)
            for piece in pieces:
                following = node.pieces.get(piece)
                if following is None:
                    following = node.wild_piece if piece.isdigit() else None
                    if following is None:
                        following = enter(node, piece)
                node = following
            group = node.last_pieces.get(last)
            if group is None:
                group = node.wild_end if last.isdigit() else None
                if group is None:
                    group = end(node, last)
            found(group)
        return groups

    def _enter(self, node: TreeNode, piece: bytes) -> TreeNode:
        """The node after a piece that is followed by `:`."""
        if node.closed:
            return node
        if is_identifier(piece):
            if node.wild_piece is None:
                node.wild_piece, _ = self._follow(node, [WILD + PIECE_SEPARATOR])
            return node.wild_piece
        key = _PLAIN + collapse_numbers(piece)
        reached = node.pieces.get(key)
        if reached is None:
            text = generalise(escape(piece))
            tokens = cut(text + PIECE_SEPARATOR)
            reached, as_is = self._follow(node, tokens[:-1] if tokens[-1] == END else tokens)
            if as_is:
                _remember(node.pieces, piece, text, key, reached)
        return reached

    def _end(self, node: TreeNode, piece: bytes) -> KeyGroup:
        """The group of a name whose last piece this is."""
        if node.closed:
            return node.ends[WILD]
        if is_identifier(piece):
            if node.wild_end is None:
                node.wild_end = node.ends.get(WILD) or self._new_end(node, WILD)
            return node.wild_end
        key = _PLAIN + collapse_numbers(piece)
        group = node.last_pieces.get(key)
        if group is None:
            text = generalise(escape(piece))
            *tokens, last = cut(text)
            reached, as_is = self._follow(node, tokens)
            if reached.closed:
                return reached.ends[WILD]
            routed = last if last in reached.ends else reached.route(last, END)
            group = reached.ends.get(routed) or self._new_end(reached, routed)
            if as_is and routed == last:
                _remember(node.last_pieces, piece, text, key, group)
        return group

    def _follow(self, node: TreeNode, tokens: Iterable[bytes]) -> tuple[TreeNode, bool]:
        """The node after these tokens, and whether none of them was taken for an id here."""
        as_is = True
        for token in tokens:
            if node.closed:
                return node, False
            child = node.children.get(token)
            if child is None:
                routed = node.route(token, token[-1:])
                as_is = as_is and routed == token
                child = node.children.get(routed) or self._new_child(node, routed)
            node = child
        return node, as_is

    def reserve(self, beginning: bytes) -> None:
        """Take what names begin with for a word of its own, and no id; it must end with a separator."""
        *pieces, rest = beginning.split(PIECE_SEPARATOR)
        node = self.root
        for piece in pieces:
            node = self.grow([*cut(piece)[:-1], cut(piece)[-1] + PIECE_SEPARATOR], node)
        node = self.grow(cut(rest)[:-1], node)
        if node is not self.root:
            node.pinned = True

    def grow(self, tokens: Iterable[bytes], node: TreeNode | None = None) -> TreeNode:
        """The node after exactly these tokens, made where it is missing."""
        node = node or self.root
        for token in tokens:
            node = node.children.get(token) or self._new_child(node, token)
        return node

    def _new_child(self, node: TreeNode, token: bytes) -> TreeNode:
        child = node.children[token] = TreeNode()
        self._grown(node)
        return child

    def _new_end(self, node: TreeNode, token: bytes) -> KeyGroup:
        group = node.ends[token] = KeyGroup()
        self._grown(node)
        return group

    def _grown(self, node: TreeNode) -> None:
        self.size += 1
        if node.width > self._max_width:
            self._crowded[id(node)] = node

    @property
    def is_crowded(self) -> bool:
        """Whether it has become too wide or too large."""
        return bool(self._crowded) or self.size > self._max_size

    def make_room(self) -> None:
        """Fold where the tree has become too wide or too large; the groups must have been counted."""
        if self._crowded:
            crowded, self._crowded = self._crowded, {}
            for node in crowded.values():
                if node.width > self._max_width:
                    self._fold_wide(node, node is self.root)
            self.changed()
        if self.size > self._max_size:
            self._shrink()

    def _shrink(self) -> None:
        """Fold everywhere; if that is not enough, close the places with the fewest keys."""
        self._fold_all(self.root)
        self.changed()
        fewest = 1
        while self.size > self._max_size * _ROOMY:
            self.root.tally()
            self._close(self.root, fewest)
            self.changed()
            fewest *= 4

    def _close(self, node: TreeNode, fewest: int) -> None:
        for child in node.children.values():
            if child.keys > fewest:
                self._close(child, fewest)
            elif child.width > 1 or child.children:
                child.close()

    def changed(self) -> None:
        """Tokens were folded: shortcuts lead astray, sizes are new, and what was merged may be wide."""
        self.size = 0
        for node in self.root.walk():
            node.forget_shortcuts()
            self.size += node.width
            if node.width > self._max_width:
                self._crowded[id(node)] = node

    def groups(self) -> Iterator[tuple[bytes, KeyGroup]]:
        """Every group with its pattern: the tokens that lead to it."""
        stack: list[tuple[bytes, TreeNode]] = [(b"", self.root)]
        while stack:
            prefix, node = stack.pop()
            for token, group in node.ends.items():
                yield prefix + token, group
            stack.extend((prefix + token, child) for token, child in node.children.items())


Place = TypeVar("Place")


def _remember(shortcuts: dict[bytes, Place], piece: bytes, text: bytes, key: bytes, place: Place) -> None:
    """Note where a piece leads, for all that differ from it in their numbers only, or for itself."""
    if len(shortcuts) < _MAX_SHORTCUTS:
        if text == piece:
            shortcuts[piece] = place
        elif has_plain_numbers(piece):
            shortcuts[key] = place
