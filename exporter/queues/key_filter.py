"""Filters the names of a walk: keeps those that match a framework's key pattern, and samples of all.

Names that differ in their ids only have one shape, and what is known of a shape need not be found out for
every name. Where a framework wants any key of a type (streams may have any name), a few keys of each shape
are asked for their type, and all of a shape as soon as one of them is of that type.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Final

from exporter.queues.base import CandidateKeys, Framework

# A word with a digit in it: an id, or next to one.
_ID: Final = re.compile(rb"(?<![A-Za-z])[A-Za-z]*+[0-9][0-9A-Za-z]*+")
# A pattern with a digit outside of braces and brackets is about that digit.
_NO_TEXT: Final = re.compile(rb"\{[^}]*\}|\[[^]]*\]")
_DIGIT: Final = re.compile(rb"[0-9]")
# A key pattern that fits this fits everything.
_NO_NAME: Final = b"\x00"
# Names that are longer, in bytes, are no queue's: those of frameworks have some dozens.
_LONGEST_NAME: Final = 1_024
# So many shapes are remembered; where there are more, names have next to nothing in common.
_MAX_SHAPES: Final = 20_000
# Names that are looked at in one walk through a database, in all and of a shape in which nothing was found.
MAX_NOTICED: Final = 20_000
_MAX_UNPRODUCTIVE: Final = 1_000
# Once so many have told nothing, about so many of a shape are looked at in a walk, others each time.
_LATER_UNPRODUCTIVE: Final = 100
# Of each shape the first few are asked for their type in each walk, and then one of so many.
_FIRST_SAMPLES: Final = 5
_SAMPLED: Final = 1 / 100
# So many samples are taken in a walk at most, and of so large a share of the names that pass.
_FREE_SAMPLES: Final = 1_000
_MOST_SAMPLED: Final = 1 / 10


class _NameShape:
    """The names of one shape, and what is known of them.

    `noticed` and `passed` count in this walk; `share` of the names is looked at, which is less than all once
    many have told nothing.
    """

    __slots__ = ("is_marked", "is_open", "is_productive", "looked_at", "noticed", "passed", "share", "walk")

    def __init__(self, *, is_marked: bool) -> None:
        self.is_marked = is_marked
        self.is_open = False
        self.is_productive = False
        self.noticed = self.passed = self.walk = self.looked_at = 0
        self.share = 1.0

    def begin(self, walk: int) -> None:
        """This walk begins."""
        self.looked_at += self.noticed
        if self.looked_at >= _MAX_UNPRODUCTIVE and self.passed:
            self.share = min(1.0, _LATER_UNPRODUCTIVE / self.passed)
        self.walk, self.noticed, self.passed = walk, 0, 0


class KeyFilter:
    """Takes in the names of one database as they pass, and keeps those that are worth a question.

    `dropped` counts names that would have been, and were too many. `has_missed`: since this walk began, names
    have passed of which it turned out only later that they are worth a question.
    """

    def __init__(self, frameworks: Sequence[Framework], random: Random | None = None) -> None:
        self.dropped = 0
        self.has_missed = False
        self._patterns = [
            (framework.name, pattern) for framework in frameworks for pattern in framework.key_patterns
        ]
        patterns = dict.fromkeys(pattern.pattern for _, pattern in self._patterns)
        closed = [pattern for pattern in patterns if not pattern.fullmatch(_NO_NAME)]
        self._literal = [one for one in closed if _DIGIT.search(_NO_TEXT.sub(b"", one.pattern))]
        self._general = [one for one in closed if one not in self._literal]
        self._open_types = {
            pattern.type for _, pattern in self._patterns if pattern.pattern.fullmatch(_NO_NAME)
        }
        self._shapes: dict[bytes, _NameShape] = {}
        self._waiting: dict[bytes, _NameShape] = {}
        self._noticed = 0
        self._room = 0.0
        self._walk = 0
        self._random = random or Random()

    def begin(self) -> None:
        """A walk through the database begins: every name will pass."""
        self._walk += 1
        self._noticed = 0
        self._room = _FREE_SAMPLES
        self.has_missed = False

    def add(self, names: Sequence[bytes]) -> None:
        """Names that pass."""
        self._room += len(names) * _MOST_SAMPLED
        self._forget_shapes()
        short = [name for name in names if len(name) <= _LONGEST_NAME]
        for key, alike in _by_shape(short).items():
            shape = self._known_shape(key, alike[0])
            if shape.walk != self._walk:
                shape.begin(self._walk)
            before = shape.passed
            shape.passed += len(alike)
            if shape.is_marked or shape.is_open:
                for name in alike:
                    self._notice(name, shape)
                continue
            if self._literal:
                for name in filter(self._is_literal, alike):
                    self._notice(name, shape)
            if self._open_types:
                self._sample(alike, before, shape)

    def _sample(self, alike: Sequence[bytes], passed: int, shape: _NameShape) -> None:
        """Of names of one shape the first few in a walk, and then one of so many."""
        index = 0 if passed < _FIRST_SAMPLES else self._skip()
        while index < len(alike) and self._room >= 1:
            if alike[index] not in self._waiting:
                self._room -= 1
                self._waiting[alike[index]] = shape
            index += 1 if passed + index + 1 < _FIRST_SAMPLES else 1 + self._skip()

    def _skip(self) -> int:
        """How many names pass before one of so many is taken: as if each were drawn for."""
        return int(math.log(1.0 - self._random.random()) / math.log(1.0 - _SAMPLED))

    def _forget_shapes(self) -> None:
        if len(self._shapes) > _MAX_SHAPES:
            self._shapes = {key: shape for key, shape in self._shapes.items() if shape.is_productive}
            if len(self._shapes) > _MAX_SHAPES:
                self._shapes.clear()

    def _known_shape(self, key: bytes, name: bytes) -> _NameShape:
        shape = self._shapes.get(key)
        if shape is None:
            is_marked = any(pattern.fullmatch(name) for pattern in self._general)
            shape = self._shapes[key] = _NameShape(is_marked=is_marked)
        return shape

    def _is_literal(self, name: bytes) -> bool:
        return any(pattern.fullmatch(name) for pattern in self._literal)

    def _notice(self, name: bytes, shape: _NameShape) -> None:
        if name in self._waiting or not (shape.is_productive or self._random.random() < shape.share):
            return
        most = MAX_NOTICED if shape.is_productive else _MAX_UNPRODUCTIVE
        if self._noticed >= MAX_NOTICED or shape.noticed >= most:
            self.dropped += 1
            return
        self._noticed += 1
        shape.noticed += 1
        self._waiting[name] = shape

    @property
    def has_names(self) -> bool:
        """Whether any name is waiting."""
        return len(self._waiting) > 0

    def pop(self, most: int) -> Sequence[bytes]:
        """Names to ask about now, at most so many; they are handed out once."""
        taken = list(islice(self._waiting, most))
        for name in taken:
            del self._waiting[name]
        return taken

    def candidates(self, types: Mapping[bytes, str]) -> Mapping[str, CandidateKeys]:
        """Keys with their types, by the name of the framework that may know them."""
        found: dict[str, dict[str, dict[bytes, None]]] = {}
        for key, type_name in types.items():
            if type_name in self._open_types:
                self._open(self._shape(key))
            for framework, pattern in self._patterns:
                if pattern.type == type_name and pattern.pattern.fullmatch(key):
                    found.setdefault(framework, {}).setdefault(type_name, {})[key] = None
        return {
            framework: CandidateKeys({type_name: list(keys) for type_name, keys in of_type.items()})
            for framework, of_type in found.items()
        }

    def _open(self, shape: _NameShape) -> None:
        if not shape.is_open:
            shape.is_open = True
            self.has_missed = self.has_missed or shape.passed > 1

    def mark_productive(self, keys: Iterable[bytes], stems: set[bytes]) -> None:
        """Mark the shapes of those keys in which queues were found.

        Those are the keys that hold one of these stems; as many keys of such a shape as there are may be
        queues.
        """
        for key in keys:
            if not stems.isdisjoint(_pieces(key)):
                self._shape(key).is_productive = True

    def _shape(self, name: bytes) -> _NameShape:
        return self._known_shape(_ID.sub(b"0", name), name)


def _by_shape(names: Sequence[bytes]) -> Mapping[bytes, Sequence[bytes]]:
    """The names in order, by what they have in common."""
    # In one go, which takes a fraction of the time, unless a name holds what they are told apart by.
    keys = _ID.sub(b"0", b"\n".join(names)).split(b"\n")
    if len(keys) != len(names):
        keys = [_ID.sub(b"0", name) for name in names]
    groups: dict[bytes, list[bytes]] = {}
    for name, key in zip(names, keys, strict=True):
        groups.setdefault(key, []).append(name)
    return groups


def _pieces(key: bytes) -> set[bytes]:
    """A key, its parts, and what comes before each of them."""
    parts = key.split(b":")
    return {key, *parts, *(b":".join(parts[:end]) for end in range(2, len(parts)))}
