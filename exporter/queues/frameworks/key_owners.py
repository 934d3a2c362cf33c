"""The owner of a key among one's own patterns, where it fits several.

`queue:processing:0` fits `queue:{name}:{priority}` (a queue "processing", priority 0) and
`queue:processing:{name}` (what is in work of a queue "0"). All keys together decide: that a name is a queue's
by a key that fits one pattern only weighs most, then that a part looks like a priority, then the amount of
fixed text. A key without parts is what it says.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.config.samplers.queues import ListPattern
from exporter.queues.frameworks.key_patterns import Pattern, common_key

_USUAL_WORDS: Final = re.compile(
    rb"highest|high|medium|normal|lowest|low|urgent|critical|p(?:rio(?:rity)?)?[-_]?[0-9]{1,3}", re.IGNORECASE
)
_LITERAL: Final = 3
_NAME_KNOWN: Final = 2
_PRIORITY_LIKELY: Final = 1
_PRIORITY_UNLIKELY: Final = -1


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A key as one pattern reads it: the pattern's place in the configuration, and the parts of the key.

    What the key does not tell is as the configuration says; `priority` is empty where there is none.
    """

    index: int
    name: bytes
    priority: bytes
    spans: "tuple[tuple[int, int], ...]"
    priority_span: tuple[int, int]


@dataclass(slots=True)
class Evidence:
    """Evidence from all keys: names that are beyond doubt, and priorities."""

    names: set[bytes] = field(default_factory=set)
    priorities: set[bytes] = field(default_factory=set)

    def expects(self, priority: bytes) -> bool:
        """Return whether this is likely to be a priority.

        It is one elsewhere, or a number or usual word where the others are, and names are not numbers.
        """
        if priority in self.priorities:
            return True
        is_number = priority.isdigit()
        if not (is_number or _USUAL_WORDS.fullmatch(priority)):
            return False
        if self.priorities and not any(known.isdigit() == is_number for known in self.priorities):
            return False
        return not (is_number and any(name.isdigit() for name in self.names))


class KeyOwners:
    """The configured patterns together; `names` are those of queues that the configuration names."""

    def __init__(self, lists: Sequence[ListPattern]) -> None:
        self.patterns = [Pattern(settings.key) for settings in lists]
        self._lists = lists
        self.names = {settings.name.encode() for settings in lists if settings.name}
        self._rivals = [self._rivals_of(index) for index in range(len(lists))]

    def _rivals_of(self, index: int) -> Sequence[int]:
        own = self.patterns[index].text
        return [
            other
            for other, pattern in enumerate(self.patterns)
            if other != index and common_key(own, pattern.text, single_words=False) is not None
        ]

    def has_rivals(self, index: int) -> bool:
        """Whether keys of this pattern may fit others."""
        return bool(self._rivals[index])

    def evidence(self) -> Evidence:
        """Return the evidence that the configuration alone gives."""
        return Evidence(set(self.names))

    def matches(self, key: bytes) -> Sequence[PatternMatch]:
        """All ways to read a key."""
        return [
            match for index in range(len(self.patterns)) if (match := self._match(index, key)) is not None
        ]

    def only_match(self, key: bytes, type_name: str) -> PatternMatch | None:
        """The way to read a key of this type where there is no other, by its type or else."""
        matches = self.matches(key)
        fitting = [match for match in matches if self._lists[match.index].type == type_name]
        most_fixed = max((self.patterns[match.index].fixed for match in matches), default=0)
        is_only = len(fitting) == 1 and self.patterns[fitting[0].index].fixed == most_fixed
        return fitting[0] if is_only else None

    def owner(self, key: bytes, type_name: str, evidence: Evidence) -> PatternMatch | None:
        """How to read a key of this type; None where it is nobody's.

        A key of another type than its pattern says is left alone where its name is a queue's: then it is the
        pattern that is wrong.
        """
        matches = self.matches(key)
        weighed = [
            (strength, self.patterns[match.index].fixed, match.index, match)
            for match in matches
            if (strength := self._strength(match, matches, evidence)) >= _NAME_KNOWN
            or self._lists[match.index].type == type_name
        ]
        best = max(weighed, key=lambda one: one[:3], default=None)
        return best[3] if best and self._lists[best[3].index].type == type_name else None

    def belongs(self, index: int, key: bytes, evidence: Evidence) -> bool:
        """Whether a key, if there is one of the pattern's type, is this pattern's."""
        if not self._rivals[index]:
            return True
        owner = self.owner(key, self._lists[index].type, evidence)
        return owner is not None and owner.index == index

    def doubts(self) -> Iterable[tuple[int, int, bytes]]:
        """Return the pairs of patterns between which all keys have to decide.

        Each with their places and a key that fits both. A name that holds a `:` is no reason for a doubt, and
        there is none any more where such a key is given literally.
        """
        literals = [pattern.text.encode() for pattern in self.patterns if pattern.is_literal]
        for second in range(len(self.patterns)):
            for first in range(second):
                if self._lists[first].type != self._lists[second].type:
                    continue
                one, other = self.patterns[first], self.patterns[second]
                key = common_key(one.text, other.text, single_words=True)
                is_decided = any(
                    one.parts(key) is not None and other.parts(key) is not None for key in literals
                )
                if key is not None and not is_decided and self._is_contested(first, second, key):
                    yield first, second, key

    def _is_contested(self, first: int, second: int, key: bytes) -> bool:
        """Whether the pattern with less fixed text can win, whatever other keys there are."""
        places = sorted((first, second), key=lambda index: (self.patterns[index].fixed, index))
        weaker, stronger = (self._match(index, key) for index in places)
        if weaker is None or stronger is None or self.patterns[stronger.index].is_literal:
            return False
        return not self.patterns[weaker.index].has_priority or _is_open(weaker, [stronger])

    def _match(self, index: int, key: bytes) -> PatternMatch | None:
        found = self.patterns[index].regex.fullmatch(key)
        if found is None:
            return None
        parts = found.groupdict()
        return PatternMatch(
            index,
            parts.get("name", self._lists[index].name.encode()),
            parts.get("priority", self._lists[index].priority.encode()),
            tuple(found.span(part) for part in parts),
            found.span("priority") if "priority" in parts else (0, 0),
        )

    def _strength(self, match: PatternMatch, matches: Sequence[PatternMatch], evidence: Evidence) -> int:
        pattern = self.patterns[match.index]
        if pattern.is_literal:
            return _LITERAL
        is_likely = pattern.has_priority and _is_open(match, matches) and evidence.expects(match.priority)
        if pattern.has_priority and not is_likely:
            # Where other priorities are known it rather is a name with a separator.
            is_known = match.name in evidence.names or not evidence.priorities
            return 0 if is_known else _PRIORITY_UNLIKELY
        return _NAME_KNOWN if match.name in evidence.names else _PRIORITY_LIKELY if is_likely else 0


def _is_open(match: PatternMatch, matches: Iterable[PatternMatch]) -> bool:
    """Return whether another pattern leaves open what one takes for the priority.

    That is so where it is part of what the other one leaves open as well, and not what that one says in so
    many letters.
    """
    begin, end = match.priority_span
    return any(
        other_begin <= begin and end <= other_end
        for other in matches
        if other.index != match.index
        for other_begin, other_end in other.spans
    )
