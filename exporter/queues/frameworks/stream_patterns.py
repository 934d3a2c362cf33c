"""Patterns of streams' names: 1,200 streams `notify:user:17` are one queue, `notify:user:*`.

A name is cut into pieces at `:`, or where it has none at its first other separator. Ids, which show by their
looks, and numbers at the end of a piece stand for each other; so do words at one place of otherwise equal
names, where there are a great many of them.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from exporter.keyspace.shapes import WILD, generalise, is_identifier, without_addresses

ANY_WORD: Final = b"**"
Pieces = tuple[bytes, ...]
"""The separator of a name, then what stands between."""
_NUMBERED: Final = re.compile(rb"(.*[A-Za-z_-])[0-9]+", re.DOTALL).fullmatch
_SEPARATORS: Final = (b":", b"/", b".", b"|", b"_", b"-")
# So many words at one place are no longer names of queues. Fewer, one after the other, where there would be
# more queues than there is room for.
_MANY_WORDS: Final = (100, 50, 20, 10)
# What more shapes than these have in common is not looked for.
_MAX_SHAPES: Final = 3000


@lru_cache(maxsize=10_000)
def shape_of(name: bytes) -> Pieces:
    """The pieces of a name, with `*` for its ids."""
    text = generalise(without_addresses(name))
    separator, *pieces = parse(text)
    return (separator, *map(_shape_of_piece, pieces))


def _shape_of_piece(piece: bytes) -> bytes:
    if is_identifier(piece):
        return WILD
    numbered = _NUMBERED(piece)
    return numbered[1] + WILD if numbered else piece


def parse(text: bytes) -> Pieces:
    """The pieces of a pattern, or of a name as it is."""
    separator = next((one for one in _SEPARATORS if one in text), _SEPARATORS[0])
    return (separator, *text.split(separator))


def join(pieces: Pieces) -> bytes:
    """The text of a pattern; `parse` takes it apart again."""
    return pieces[0].join(pieces[1:])


def covers(pattern: Pieces, shape: Pieces) -> bool:
    """Whether all names of a shape are of a pattern."""
    return len(pattern) == len(shape) and all(
        own in (ANY_WORD, other) for own, other in zip(pattern, shape, strict=True)
    )


class Patterns:
    """Several patterns: of those that cover a shape, the one with the most fixed pieces counts."""

    def __init__(self, patterns: Iterable[Pieces]) -> None:
        ordered = sorted(set(patterns), key=lambda pieces: (pieces.count(ANY_WORD), pieces))
        self._exact = {pieces for pieces in ordered if ANY_WORD not in pieces}
        self._of_words = [pieces for pieces in ordered if ANY_WORD in pieces]

    def of(self, shape: Pieces) -> Pieces | None:
        """The pattern of a shape; None where there is none."""
        # A pattern of words takes in those of ids that it covers, which end with that.
        for pattern in self._of_words:
            if covers(pattern, shape):
                return pattern
        return shape if shape in self._exact else None


def find_patterns(
    shapes: Mapping[bytes, Pieces], known: Collection[Pieces], least: int, room: int
) -> Sequence[Pieces]:
    """The patterns of names, given their shapes, besides those that are known.

    `least` names of one shape make a pattern. `room` is how many patterns and single names there should be at
    most.
    """
    counts = Counter(shape for name, shape in shapes.items() if join(shape) != name)
    by_ids = [shape for shape, names in counts.items() if names >= least]
    distinct = dict.fromkeys((*known, *by_ids, *shapes.values()))
    if len(distinct) > _MAX_SHAPES:
        distinct = dict.fromkeys(sorted(distinct)[:_MAX_SHAPES])
    by_words: Sequence[Pieces] = ()
    for many in _MANY_WORDS:
        by_words = _fold_words(distinct, many)
        patterns = Patterns((*known, *by_ids, *by_words))
        queues = {patterns.of(shape) or name for name, shape in shapes.items()}
        if len(queues) + len(known) <= room:
            break
    return [*(shape for shape in by_ids if not any(covers(one, shape) for one in by_words)), *by_words]


def _fold_words(shapes: Iterable[Pieces], many: int) -> Sequence[Pieces]:
    """Patterns with `**` where otherwise equal shapes have at least so many words.

    Something has to be left beside that.
    """
    current = set(shapes)
    while True:
        holes = _holes(current)
        widest = max(((len(found), place) for (place, _), found in holes.items()), default=(0, 0))
        if widest[0] < many:
            return sorted(shape for shape in current if ANY_WORD in shape)
        for (place, rest), found in holes.items():
            if place == widest[1] and len(found) >= many:
                current.difference_update(found)
                current.add(rest)


def _holes(shapes: Iterable[Pieces]) -> Mapping[tuple[int, Pieces], Sequence[Pieces]]:
    """The shapes that are equal but for the word at one place, by that place and what they share."""
    holes: dict[tuple[int, Pieces], list[Pieces]] = {}
    for shape in shapes:
        for place in range(1, len(shape)):
            if shape[place] not in (ANY_WORD, WILD) and len(shape) > 2:
                rest = (*shape[:place], ANY_WORD, *shape[place + 1 :])
                holes.setdefault((place, rest), []).append(shape)
    return {hole: found for hole, found in holes.items() if len(found) >= _MANY_WORDS[-1]}
