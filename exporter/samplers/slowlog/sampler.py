"""Reads the slow log: each new entry once, its command counted, its arguments generalised."""

from collections.abc import Sequence
from operator import add
from typing import Final

from exporter.config.samplers.slowlog import SlowlogSection
from exporter.connection import Client
from exporter.connection.connection import CLIENT_NAME
from exporter.metrics import Histogram
from exporter.samplers.server_config import ServerConfig
from exporter.samplers.slowlog import families
from exporter.samplers.slowlog.cursor import Delta, SlowlogCursor
from exporter.samplers.slowlog.entries import Entry
from exporter.samplers.slowlog.large import LargeEntries
from exporter.samplers.slowlog.pattern_clients import MAX_CLIENTS, PatternClients
from exporter.samplers.slowlog.pattern_stats import PatternStats
from exporter.samplers.slowlog.patterns import PatternNames, command_name
from exporter.samplers.slowlog.reading import (
    SlowlogSnapshot,
    ask_capacity,
    ask_run_id,
    read_more,
    read_snapshot,
    was_never_emptied,
)
from exporter.samplers.slowlog.recording import EntryRecorder
from exporter.samplers.slowlog.report import SlowlogReport
from exporter.sampling.authors import Author
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.time_slice import TimeSlice

_TOP_PATTERNS: Final = 50
# The log is read again before this part of it can have been replaced.
_SAFE_RATIO: Final = 0.5
_COMMANDLOG_VERSION: Final = (8, 1)
# RedisSlowPattern looks back so far.
_BURST_SECONDS: Final = 600.0


