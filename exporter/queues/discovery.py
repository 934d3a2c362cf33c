"""Finds the queues of a server: from the frameworks' indexes and from the names of keys that pass by.

Names come from walks of our own and from whoever else walks through the keyspace. None of them is believed:
the server is asked for the types of those that may be a queue's, and the frameworks recognise the rest.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Command
from exporter.errors import ReplyError
from exporter.queues.base import CandidateKeys, Found, Framework, ReadContext
from exporter.queues.key_filter import KeyFilter
from exporter.queues.known import KnownQueues
from exporter.queues.negative_cache import NegativeCache
from exporter.queues.prefetch import SpeculativeCache, with_prefetch
from exporter.queues.replies import text
from exporter.queues.steps import Exchange, Steps, drive, guarded, in_database, together
from exporter.queues.walk import Walker

_NO_KEYS = CandidateKeys()
# Names that are asked about in one go.
_NAMES_AT_ONCE: Final = 500
# So few keys are walked through in one step, whatever state the server is in.
_FEW_KEYS: Final = 200
# Queues are looked for in so many databases; a server may have any number.
_MAX_DATABASES: Final = 256
_MOST_LINES: Final = 20_000


class QueueDiscovery:
    """Adds what it finds to the known queues.

    `databases` are those in which queues are looked for, the target's own first. `selects_always` is set
    where queues of other databases are known from before.
    """

    def __init__(
        self,
        frameworks: Sequence[Framework],
        known: KnownQueues,
        settings: QueuesSection,
        own_database: int,
    ) -> None:
        self.databases: tuple[int, ...] = (own_database,)
        self.selects_always = False
        self._frameworks = frameworks
        self._known = known
        self._settings = settings
        self._own_database = own_database
        self._speculative_caches: dict[int, SpeculativeCache] = {}
        self._negative_caches: dict[int, NegativeCache] = {}
        self._filters: dict[int, KeyFilter] = {}
        # Whether the server lets us change over to another database; None while that was not tried.
        self._can_select: bool | None = None
        self.inaccessible = ""
        """What was not looked into since the server does not allow it, as a sentence; empty where all was."""

    @property
    def must_select(self) -> bool:
        """Whether the database has to be named: the connection's own is not the only one."""
        return self.selects_always or self.databases != (self._own_database,)

    def learn_databases(self, numbers: Iterable[int]) -> Steps[None]:
        """Take over which databases hold keys.

        Another one than our own is selected once, to see whether that is possible: clusters and some managed
        servers have just one.
        """
        wanted = self._wanted(numbers)
        others = [number for number in wanted if number != self._own_database]
        if others and self._can_select is None:
            changed, *_ = yield [("SELECT", others[0]), ("SELECT", self._own_database)]
            self._can_select = not isinstance(changed, ReplyError)
            if isinstance(changed, ReplyError):
                listed = ", ".join(map(str, others))
                self.inaccessible = f"other databases ({listed}) cannot be looked into: {changed}"
        self.databases = wanted if not others or self._can_select else (self._own_database,)
        self.selects_always = self.selects_always or self.must_select

    def _wanted(self, numbers: Iterable[int]) -> tuple[int, ...]:
        if self._settings.databases != "auto":
            return tuple(dict.fromkeys(self._settings.databases)) or (self._own_database,)
        others = sorted(set(numbers) - {self._own_database})
        return (self._own_database, *others[: _MAX_DATABASES - 1])

    def are_new(self, numbers: Iterable[int]) -> bool:
        """Whether any of these databases, which hold keys, is one that was not looked into yet."""
        return self._can_select is not False and not set(self._wanted(numbers)) <= set(self.databases)

    def retry_select(self) -> None:
        """Try SELECT again where the server has refused it."""
        if self._can_select is False:
            self._can_select = None

    async def walk(
        self, context: ReadContext, exchange: Exchange, walker: Walker, sizes: Mapping[int, int] | None
    ) -> None:
        """Walk through all databases, small ones first; `sizes` are their numbers of keys, None to be asked.

        Raises `TargetError`, and `ReplyError` where SCAN is refused.
        """
        if sizes is None:
            (reply,) = await exchange([("INFO", "keyspace")])
            if isinstance(reply, ReplyError) and self._settings.databases == "auto":
                self.inaccessible = f"which databases hold keys is not known: {reply}"
            sizes = parse_databases(text(reply) or "")
        await drive(self.learn_databases(sizes), exchange)
        if sum(sizes.values()) > _FEW_KEYS:
            await walker.begin()
        for database in sorted(self.databases, key=lambda number: sizes.get(number, 0)):
            await self._walk_through(database, context, exchange, walker)
            if self._filter_of(database).has_missed:
                await self._walk_through(database, context, exchange, walker)

    async def _walk_through(
        self, database: int, context: ReadContext, exchange: Exchange, walker: Walker
    ) -> None:
        select: list[Command] = [("SELECT", database)] if self.must_select else []
        key_filter = self._filter_of(database)
        key_filter.begin()
        await walker.walk(select, key_filter.add)
        while key_filter.has_names:
            began = time.monotonic()
            await drive(self._look_at_names(context, database), exchange)
            walker.throttle(time.monotonic() - began)
            if key_filter.has_names:
                await walker.rest()

    def ask_indexes(self, context: ReadContext) -> Steps[None]:
        """Look into the frameworks' indexes in all databases. To be run together with a pass."""
        yield from together([self._look_into_indexes(context, database) for database in self.databases])

    def _look_into_indexes(self, context: ReadContext, database: int) -> Steps[Sequence[Found]]:
        speculative_cache = self._speculative_caches.setdefault(database, SpeculativeCache())

        def look() -> Steps[Sequence[Found]]:
            return with_prefetch(speculative_cache, self._recognise(context, database, None))

        return self._negative_caches.setdefault(database, NegativeCache()).repeat(look, context.clients)

    def add_names(self, database: int, names: Sequence[bytes]) -> None:
        """Names that somebody else has come by in a database."""
        if database in self.databases:
            self._filter_of(database).add(names)

    @property
    def has_names(self) -> bool:
        """Whether names have passed that are worth a question."""
        return any(key_filter.has_names for key_filter in self._filters.values())

    def look_at_names(self, context: ReadContext) -> Steps[None]:
        """Look at some of the keys whose names have passed: the queues among them become known."""
        yield from together(
            [
                self._look_at_names(context, database)
                for database, key_filter in self._filters.items()
                if key_filter.has_names
            ]
        )

    def _look_at_names(self, context: ReadContext, database: int) -> Steps[None]:
        key_filter = self._filter_of(database)
        names = key_filter.pop(_NAMES_AT_ONCE)
        steps = ask_types(names)
        types = yield from (in_database(database, steps) if self.must_select else steps)
        if types:
            found = yield from self._recognise(context, database, key_filter.candidates(types))
            key_filter.mark_productive(names, {stem for one in found for stem in _stems(one)})

    def _filter_of(self, database: int) -> KeyFilter:
        key_filter = self._filters.get(database)
        if key_filter is None:
            key_filter = self._filters[database] = KeyFilter(self._frameworks)
        return key_filter

    def _recognise(
        self, context: ReadContext, database: int, seen: Mapping[str, CandidateKeys] | None
    ) -> Steps[Sequence[Found]]:
        """The queues among what was seen (by framework; None: all frameworks look into their indexes)."""
        here = replace(context, database=database, known=self._known, own_database=self._own_database)
        asked = [one for one in self._frameworks if seen is None or one.name in seen]
        steps = together(
            [guarded(one.find((seen or {}).get(one.name, _NO_KEYS), here), one.name) for one in asked]
        )
        found = yield from (in_database(database, steps) if self.must_select else steps)
        for framework, queues in zip(asked, found, strict=True):
            self._take(framework, queues or (), context.at)
        return [one for queues in found for one in queues or ()]

    def _take(self, framework: Framework, found: Sequence[Found], at: float) -> None:
        for one in found:
            label = framework.label(one.queue)
            if any(fnmatchcase(label, pattern) for pattern in self._settings.ignore):
                continue
            for part in one.absorbs:
                self._known.absorb(part)
            if one.is_over_limit:
                self._known.refuse(one.queue, at)
            else:
                self._known.see(one.queue, label, at, one.notes)


def ask_types(names: Sequence[bytes]) -> Steps[Mapping[bytes, str]]:
    """The types of those keys that there are."""
    questions: list[Command] = [("TYPE", name) for name in names]
    types = [text(reply) for reply in (yield questions)]
    return {name: kind for name, kind in zip(names, types, strict=True) if kind and kind != "none"}


def _stems(found: Found) -> Iterable[bytes]:
    """Yield what keys of a queue, and of its parts, have in their names."""
    for queue in (found.queue, *found.absorbs):
        yield from (stem for stem in (queue.base + queue.name, queue.base, queue.name) if stem)


def parse_databases(info: str) -> Mapping[int, int]:
    """The databases that hold keys, and how many, from INFO's section `keyspace`."""
    sizes = {}
    # A server that lists more of them means no good.
    for line in info.split("\n", _MOST_LINES)[:_MOST_LINES]:
        name, _, facts = line.partition(":")
        if name.startswith("db") and name[2:].isdigit():
            keys = facts.partition("keys=")[2].partition(",")[0].strip()
            sizes[int(name[2:])] = int(keys) if keys.isdigit() else 0
    return sizes
