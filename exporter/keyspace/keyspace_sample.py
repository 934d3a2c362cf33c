"""The sample of one database: what a pass knows of its keys so far."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from random import Random
from typing import Final

from exporter.connection import Reply
from exporter.keyspace.answers import (
    LENGTH_COMMANDS,
    Answers,
    FactsRequest,
    LengthCandidate,
    UnsupportedCommands,
)
from exporter.keyspace.biggest import TopKeys
from exporter.keyspace.draw import Draw
from exporter.keyspace.facts import KeyFacts
from exporter.keyspace.miner import PatternMiner
from exporter.keyspace.name_batch import NameBatch
from exporter.keyspace.nodes import KeyGroup
from exporter.keyspace.plan import SamplePlan
from exporter.sampling.keyspace_stats import KeyspaceStats

BIG_STRING_BYTES: Final = 1 << 20
BIG_COLLECTION: Final = 1000
# From this memory on a collection can have more than a thousand elements; a string is none.
_LONG_BYTES: Final = {"set": 2048, "list": 3072, "hash": 8192, "zset": 8192, "stream": 8192}
# Where asking for a length counts as a use of the key, only what is big anyway is asked.
_LONG_BYTES_TOUCHING: Final = 1 << 16
# Collections that are gone when they are empty.
_NEVER_EMPTY: Final = frozenset({"list", "hash", "set", "zset"})
_MAX_TYPES: Final = 32
# The sample is planned anew whenever the number of keys seen has grown by this factor.
_REPLAN: Final = 1.1
_MAX_LENGTH_SHARE: Final = 0.05
_FREE_LENGTHS: Final = 1000


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """How a database is looked at.

    `plan`: which keys are asked about, None for all; it may change if `is_adaptive`. `extra_keys`: about
    so many of these are asked for use, encoding and (with `no_touch`) length. `usage` is the command for
    the use: `OBJECT IDLETIME` or `OBJECT FREQ`. `watched`: keys that are asked about in any case. `seed`
    fixes what the sample draws.
    """

    plan: SamplePlan | None
    extra_keys: float
    usage: str
    no_touch: bool
    top_keys: int
    watched: frozenset[bytes] = frozenset()
    seed: int | None = None
    is_adaptive: bool = False


class KeyspaceSample:
    """Takes in names and answers; knows patterns, types, the biggest keys.

    `select` decides what to ask about a batch of names, `commit` counts it together with the answers. What
    has not been committed leaves no trace, so a pass can go on from the cursor of the first batch that was
    not. `tidy` is for whoever commits to call when it `needs_tidying`.
    """

    def __init__(
        self,
        settings: SampleSettings,
        miner: PatternMiner,
        refused: UnsupportedCommands,
        lookups: KeyspaceStats,
    ) -> None:
        self.settings = settings
        self.plan = settings.plan
        self.is_sampled = settings.plan is not None
        self.miner = miner
        self.refused = refused
        self.scanned = 0
        self.name_bytes = 0
        self.asked = 0
        self.duplicates = 0
        self.most_keys = 0
        self.top_memory: dict[str, TopKeys] = {}
        self.top_length: dict[str, TopKeys] = {}
        self.big_keys: dict[str, float] = {}
        self._lookups = lookups
        self._random = Random(settings.seed)
        self._draw = Draw(self._random)
        self._recent: tuple[set[bytes], set[bytes]] = (set(), set())
        self._planned_at = 0
        self._lengths_asked = 0

    def select(self, cursor: bytes, names: Sequence[bytes]) -> NameBatch:
        """Select what to ask about the names of the SCAN at `cursor`, without those seen just before."""
        names = self._without_duplicates(names)
        plan, rate = self.plan, self._extra_rate
        watched = self.settings.watched.intersection(names)
        groups = chosen = weights = None
        asked = names
        if plan is not None:
            groups = self.miner.find(names)
            chosen, weights = self._draw.choose(plan, names, groups, watched, self.most_keys)
            asked = [names[index] for index in chosen]
        apart = frozenset(at for at, name in enumerate(asked) if name in watched) if watched else frozenset()
        request = FactsRequest(asked, self._extra(len(asked), rate), self.settings.usage)
        return NameBatch(cursor, names, request, groups, chosen, weights, apart, rate)

    def change_plan(self, plan: SamplePlan | None) -> None:
        """From now on other keys are asked about, or all (None)."""
        if plan is not None:
            self.is_sampled = True
            self._planned_at = 0
        self.plan = plan

    @property
    def _extra_rate(self) -> float:
        """Of the keys that are asked about, the share that is asked more."""
        asked = self.most_keys if self.plan is None else min(self.plan.most, self.most_keys)
        return min(1.0, self.settings.extra_keys / max(1.0, asked))

    def _without_duplicates(self, names: Sequence[bytes]) -> Sequence[bytes]:
        """Leave out names of the last two steps: SCAN repeats keys where the server's table shrinks.

        It does so within neighbouring steps, since it visits the buckets that fall together one after the
        other (dictScan in Redis' dict.c).
        """
        distinct = set(names)
        older, newer = self._recent
        self._recent = (newer, distinct)
        if len(distinct) == len(names) and distinct.isdisjoint(older) and distinct.isdisjoint(newer):
            return names
        fresh = [name for name in dict.fromkeys(names) if name not in older and name not in newer]
        self.duplicates += len(names) - len(fresh)
        return fresh

    def _extra(self, count: int, rate: float) -> Sequence[int]:
        if rate >= 1.0:
            return range(count)
        # The rounding is random too, so that every key has the same chance.
        number = int(rate * count + self._random.random())
        return self._random.sample(range(count), min(number, count))

    def commit(self, batch: NameBatch, replies: Sequence[Reply]) -> list[LengthCandidate]:
        """Count a batch, with the replies to its request; returns the keys whose length is worth asking."""
        groups = batch.groups if batch.groups is not None else self.miner.find(batch.names)
        self.miner.count(groups)
        self.scanned += len(batch.names)
        self.name_bytes += sum(map(len, batch.names))
        if batch.chosen is not None:
            groups = [groups[index] for index in batch.chosen]
        groups = [group if group.into is None else group.final for group in groups]
        self.asked += len(groups)
        answers = batch.request.read(replies, self.refused, self._lookups)
        candidates = self._add_answers(batch, groups, answers)
        candidates += self._add_extra(batch, groups, answers)
        return self._affordable(candidates)

    def _add_answers(
        self, batch: NameBatch, groups: Sequence[KeyGroup], answers: Answers
    ) -> list[LengthCandidate]:
        buckets: defaultdict[tuple[KeyGroup, float, bytes, bool], list[int]] = defaultdict(list)
        weights = batch.weights if batch.weights is not None else repeat(1.0, len(groups))
        for index, (group, weight, kind) in enumerate(zip(groups, weights, answers.types, strict=True)):
            buckets[group, weight, kind, index in batch.apart].append(index)
        candidates: list[LengthCandidate] = []
        for (group, weight, kind, apart), indexes in buckets.items():
            if kind == b"none":
                # Deleted or expired since SCAN has seen them.
                group.keys -= len(indexes)
            else:
                candidates += self._add_bucket(
                    batch, answers, group, weight, self._kind(kind), indexes, apart=apart
                )
        return candidates

    def _add_bucket(
        self,
        batch: NameBatch,
        answers: Answers,
        group: KeyGroup,
        weight: float,
        kind: str,
        indexes: list[int],
        *,
        apart: bool,
    ) -> list[LengthCandidate]:
        """Keys of one group, weight and type."""
        ttls = [answers.ttls[index] for index in indexes] if answers.ttls else []
        memory = [answers.memory[index] for index in indexes] if answers.memory else []
        if -2 in ttls or -1 in memory:
            alive = [
                at
                for at in range(len(indexes))
                if (not ttls or ttls[at] != -2) and (not memory or memory[at] >= 0)
            ]
            group.keys -= len(indexes) - len(alive)
            if not alive:
                return []
            indexes = [indexes[at] for at in alive]
            ttls = [ttls[at] for at in alive] if ttls else []
            memory = [memory[at] for at in alive] if memory else []
        facts = _facts(group)
        census = self.plan is None and not self.settings.is_adaptive
        facts.add(kind, ttls, memory, weight, census=census, apart=apart)
        if not memory:
            return []
        highest = max(memory)
        top = self.top_memory.get(kind)
        if top is None:
            top = self.top_memory[kind] = TopKeys(self.settings.top_keys)
        if highest > top.threshold:
            top.offer(memory, [batch.request.names[index] for index in indexes])
        return self._notable(batch, kind, memory, indexes, weight, highest)

    def _notable(
        self,
        batch: NameBatch,
        kind: str,
        memory: Sequence[int],
        indexes: Sequence[int],
        weight: float,
        highest: int,
    ) -> list[LengthCandidate]:
        """Big strings are counted here; what may be a big collection is worth a question."""
        if kind == "string":
            if highest > BIG_STRING_BYTES:
                self._count_big(kind, weight * sum(size > BIG_STRING_BYTES for size in memory))
            return []
        least = self._least(kind)
        if kind not in LENGTH_COMMANDS or highest < least:
            return []
        names = batch.request.names
        return [
            LengthCandidate(names[index], kind, size, weight)
            for index, size in zip(indexes, memory, strict=True)
            if size >= least
        ]

    def _add_extra(
        self, batch: NameBatch, groups: Sequence[KeyGroup], answers: Answers
    ) -> list[LengthCandidate]:
        """How a part of the keys is used and stored."""
        candidates: list[LengthCandidate] = []
        names, rate = batch.request.names, batch.extra_rate
        by_frequency = self.settings.usage == "OBJECT FREQ"
        for position, index in enumerate(batch.request.extra):
            kind = answers.types[index]
            if kind == b"none":
                continue
            weight = (batch.weights[index] if batch.weights is not None else 1.0) / rate
            group, name_of_kind = groups[index], self._kind(kind)
            facts = _facts(group)
            if answers.usage and answers.usage[position] >= 0:
                add_usage = facts.add_frequency if by_frequency else facts.add_idle
                add_usage(answers.usage[position], weight)
            if answers.encodings and isinstance(answers.encodings[position], bytes):
                encoding = answers.encodings[position].decode("utf-8", "backslashreplace")
                facts.add_encoding(name_of_kind, encoding, weight)
            if self.settings.no_touch and name_of_kind in _NEVER_EMPTY:
                size = answers.memory[index] if answers.memory else 0
                candidates.append(LengthCandidate(names[index], name_of_kind, size, weight, group))
        return candidates

    def add_lengths(self, lengths: Sequence[tuple[LengthCandidate, int]]) -> None:
        """Take in the lengths of candidates."""
        for candidate, length in lengths:
            kind = candidate.kind
            if candidate.group is not None:
                _facts(candidate.group.final).add_length(length, candidate.weight)
            elif length > BIG_COLLECTION and kind != "string":
                self._count_big(kind, candidate.weight)
            top = self.top_length.get(kind)
            if top is None:
                top = self.top_length[kind] = TopKeys(self.settings.top_keys)
            top.offer((length,), (candidate.name,))

    def _affordable(self, candidates: list[LengthCandidate]) -> list[LengthCandidate]:
        """Lengths are asked of a small share of all keys at most."""
        room = _FREE_LENGTHS + int(self.scanned * _MAX_LENGTH_SHARE) - self._lengths_asked
        if len(candidates) > room:
            candidates = sorted(candidates, key=lambda candidate: -candidate.memory)[: max(room, 0)]
        self._lengths_asked += len(candidates)
        return candidates

    def _least(self, kind: str) -> int:
        """From which memory on a key of this type may be asked for its length."""
        return _LONG_BYTES.get(kind, _LONG_BYTES_TOUCHING) if self.settings.no_touch else _LONG_BYTES_TOUCHING

    def _count_big(self, kind: str, weight: float) -> None:
        self.big_keys[kind] = self.big_keys.get(kind, 0.0) + weight

    def _kind(self, kind: bytes) -> str:
        name = kind.decode("utf-8", "backslashreplace")
        return name if name in self.top_memory or len(self.top_memory) < _MAX_TYPES else "other"

    @property
    def needs_tidying(self) -> bool:
        """Whether it is time for `tidy`."""
        return self.miner.is_crowded or self._needs_plan

    @property
    def _needs_plan(self) -> bool:
        return self.plan is not None and self.scanned >= self._planned_at * _REPLAN

    def tidy(self) -> None:
        """Fold where there are too many names, and plan the sample anew; takes up to a tenth of a second."""
        self.miner.make_room()
        plan = self.plan
        if plan is not None and self._needs_plan:
            self._planned_at = self.scanned
            plan.assign(self.miner.groups(), max(1.0, self.most_keys / max(1, self.scanned)))

    def unmeasured(self) -> list[LengthCandidate]:
        """The biggest keys by memory whose length is not known yet."""
        candidates = []
        for kind, top in self.top_memory.items():
            known = {name for name, _ in self.top_length.get(kind, ())}
            if kind in LENGTH_COMMANDS:
                candidates += [
                    LengthCandidate(name, kind, size, 0.0)
                    for name, size in top
                    if name not in known and size >= self._least(kind)
                ]
        return candidates

    def note_size(self, keys: int) -> None:
        """How many keys the database holds now."""
        self.most_keys = max(self.most_keys, keys)

    @property
    def progress(self) -> float:
        """The share of the keys that was seen, 0 to 1."""
        most = max(self.most_keys, self.scanned)
        return self.scanned / most if most else 0.0


def _facts(group: KeyGroup) -> KeyFacts:
    facts = group.facts
    if facts is None:
        facts = group.facts = KeyFacts()
    return facts  # type: ignore[no-any-return]  # the tree does not know what is hung on a group
