"""One pass over the keyspace of a server: every database, with patience for what happens meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from exporter.clock import Clock
from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.connection import Command, Connection
from exporter.errors import StateError, TargetError
from exporter.keyspace import condition
from exporter.keyspace.answers import UnsupportedCommands
from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.forecast import Forecast, Forecaster
from exporter.keyspace.guard import LINKED_REPLICA, Guard, ServerChangedError
from exporter.keyspace.history import History
from exporter.keyspace.keyspace_sample import KeyspaceSample, SampleSettings
from exporter.keyspace.miner import PatternMiner
from exporter.keyspace.outcome import PassFacts, conclude
from exporter.keyspace.patience import Patience
from exporter.keyspace.plan import is_adaptive, plan_sample
from exporter.keyspace.progress import (
    Progress,
    dump_sample,
    load_progress,
    restore_sample,
    settings_key,
)
from exporter.keyspace.redaction import Redactor
from exporter.keyspace.report import PassReport
from exporter.keyspace.summary import DatabaseSummary, summarise
from exporter.keyspace.threads import to_thread
from exporter.keyspace.walk import EmptiedError, Walk
from exporter.log import get_logger
from exporter.sampling.keyspace_stats import KeyspaceStats
from exporter.sampling.pace import Budget, Pace
from exporter.sampling.scan import START, ScanPacer
from exporter.sampling.turns import Turns

log = get_logger(__name__)

# Idle times and encodings of so many keys are enough for a distribution.
_EXTRA_KEYS: Final = 10_000
_SAVE_SECONDS: Final = 30.0
_MAX_RESTARTS: Final = 3
# What is known so far is worked out so often, and takes no more than a fiftieth of our time.
_FIRST_PARTIAL_SECONDS: Final = 10.0
_PARTIAL_SECONDS: Final = 30.0
_PARTIAL_REST: Final = 50.0
# What reading a saved document of another shape ends in.
_UNFIT: Final = (KeyError, TypeError, ValueError, AttributeError)


async def _keep_nothing(progress: bytes) -> None:
    return


class Scan:
    """A pass, from the first database to the last.

    `history` is what the pass before has left, `queues` are names of queues by the beginnings of their keys.
    It takes `turns` with whoever else walks through the server's keyspace; `on_names` is told of the names of
    each step, by database.
    `save` is called with the progress now and then. Faults of the server are waited out, for at most
    `patience_seconds` (None: for ever); `trouble` tells what is being waited for. `partial` is what was known
    a while ago, of the keys seen by then. `instance` is whose keyspace it is, where a replica of it is asked.
    """

    def __init__(
        self,
        connection: Connection,
        section: KeyspaceSection,
        *,
        clock: Clock,
        lookups: KeyspaceStats,
        history: History | None = None,
        queues: Callable[[], Mapping[str, str]] = dict,
        turns: Turns | None = None,
        on_names: Callable[[int, Sequence[bytes]], None] | None = None,
        patience_seconds: float | None = None,
        save: Callable[[bytes], Awaitable[None]] = _keep_nothing,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seed: int | None = None,
        instance: str | None = None,
    ) -> None:
        self.partial: PassReport | None = None
        self.progress = Progress("", settings_key(section), clock.now())
        self.notes: list[str] = []
        self._connection = connection
        self._section = section
        self._clock = clock
        self._lookups = lookups
        self._history = history
        self._queues = queues
        self._on_names = on_names
        self._save = save
        self._sleep = sleep
        self._seed = seed
        self._pace = Pace(Budget(section.budget, section.keys_per_second, section.slow_after.seconds))
        own = connection.target.instance
        self._instance = instance or own
        self._scanned_on = own if own != self._instance else ""
        run_on = LINKED_REPLICA if self._scanned_on else section.run_on
        self._guard = guard = Guard(connection, run_on, self._pace, clock)
        # Without a reference to the scan itself, which would make a cycle of it and all that it holds.
        self._pacer = ScanPacer(self._pace, turns or Turns(), lambda: guard.is_strained)
        self._patience = Patience(patience_seconds, self._pace, clock, sleep)
        self._refused = UnsupportedCommands()
        self._saved_at = self._begun_at = clock.monotonic()
        self._walk: Walk | None = None
        self._sample: KeyspaceSample | None = None
        self._forecaster = Forecaster(section, self._pace, self._guard)
        self._show_at = self._begun_at + _FIRST_PARTIAL_SECONDS

    async def run(self, saved: bytes | None = None) -> History:
        """Do the pass, or go on with a `saved` one.

        Raises `TargetError` where the server refuses SCAN or patience has ended, `WrongRoleError`.
        """
        for _ in range(_MAX_RESTARTS):
            try:
                await self._patience.insist(self._guard.refresh)
                await to_thread(partial(self._take_up, saved))
                return await self._run_databases()
            except ServerChangedError:
                self.notes.append("the server was replaced or restarted during the pass, which began anew")
                log.info("keyspace scan begins anew", instance=self._instance)
                saved = None
                self._forget()
        return await to_thread(partial(self.conclude, complete=False))

    def _forget(self) -> None:
        self.progress = Progress("", self.progress.settings, self._clock.now())
        self._sample = self._walk = None
        self._guard.run_id = ""

    def _take_up(self, saved: bytes | None) -> None:
        """Go on with a saved pass if it fits, else begin one."""
        progress = load_progress(saved, self._instance)
        if (
            progress is not None
            and progress.run_id == self._guard.server.run_id
            and progress.settings == self.progress.settings
        ):
            self.progress = progress
            self._guard.run_id = progress.run_id
            return
        self.progress.run_id = self._guard.run_id = self._guard.server.run_id
        wanted = self._section.databases
        sizes = self._guard.server.keys_by_database
        self.progress.sizes = {
            number: sizes[number] for number in sorted(sizes) if wanted is None or number in wanted
        }

    async def _run_databases(self) -> History:
        complete = True
        for number in self.progress.sizes:
            if number not in self.progress.finished:
                complete = await self._run_database(number) and complete
        return await to_thread(partial(self.conclude, complete=complete))

    async def _run_database(self, number: int) -> bool:
        """Walk through one database; returns whether it was seen to its end."""
        complete = False
        for _ in range(_MAX_RESTARTS):
            sample, walk = await to_thread(partial(self._begin, number))

            async def retry(walk: Walk = walk) -> None:
                await self._guard.refresh()
                await walk.run(self._between)

            try:
                await self._patience.insist(retry)
                complete = True
                break
            except EmptiedError:
                self.notes.append(f"most keys of db{number} went during the pass, which began anew there")
        await to_thread(partial(self._finish_database, number, sample, walk.size, complete=complete))
        return complete

    def _finish_database(self, number: int, sample: KeyspaceSample, size: int, *, complete: bool) -> None:
        self._sample = self._walk = None
        self.progress.finished[number] = summarise(number, sample, size, complete=complete)
        self.progress.current = self.progress.cursor = self.progress.sample = None

    def _begin(self, number: int) -> tuple[KeyspaceSample, Walk]:
        progress = self.progress
        sample = self._new_sample(number)
        cursor: bytes | None = START
        if progress.current == number and progress.sample is not None:
            try:
                restore_sample(sample, progress.sample)
                cursor = progress.cursor
            except _UNFIT as error:
                log.warning("saved scan cannot be used", instance=self._instance, error=error)
                sample = self._new_sample(number)
        progress.current, progress.sample = number, None
        prelude: list[Command] = []
        if number != self._connection.target.address.database or len(progress.sizes) > 1:
            prelude.append(("SELECT", number))
        if condition.is_replica(self._guard.server) and self._guard.server.cluster_enabled:
            prelude.append(("READONLY",))
        self._sample = sample
        self._walk = Walk(
            self._connection,
            sample,
            self._pacer,
            self._lookups,
            prelude=prelude,
            cursor=cursor,
            on_names=partial(self._on_names, number) if self._on_names is not None else None,
        )
        return sample, self._walk

    def _new_sample(self, number: int) -> KeyspaceSample:
        keys = self.progress.sizes[number]
        plan = plan_sample(self._section, keys, sum(self.progress.sizes.values()))
        queues = self._queues()
        redactor = Redactor(queues) if self._section.key_names == "hide" else None
        settings = SampleSettings(
            plan=plan,
            extra_keys=_EXTRA_KEYS,
            usage=condition.usage_command(self._guard.server),
            no_touch=self._guard.no_touch,
            # What is not shown is not kept either, not even to see what grows.
            top_keys=self._section.top_keys if redactor is None else 0,
            watched=frozenset(self._history.tracked.get(number, ())) if self._history else frozenset(),
            seed=self._seed,
            is_adaptive=is_adaptive(self._section),
        )
        miner = PatternMiner(ConfiguredPatterns(self._section.patterns), redactor)
        if self._history is not None and number in self._history.templates:
            try:
                miner.load(self._history.templates[number])
            except _UNFIT as error:
                log.warning("saved patterns cannot be used", error=error)
        miner.reserve(queues)
        return KeyspaceSample(settings, miner, self._refused, self._lookups)

    async def _between(self, seconds: float, keys: int) -> None:
        """After each step: look how the server is, save, rest."""
        self._patience.relax()
        pause = self._pacer.rest(seconds, keys)
        if self._sample is not None:
            self._forecaster.note(self._clock.monotonic(), self._sample)
            self._forecaster.adapt(self._sample, self._keys_left, self._spent_seconds)
        await self._guard.poll()
        await self._show_so_far()
        if self._clock.monotonic() - self._saved_at >= _SAVE_SECONDS:
            await self.save()
        if pause > 0:
            await self._sleep(pause)

    async def save(self) -> None:
        """Keep the progress; a state that fails costs no scan."""
        self._saved_at = self._clock.monotonic()
        try:
            await self._save(await to_thread(self.document))
        except StateError as error:
            log.warning("progress of the keyspace scan cannot be saved", error=error)

    def document(self) -> bytes:
        """The progress as of now."""
        if self._sample is not None and self._walk is not None and self._walk.cursor is not None:
            self.progress.sample = dump_sample(self._sample)
            self.progress.cursor = self._walk.cursor
        self.progress.spent_seconds, self._begun_at = self._spent_seconds, self._clock.monotonic()
        document = self.progress.to_json()
        self.progress.sample = None
        return document

    def conclude(self, *, complete: bool) -> History:
        """Return what is known; where the pass has not come to its end, of the keys seen so far."""
        number = self.progress.current
        if number is not None and self._sample is not None and self._walk is not None:
            self._finish_database(number, self._sample, self._walk.size, complete=False)
        return self._history_of(self.progress.finished, complete=complete)

    def _history_of(self, databases: Mapping[int, DatabaseSummary], *, complete: bool) -> History:
        facts = PassFacts(
            instance=self._instance,
            started_at=self.progress.started_at,
            finished_at=self._clock.now(),
            duration_seconds=self._spent_seconds,
            complete=complete,
            exact=not any(one.samples for one in databases.values()),
            dataset_bytes=self._guard.server.used_memory_dataset,
            notes=[*self.notes, *self._refused.notes],
            scanned_on=self._scanned_on,
        )
        return conclude(facts, databases, self._section, self._history)

    async def _show_so_far(self) -> None:
        """Work out now and then what is known by now: of a copy, since that is the end of a sample."""
        if self._clock.monotonic() < self._show_at:
            return
        began = self._clock.monotonic()
        self.partial = await to_thread(self._so_far)
        now = self._clock.monotonic()
        self._show_at = now + max(_PARTIAL_SECONDS, (now - began) * _PARTIAL_REST)

    def _so_far(self) -> PassReport:
        databases = dict(self.progress.finished)
        number = self.progress.current
        if number is not None and self._sample is not None and self._walk is not None:
            copy = self._new_sample(number)
            restore_sample(copy, dump_sample(self._sample))
            databases[number] = summarise(number, copy, self._walk.size, complete=False)
        return self._history_of(databases, complete=False).report

    @property
    def _spent_seconds(self) -> float:
        return self.progress.spent_seconds + self._clock.monotonic() - self._begun_at

    @property
    def _keys_left(self) -> int:
        """How many keys are not seen yet."""
        sizes = self.progress.sizes
        left = sum(size for number, size in sizes.items() if number not in self.progress.finished)
        return max(0, left - (self._sample.scanned if self._sample is not None else 0))

    @property
    def trouble(self) -> TargetError | None:
        """Why the server cannot be asked at the moment."""
        return self._patience.trouble

    @property
    def forecast(self) -> Forecast:
        """When it will end, and what it waits for."""
        return self._forecaster.forecast(self._keys_left, self._spent_seconds, self.trouble)

    @property
    def keys_scanned(self) -> int:
        """How many keys this pass has seen."""
        done = sum(one.report.keys for one in self.progress.finished.values())
        return done + (self._sample.scanned if self._sample is not None else 0)

    @property
    def progress_ratio(self) -> float:
        """How much of the pass is done, 0 to 1."""
        sizes = self.progress.sizes
        total = sum(sizes.values())
        if not total:
            return 0.0
        done = float(sum(size for number, size in sizes.items() if number in self.progress.finished))
        if self._sample is not None and self.progress.current in sizes:
            done += self._sample.progress * sizes[self.progress.current]
        return min(1.0, done / total)