class SlowlogSampler:
    """Reads the slow log of one server."""

    def __init__(self, context: SamplerContext[SlowlogSection]) -> None:
        settings = context.settings
        self._settings = settings
        self._context = context
        self._table = context.table
        self._facts = context.facts
        self._cursor = SlowlogCursor()
        self._commands = context.new_cap("command", settings.max_commands)
        self._exposed = context.new_cap("pattern", settings.max_exposed_patterns)
        self._clients = PatternClients(context.new_cap("client", MAX_CLIENTS))
        self._stats = PatternStats(settings.max_patterns, settings.recurring_after)
        self._names = PatternNames(
            settings.patterns, hide_keys=settings.arguments == "hidden", renamed=self._rename
        )
        self._recorder = EntryRecorder(
            context.events, context.target.instance, with_arguments=settings.arguments == "shown"
        )
        self._large = LargeEntries(self._recorder, self._names, settings.max_entries)
        self._histograms: dict[str, Histogram] = {}
        self._moved: set[str] = set()
        # Commands and patterns that have series.
        self._commands_with_series: set[str] = set()
        self._patterns_with_series: set[str] = set()
        self._connects = -1
        self._run_id = ""
        self._sampled_at = 0.0
        self._expected = 1
        self._generation = -1
        self._lost_entries = self._uncertain = self._resets = 0
        self.next_delay_seconds: float | None = None

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `AdaptiveSampler`)."""
        fresh = not self._cursor.is_open and await was_never_emptied(connection)
        limit = self._settings.max_entries
        snapshot = await read_snapshot(
            connection,
            self._context.support,
            min(self._expected, limit),
            with_commandlogs=self._has_commandlog,
        )
        if connection.connects != self._connects:
            await self._notice_restart(connection)
        if not self._cursor.is_open:
            await self._begin(connection, snapshot, fresh)
            delta = Delta()
        else:
            delta = await self._advance(connection, snapshot)
        await self._count(delta, at)
        await self._large.read(connection, self._context.support, snapshot.commandlogs)
        self._plan_next(len(delta.entries) + delta.lost, at)
        self._recorder.remember(self._run_id, snapshot.newest)
        self._write(snapshot, at)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""

    @property
    def _has_commandlog(self) -> bool:
        return self._facts.server.engine == "valkey" and self._facts.server.version >= _COMMANDLOG_VERSION

    async def _notice_restart(self, connection: Client) -> None:
        """Find out whether behind a new connection there is still the same run of the server."""
        run_id = await ask_run_id(connection)
        if self._cursor.is_open and run_id and self._run_id and run_id != self._run_id:
            self._cursor.restart()
            self._uncertain += 1
        self._run_id = run_id or self._run_id
        self._connects = connection.connects

    async def _begin(self, connection: Client, snapshot: SlowlogSnapshot, fresh: bool) -> None:
        """Start behind the entries that were there before us.

        They show in the report, and count only where they are all that the server has ever logged: another
        start of ours then finds the same count, instead of one that seems to have grown.
        """
        entries: Sequence[Entry] = ()
        if snapshot.newest:
            limit = self._settings.max_entries
            entries = await read_more(connection, snapshot.length, snapshot.length, limit)
        is_whole = bool(entries) and fresh and len(entries) >= snapshot.length
        is_whole = is_whole and await self._is_whole(connection, entries)
        self._cursor.begin(snapshot.newest, snapshot.length, starts_at_zero=fresh)
        self._recorder.resume(self._run_id, entries)
        turn = TimeSlice()
        for entry in reversed(entries):
            if turn.is_over:
                await turn.yield_control()
            if self._is_own(entry):
                continue
            self._note(entry, is_new=False)
            if is_whole:
                self._commands_with_series.add(self._observe(entry))

    async def _is_whole(self, connection: Client, entries: Sequence[Entry]) -> bool:
        """Return whether nothing has fallen out of a log that holds these, and that nobody has emptied."""
        # Redis Enterprise numbers on over restarts.
        return entries[-1].id == 0 or len(entries) < (
            self._configured_capacity or await ask_capacity(connection, self._context.support)
        )

    async def _advance(self, connection: Client, snapshot: SlowlogSnapshot) -> Delta:
        newest = snapshot.newest
        wanted = min(self._cursor.count_new(newest), snapshot.length)
        if wanted > len(newest):
            newest = await read_more(connection, wanted, snapshot.length, self._settings.max_entries)
        return self._cursor.advance(newest, snapshot.length, capacity=self._configured_capacity)

    async def _count(self, delta: Delta, at: float) -> None:
        self._lost_entries += delta.lost
        self._uncertain += delta.uncertain
        self._resets += delta.reset
        turn = TimeSlice()
        for entry in delta.entries:
            if turn.is_over:
                await turn.yield_control()
            if self._is_own(entry):
                continue
            self._observe(entry)
            self._note(entry, is_new=True, at=at)
        if delta.lost:
            self._recorder.record_lost(delta.lost)

    def _note(self, entry: Entry, *, is_new: bool, at: float = 0.0) -> None:
        """Remember an entry under its pattern, and keep it as an event."""
        pattern = self._names.name(entry.arguments)
        self._stats.add(pattern, entry, is_new=is_new, at=at)
        self._recorder.record(entry, pattern)
        command = command_name(entry.arguments)
        author = Author(float(entry.at), command, entry.client, entry.client_name, "", "slowlog")
        self._facts.authors.note(author)

    def _observe(self, entry: Entry) -> str:
        """Count an entry, and return its command."""
        command = self._commands.fold(command_name(entry.arguments).partition(" ")[0].lower())
        histogram = self._histograms.get(command)
        if histogram is None:
            histogram = self._histograms[command] = Histogram(families.BOUNDS_SECONDS)
        histogram.observe(entry.value / 1e6)
        self._moved.add(command)
        return command

    def _is_own(self, entry: Entry) -> bool:
        return entry.client_name.startswith(CLIENT_NAME)

    def _rename(self, old: Sequence[str], new: str) -> None:
        self._stats.rename(old, new)
        for name in old:
            self._exposed.release(name)
            self._patterns_with_series.discard(name)

    def follow_clock(self, seconds: float) -> None:
        """See `PunctualSampler`."""
        self._sampled_at += seconds

    @property
    def _configured_capacity(self) -> int:
        """How many entries the log holds; 0 where the last reading of the configuration did not tell."""
        return self._facts.get(ServerConfig).slowlog_max_len

    def _plan_next(self, came: int, at: float) -> None:
        """Come back before the log can have turned over, at the pace of the last interval."""
        elapsed = at - self._sampled_at
        self._sampled_at = at
        self._expected = 1 + came * 2
        capacity = self._configured_capacity or self._cursor.capacity
        self.next_delay_seconds = None
        if came > 0 and elapsed > 0 and capacity > 0:
            shortest = self._settings.shortest_interval.seconds
            self.next_delay_seconds = max(shortest, elapsed * capacity * _SAFE_RATIO / came)

    def _write(self, snapshot: SlowlogSnapshot, at: float) -> None:
        table = self._table
        if self._generation == table.generation:
            table.carry_over()
        else:
            self._generation = table.generation
            self._moved = set(self._histograms)
        newest = snapshot.newest[0] if snapshot.newest else None
        table.set(families.LENGTH, float(snapshot.length))
        table.set(families.LAST_ID, float(newest.id if newest else 0))
        table.set(families.LAST_DURATION, newest.value / 1e6 if newest else 0.0)
        table.set(families.LOST, float(self._lost_entries))
        table.set(families.UNCERTAIN, float(self._uncertain))
        table.set(families.RESETS, float(self._resets))
        for name, family in _COMMANDLOG_FAMILIES:
            if name in snapshot.commandlogs:
                table.set(family, float(snapshot.commandlogs[name]))
            else:
                table.clear(family)
        if self._moved:
            self._write_commands()
            self._write_patterns(at)
            self._moved = set()

    def _write_commands(self) -> None:
        table = self._table
        for command in self._moved:
            histogram = self._histograms[command]
            names, counts = zip(*histogram.buckets, strict=True)
            indexes = table.histogram_indexes(families.DURATION, names, command)
            table.set_histogram(indexes, counts, histogram.sum)
            table.set(families.ENTRIES, float(histogram.count), command)
            if command not in self._commands_with_series:
                # We have counted from the beginning: before its first entry there was none.
                self._commands_with_series.add(command)
                for index in (*indexes, table.index(families.ENTRIES, command)):
                    table.stood_at(index, 0.0, is_own=True)

    def _write_patterns(self, at: float) -> None:
        """Write the patterns that recur.

        What came of a pattern in the last minutes is one burst, and counted as of now, also where it took
        several passes.
        """
        sums: dict[str, list[int]] = {}
        recurring = list(self._stats.recurring)
        labels = {found.pattern: self._exposed.fold(found.pattern) for found in recurring}
        for found in recurring:
            label = labels[found.pattern]
            new, new_total = found.unreported_since(at - _BURST_SECONDS)
            found.unreported.clear()
            count = found.count - found.before
            parts = (count, found.total, count - new, found.total - new_total)
            sums[label] = list(map(add, sums.get(label, (0, 0, 0, 0)), parts))
        table = self._table
        for label, (count, total, count_before, total_before) in sums.items():
            for family, value, before in (
                (families.PATTERN_ENTRIES, float(count), float(count_before)),
                (families.PATTERN_DURATION, total / 1e6, total_before / 1e6),
            ):
                table.set(family, value, label)
                if label not in self._patterns_with_series:
                    table.stood_at(table.index(family, label), before, is_own=True)
            self._patterns_with_series.add(label)
        self._clients.write(table, recurring, labels)

    def report(self) -> SlowlogReport:
        """Return what is known of slow commands, the patterns that took most time first."""
        return SlowlogReport.of(
            self._context.target.instance,
            self._stats.top(_TOP_PATTERNS),
            counted=sum(histogram.count for histogram in self._histograms.values()),
            lost=self._lost_entries,
            uncertain=self._uncertain,
            with_arguments=self._settings.arguments == "shown",
        )


_COMMANDLOG_FAMILIES: Final = (
    ("slow", families.COMMANDLOG_SLOW),
    ("large-request", families.COMMANDLOG_REQUESTS),
    ("large-reply", families.COMMANDLOG_REPLIES),
)

SPEC: Final = SamplerSpec(
    "slowlog",
    SlowlogSection,
    families.FAMILIES,
    SlowlogSampler,
    uses_previous=(ServerConfig,),
)
