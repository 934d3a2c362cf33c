"""Phrases are what the texts at one place have in common: `feature-*`, `@*`, `*.json`.

Slugs, titles and names of people are made of words too, but of words that come back: in other places of
the text (`boot-dress`, `dress-boot`), or after many other words (`anna-schmidt`, `ben-schmidt`). A word that
is part of a pattern stands in its own place, with words after it that are its own.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.keyspace.shapes import WILD

# A word of letters, digits or a wildcard, with the signs that follow; `UserProfile9` has three. What is no
# ASCII counts as letters.
_UNITS: Final = re.compile(
    rb"(?:\\\*|\*|[0-9]+|[A-Z]?[a-z\x80-\xff]+|[A-Z]+(?![a-z]))(?:[^0-9A-Za-z\x80-\xff*\\]|\\(?!\*))*"
    rb"|(?:[^0-9A-Za-z\x80-\xff*\\]|\\(?!\*))+"
).findall
_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+").search
# Before an ending; `?utm=fb` is none.
_BEFORE_ENDINGS: Final = b"-_. ~+,;!@#$%^()'"

_LEAST_MEMBERS: Final = 3
_LEAST_MEMBERS_AT_ROOT: Final = 8
_LEAST_SHARE: Final = 0.2
_LEAST_SHARE_AT_ROOT: Final = 0.005
# A word whose followers come back after so many other words is one of a vocabulary.
_OTHERS: Final = 3
_SHARED: Final = 0.5
_ELSEWHERE: Final = 0.1
# Unless it is one of few words, each of which goes before so many times as many.
_FEW: Final = 8
_MANY_FOLLOWERS: Final = 5
# Signs that no name or title begins with, nor base64.
SIGNS: Final = b"@#~$%&!+^"
_MANY_TIMES: Final = 8
_MOST_ENDINGS: Final = 4
_LEAST_ENDING: Final = 0.1
_COVER: Final = 0.9
_MAX_DEPTH: Final = 8
_LEAST_LETTERS: Final = 3
# Of so many templates one asks whether they are made of one vocabulary.
_SEVERAL: Final = 12
_REPEATED: Final = 2.5


def units(text: bytes) -> list[bytes]:
    """The words of a text, each with the signs that follow it."""
    return _UNITS(text)


def word_of(unit: bytes) -> bytes | None:
    """The letters of a unit in lower case; None where it is a number, a wildcard or a sign."""
    match = _WORD(unit)
    return match[0].lower() if match is not None else None


@dataclass(slots=True)
class _PhraseMember:
    """A text, cut into its units, of which `words` are the letters."""

    text: bytes
    units: Sequence[bytes]
    words: Sequence[bytes | None]
    weight: int


@dataclass(slots=True)
class _PhraseBranch:
    """The texts that go on with the same unit; `followers` counts in how many of them a word comes later."""

    unit: bytes
    members: list[_PhraseMember] = field(default_factory=list)
    followers: Counter[bytes] = field(default_factory=Counter)
    weight: int = 0


def phrase(weights: Mapping[bytes, int], *, at_root: bool) -> dict[bytes, bytes]:
    """By text the pattern that it is of: `*` with what is before and behind it in many texts.

    `weights` says how much each text counts.
    """
    members = []
    for text, weight in weights.items():
        cut = units(text)
        members.append(_PhraseMember(text, cut, [word_of(unit) for unit in cut], weight))
    found: dict[bytes, bytes] = {}
    _divide(members, 0, at_root, found)
    return found


def _divide(members: Sequence[_PhraseMember], depth: int, at_root: bool, found: dict[bytes, bytes]) -> None:
    """Find the patterns of texts that have their first `depth` units in common."""
    rest = list(members)
    if depth < _MAX_DEPTH:
        branches = _branch(members, depth)
        kept = _own_words(branches, sum(member.weight for member in members), depth, at_root)
        for branch in kept:
            _divide(branch.members, depth + 1, False, found)
        taken = {member.text for branch in kept for member in branch.members}
        rest = [member for member in members if member.text not in taken]
    endings = _endings(rest, depth)
    whole = _common_letters(rest, depth)
    for member in rest:
        begin = b"".join(member.units[:depth]) + whole
        end = next((end for end in endings if member.text.endswith(end)), b"")
        found[member.text] = begin + WILD + end


def _common_letters(members: Sequence[_PhraseMember], depth: int) -> bytes:
    """The word that all go on with, though letters of an id follow at once: `tmpFile` of `tmpFileab12`."""
    if len(members) < _LEAST_MEMBERS_AT_ROOT:
        return b""
    texts = [b"".join(member.units[depth:]) for member in members]
    low, high = min(texts), max(texts)
    size = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), 0)
    match = _WORD(low[:size])
    is_word = match is not None and match.start() == 0 and match.end() == size >= _LEAST_LETTERS
    return low[:size] if is_word else b""


def _branch(members: Sequence[_PhraseMember], depth: int) -> list[_PhraseBranch]:
    branches: dict[bytes, _PhraseBranch] = {}
    for member in members:
        if len(member.units) <= depth + 1:
            continue
        unit = member.units[depth]
        branch = branches.get(unit)
        if branch is None:
            branch = branches[unit] = _PhraseBranch(unit)
        branch.members.append(member)
        branch.weight += member.weight
        branch.followers.update({word for word in member.words[depth + 1 :] if word is not None})
    return list(branches.values())


def _own_words(
    branches: Sequence[_PhraseBranch], total: int, depth: int, at_root: bool
) -> list[_PhraseBranch]:
    """The branches whose unit is a word of the pattern."""
    least_share = _LEAST_SHARE_AT_ROOT if at_root else _LEAST_SHARE
    least = _LEAST_MEMBERS_AT_ROOT if at_root else _LEAST_MEMBERS
    candidates = [
        branch
        for branch in branches
        if len(branch.members) >= least and branch.weight >= least_share * total and branch.unit[:1] != WILD
    ]
    if not candidates:
        return []
    # In how many branches a word comes after the first, and in how many texts.
    spread = Counter(word for branch in branches for word in branch.followers)
    texts: Counter[bytes] = Counter()
    for branch in branches:
        texts.update(branch.followers)
    others = min(_OTHERS, len(branches) - 1)
    kept = []
    for branch in candidates:
        word = word_of(branch.unit)
        elsewhere = texts[word] - branch.followers[word] if word is not None else 0
        if elsewhere >= max(1.0, _ELSEWHERE * len(branch.members)):
            continue
        is_own = at_root and (_stands_apart(branch, depth) or _is_one_of_few(branch, candidates))
        if not is_own and _is_shared(branch, spread, others, depth):
            continue
        kept.append(branch)
    if not at_root and sum(branch.weight for branch in kept) < _COVER * total:
        # A frequent word among others that are not, such as the first one of a title.
        return []
    return kept


def _is_shared(branch: _PhraseBranch, spread: Counter[bytes], others: int, depth: int) -> bool:
    """Whether what follows is mostly made of words that come after other words as well."""
    if others <= 0:
        return False
    shared = 0
    for member in branch.members:
        words = [word for word in member.words[depth + 1 :] if word is not None]
        known = sum(1 for word in words if spread[word] - 1 >= others)
        shared += 0 < len(words) <= known * 2
    return shared > _SHARED * len(branch.members)


def _stands_apart(branch: _PhraseBranch, depth: int) -> bool:
    """Whether it is a sign, as in `@anna`, or the first of words that always stand together: `order of …`."""
    if not branch.unit.strip(SIGNS):
        return True
    following = {member.words[depth + 1] for member in branch.members}
    return len(following) == 1 and None not in following


def _is_one_of_few(branch: _PhraseBranch, candidates: Sequence[_PhraseBranch]) -> bool:
    """Whether the same many words follow a few: `profile_anna`, `cart_anna`."""
    mine = branch.followers.keys()
    sharing = sum(1 for other in candidates if len(mine & other.followers.keys()) * 2 > len(mine))
    return sharing <= _FEW and len(mine) >= _MANY_FOLLOWERS * sharing


def _endings(members: Sequence[_PhraseMember], depth: int) -> list[bytes]:
    """Return the endings of texts that all end with one of a few words, found nowhere else in them."""
    by_end: dict[bytes, list[_PhraseMember]] = {}
    inner: Counter[bytes] = Counter()
    for member in members:
        last = len(member.units) - 1
        if last <= depth or member.words[last] is None:
            continue
        before = member.units[last - 1]
        signs = before[len(before.rstrip(_BEFORE_ENDINGS)) :]
        if not signs:
            continue
        by_end.setdefault(signs + member.units[last], []).append(member)
        inner.update({word for word in member.words[depth:last] if word is not None})
    total = len(members)
    frequent = [
        end
        for end, those in by_end.items()
        if len(those) >= max(_LEAST_MEMBERS, _LEAST_ENDING * total)
        and inner[those[0].words[-1] or b""] < max(1.0, _ELSEWHERE * len(those))
    ]
    covered = sum(len(by_end[end]) for end in frequent)
    if not 0 < len(frequent) <= _MOST_ENDINGS or covered < _COVER * total:
        return []
    if len(frequent) == 1:
        return frequent
    # `a.jpg` and `a.png` are two kinds, `acme-inc` and `acme-corp` are not.
    stems = {member.text[: -len(end)] for end in frequent for member in by_end[end]}
    are_kinds = all(end.startswith(b".") for end in frequent)
    return frequent if are_kinds and len(stems) >= _MANY_TIMES * len(frequent) else []


def are_phrases(templates: Sequence[bytes]) -> bool:
    """Whether texts with ids in them differ by names or titles.

    Many words before a number, or few that are combined in many ways.
    """
    if len(templates) < _SEVERAL:
        return False
    cut = [units(text) for text in templates]
    shared = 0
    while len({tuple(one[: shared + 1]) for one in cut}) == 1 and shared < min(map(len, cut)):
        shared += 1
    words = [[word for unit in one[shared:] if (word := word_of(unit)) is not None] for one in cut]
    counts = Counter(word for those in words for word in those)
    if not counts:
        return False
    names = sum(1 for one in cut if _is_numbered(one[shared:]) or _is_title(one[shared:]))
    if names * 2 > len(cut):
        return True
    several = sum(1 for those in words if len(those) > 1)
    return several * 2 > len(cut) and sum(counts.values()) >= _REPEATED * len(counts)


def _is_numbered(those: Sequence[bytes]) -> bool:
    """Whether it is a word with a number behind: `anna*`."""
    return len(those) == 2 and those[1][:1] == WILD and those[0].isalpha()


def _is_title(those: Sequence[bytes]) -> bool:
    """Whether it has several words with spaces between."""
    return sum(1 for one in those if one.endswith(b" ") and word_of(one) is not None) > 0
