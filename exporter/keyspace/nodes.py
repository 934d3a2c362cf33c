"""The parts of the tree of names: groups of keys, and the nodes that lead to them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from exporter.keyspace.shapes import WILD

DIGITS: Final = b"0123456789"
# Of each group so many keys are asked about before a rate can be planned.
PILOT: Final = 100
# The token that ends a name carries no separator.
END: Final = b""
_MAX_AFFIXES: Final = 64
# An id of letters and digits that begins right after a word is at least so long.
_LEAST_ID: Final = 8


def text_of(token: bytes, separator: bytes) -> bytes:
    """A token without its separator."""
    return token[: len(token) - len(separator)]


def fits(text: bytes, begin: bytes, end: bytes) -> bool:
    """Whether a text is an id with this around it: `u*` holds for `u9`, and not for `user`."""
    inner = len(text) - len(begin) - len(end)
    if inner <= 0 or not text.startswith(begin) or not text.endswith(end):
        return False
    if not begin[-1:].isalpha() or not text[len(begin) : len(begin) + 1].islower():
        return True
    middle = text[len(begin) : len(begin) + inner]
    return inner >= _LEAST_ID and middle.isalnum() and not middle.isalpha()


class KeyGroup:
    """Keys whose names have one pattern.

    `keys` counts them. A group that became part of another one points `into` that. `facts` is for whoever
    asks about the keys (it must know how to `absorb` another, or None). `rate` is the share of them to be
    asked about, 0 while it is not planned, after the first `pilot` keys, which are asked in any case.
    """

    __slots__ = ("facts", "into", "keys", "pilot", "rate")

    def __init__(self) -> None:
        self.keys = 0
        self.rate = 0.0
        self.pilot = PILOT
        self.facts: Any = None
        self.into: KeyGroup | None = None

    @property
    def final(self) -> "KeyGroup":
        """The group that these keys are counted in now."""
        group = self
        while group.into is not None:
            group = group.into
        return group

    def absorb(self, other: "KeyGroup") -> None:
        """The keys of the other group are of this pattern too."""
        known, added, mine, theirs = self.facts, other.facts, self.keys, other.keys
        if known is None:
            known, added, mine, theirs = added, known, theirs, mine
        if known is not None:
            known.absorb(added, mine, theirs)
        self.facts, other.facts = known, None
        self.keys += other.keys
        other.into = self


class TreeNode:
    """A place in the tree: what can follow the tokens that lead here.

    `children` are by token with its separator, `ends` by the last token of a name. `folded` holds the
    separators at which unknown tokens count as ids (`END` for last tokens), `stems` the (stem, separator) of
    numbered tokens such as `shard17`, `affixes` by separator the (beginning, ending) of ids that are known by
    what is around them, the longest first. `open_to_new`: so many times more it is looked through whether
    unknown tokens are more than ids, as families come and go at the root. `known`: already kept as a pattern
    of its own in an earlier pass; `pinned`: kept in any case. `closed`: all that follows is one group, since
    there was no room for more.
    The rest are shortcuts from whole pieces, and `keys`, which holds only after `tally`.
    """

    __slots__ = (
        "affixes",
        "children",
        "closed",
        "ends",
        "folded",
        "keys",
        "known",
        "last_pieces",
        "open_to_new",
        "pieces",
        "pinned",
        "stems",
        "wild_end",
        "wild_piece",
    )

    def __init__(self) -> None:
        self.children: dict[bytes, TreeNode] = {}
        self.ends: dict[bytes, KeyGroup] = {}
        self.folded: frozenset[bytes] = frozenset()
        self.stems: frozenset[tuple[bytes, bytes]] = frozenset()
        self.affixes: dict[bytes, tuple[tuple[bytes, bytes], ...]] = {}
        self.open_to_new = 0
        self.known = False
        self.pinned = False
        self.closed = False
        self.keys = 0
        self.forget_shortcuts()

    def forget_shortcuts(self) -> None:
        """The tree below has changed."""
        self.pieces: dict[bytes, TreeNode] = {}
        self.last_pieces: dict[bytes, KeyGroup] = {}
        self.wild_piece: TreeNode | None = None
        self.wild_end: KeyGroup | None = None

    @property
    def width(self) -> int:
        """How many tokens can follow."""
        return len(self.children) + len(self.ends)

    @property
    def separators(self) -> list[bytes]:
        """Those of the children, then the end of names."""
        return [*sorted({token[-1:] for token in self.children}), END]

    @property
    def words(self) -> set[bytes]:
        """The tokens that follow and have no wildcard."""
        return {token for token in (*self.children, *self.ends) if WILD not in token}

    def literals(self, separator: bytes) -> dict[bytes, int]:
        """The tokens before a separator that are no wildcard as a whole, with their keys."""
        if separator == END:
            return {token: group.keys for token, group in self.ends.items() if token != WILD}
        return {
            token: child.keys
            for token, child in self.children.items()
            if token[-1:] == separator and token[:-1] != WILD and not child.pinned
        }

    def move(self, tokens: Iterable[bytes], target: bytes) -> None:
        """Make one of what follows these tokens and what follows the target."""
        for token in tokens:
            if token == target:
                continue
            if WILD in token:
                self._forget(token)
            child = self.children.pop(token, None)
            if child is not None:
                child.known = False
                place = self.children.setdefault(target, child)
                if place is not child:
                    place.merge(child)
            else:
                group = self.ends.pop(token)
                whole = self.ends.setdefault(target, group)
                if whole is not group:
                    whole.absorb(group)

    def _forget(self, token: bytes) -> None:
        """Let go of a pattern that is part of a wider one from now on."""
        self.stems = frozenset(pair for pair in self.stems if pair[0] + WILD + pair[1] != token)
        for separator, affixes in self.affixes.items():
            self.affixes[separator] = tuple(
                (begin, end) for begin, end in affixes if begin + WILD + end + separator != token
            )

    def tally(self) -> int:
        """Count the keys below, here and at every node below."""
        keys = sum([group.keys for group in self.ends.values()])
        for child in self.children.values():
            keys += child.tally()
        self.keys = keys
        return keys

    def walk(self) -> Iterator["TreeNode"]:
        """This node and all below."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def route(self, token: bytes, separator: bytes) -> bytes:
        """The token that an unknown one counts as: what is around an id with `*`, just `*`, or itself."""
        text = text_of(token, separator)
        if self.stems:
            stem = text.rstrip(DIGITS)
            if (stem, separator) in self.stems and stem != text:
                return stem + WILD + separator
        for begin, end in self.affixes.get(separator, ()):
            if fits(text, begin, end):
                return begin + WILD + end + separator
        if separator not in self.folded or (self.open_to_new and (separator or WILD in text)):
            return token
        return WILD + separator

    def add_affix(self, separator: bytes, begin: bytes, end: bytes) -> None:
        """Take what is around ids for a pattern from now on."""
        known = self.affixes.get(separator, ())
        if (begin, end) not in known and len(known) < _MAX_AFFIXES:
            affixes = sorted({*known, (begin, end)}, key=lambda pair: (-len(pair[0] + pair[1]), pair))
            self.affixes[separator] = tuple(affixes)

    def merge(self, other: "TreeNode") -> None:
        """Take over all that is below the other node, which is empty afterwards."""
        self.folded |= other.folded
        self.stems |= other.stems
        for separator, affixes in other.affixes.items():
            for begin, end in affixes:
                self.add_affix(separator, begin, end)
        self.known |= other.known
        self.pinned |= other.pinned
        self.keys += other.keys
        for token, child in other.children.items():
            self.adopt(token, child)
        for token, group in other.ends.items():
            self.adopt_end(token, group)
        # It may still be known to somebody: nothing must happen to its children twice.
        other.children, other.ends = {}, {}
        if self.closed or other.closed:
            self.close()

    def close(self) -> None:
        """Make one group of all that follows."""
        groups = [group for node in self.walk() for group in node.ends.values()]
        whole = self.ends.get(WILD) or KeyGroup()
        for group in groups:
            if group is not whole:
                whole.absorb(group)
        self.children, self.ends = {}, {WILD: whole}
        self.closed = True
        self.forget_shortcuts()

    def adopt(self, token: bytes, child: "TreeNode") -> None:
        """Take a node as a child under this token, or merge it with the one that is there."""
        mine = self.children.get(token)
        if mine is None:
            token = self.route(token, token[-1:])
            mine = self.children.get(token)
        if mine is None:
            self.children[token] = child
        elif mine is not child:
            mine.merge(child)

    def adopt_end(self, token: bytes, group: KeyGroup) -> None:
        """The same for a group."""
        mine = self.ends.get(token)
        if mine is None:
            token = self.route(token, END)
            mine = self.ends.get(token)
        if mine is None:
            self.ends[token] = group
        elif mine is not group:
            mine.absorb(group)
