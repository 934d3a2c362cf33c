"""Reads replies to INFO into a table, each line by the name that it begins with."""

from collections.abc import Collection, Sequence
from typing import Final

from exporter.config.samplers.info import InfoSection
from exporter.errors import Reason, TargetError
from exporter.samplers.info.changes import ServerChanges
from exporter.samplers.info.command_times import CommandTimes
from exporter.samplers.info.diff import InfoDiff
from exporter.samplers.info.line_reader import FULL_REPARSE, IGNORED, CallbackReader, LineReader
from exporter.samplers.info.plain import PlainReader
from exporter.samplers.info.sections import (
    certificates,
    commands,
    engines,
    keyspace,
    modules,
    replication,
    sentinel,
    server,
    threads,
)
from exporter.sampling.base import SamplerContext
from exporter.sampling.info_text import MAX_LINES, parse_section, split_field, split_lines
from exporter.sampling.server_info import ServerInfo, parse_identity, update_state
from exporter.time_slice import TimeSlice

# Valkey 9.1 repeats CLUSTER INFO here, which is asked for everywhere; what is told of a search for hot keys
# has names of other sections; how sizes are distributed is told of each database and type.
_PASSED_OVER: Final = frozenset({"cluster info", "hotkeys", "keysizes"})
_KEYSPACE: Final = "keyspace"
# What lines say does not depend on where they stand, but for these.
_DISTINGUISHED: Final = frozenset({_KEYSPACE, *commands.SECTIONS, *_PASSED_OVER})
_UNKNOWN: Final = (
    "INFO names no field that Redis has; is this a proxy, or another kind of server? "
    "The target has to be the Redis server itself"
)


class InfoReader:
    """Reads the replies of one server, one after the other."""

    def __init__(self, context: SamplerContext[InfoSection]) -> None:
        settings = context.settings
        table = context.table
        self._table = table
        self._facts = context.facts
        self._where = str(context.target.address)
        self._empty_databases = settings.empty_databases
        self._commands = commands.CommandReader(
            table,
            context.new_cap("cmd", settings.max_commands),
            context.new_cap("err", settings.max_errors),
        )
        self._keyspace = keyspace.KeyspaceReader(table, context.new_cap("db", keyspace.MAX_DATABASES))
        self._replication = replication.ReplicationReader(
            table, context.new_cap("slave_ip", replication.MAX_REPLICAS)
        )
        self._sentinel = sentinel.SentinelReader(table)
        self._plain = PlainReader(table)
        self._diff = InfoDiff(server.FIELDS | certificates.FIELDS)
        self._line_cap = context.new_cap("line", MAX_LINES)
        self._generation = -1
        self._modules: set[str] = set()
        self._identity = ServerInfo()
        self._changes = ServerChanges(context.events)

    async def read(self, reply: bytes, at: float) -> None:
        """Write what the reply says into the table, and provide it for other samplers.

        `at` is now, in epoch seconds.

        Gives way to the event loop where that takes long. Raises `TargetError` where the reply says nothing
        that is known here.
        """
        lines = split_lines(reply)
        self._line_cap.leave_out(int(len(lines) >= MAX_LINES))
        self._plain.at = at
        is_same = self._generation == self._table.generation
        if is_same:
            self._table.carry_over()
        if not is_same or not await self._diff.update(lines, self._table.values):
            await self._parse_whole(lines)
            self._generation = self._table.generation
        fields = self._diff.fields
        self._commands.tell()
        server.write_times(fields, self._table, at)
        certificates.write_certificates(fields, self._table)
        self._facts.keyspace_stats.write(self._table, self._commands.codes)
        self._facts.provide(update_state(self._identity, fields, dict(self._keyspace.keys), at))
        self._changes.note(self._facts.server, self._facts.slots, at)
        self._facts.provide(CommandTimes(at, self._commands.durations, self._table.values))

    async def _parse_whole(self, lines: Sequence[str]) -> None:
        self._table.discard()
        self._modules = set()
        self._diff.clear()
        self._commands.begin()
        self._keyspace.begin()
        self._replication.begin(lines)
        self._plain.fields = self._diff.fields
        # By which other lines go, wherever it stands.
        self._diff.set_field("run_id", next((line[7:] for line in lines if line.startswith("run_id:")), ""))
        sections = await self._read_lines(lines)
        fields = self._diff.fields
        # Dragonfly has names of its own for errors.
        self._commands.end(sections if "dragonfly_version" not in fields else ())
        server.write_identity(fields, self._table)
        self._identity = parse_identity(fields, frozenset(self._modules), self._replication.replicas)
        if self._empty_databases and _KEYSPACE in sections and self._identity.mode != "sentinel":
            self._keyspace.fill_empty()

    async def _read_lines(self, lines: Sequence[str]) -> Collection[str]:
        """Have a reader made for each line; returns the sections that they stand in."""
        section, sections = "", set[str]()
        entries: list[tuple[str, str, LineReader]] = [("", "", IGNORED)] * len(lines)
        is_known, percentiles, turn = False, [], TimeSlice()
        for index, line in enumerate(lines):
            if turn.is_over:
                await turn.yield_control()
            key, colon, text = split_field(line)
            if line.startswith("#"):
                if _is_head(line, lines[index - 1] if index else ""):
                    section = parse_section(line)
                    sections.add(section)
                entries[index] = "#", line[1:], CallbackReader(_is_comment) if colon else FULL_REPARSE
            elif section in _PASSED_OVER:
                entries[index] = "", line, _PASSED_OVER_LINE
            elif key.startswith(commands.PERCENTILES_PREFIX):
                percentiles.append(index)
            elif not colon:
                entries[index] = line, "", self._read_without_colon(section, line)
            else:
                reader = self._reader(section, key, text)
                is_known = is_known or reader is not None or key in server.FIELDS
                self._diff.set_field(key, text)
                entries[index] = f"{key}{colon}", text, reader or IGNORED
        for index in percentiles:
            key, colon, text = split_field(lines[index])
            entries[index] = f"{key}{colon}", text, self._commands.read_percentiles(key, text) or IGNORED
        if not is_known:
            raise TargetError(Reason.PROTOCOL, f"{self._where}: {_UNKNOWN}")
        for entry in entries:
            self._diff.add(*entry)
            if turn.is_over:
                await turn.yield_control()
        self._diff.commit(lines)
        return sections

    def _read_without_colon(self, section: str, line: str) -> LineReader:
        if section == _KEYSPACE and line.strip() and self._keyspace.read_types(line) is None:
            self._keyspace.note_other()
        return FULL_REPARSE

    def _reader(self, section: str, key: str, text: str) -> LineReader | None:
        """Read a line, and return its reader for the next time; None for a line that is not known.

        Lines are known by their names: some servers have no sections, or others.
        """
        if key in server.IDENTITY or key in certificates.SERIALS:
            self._plain.read_line(key, text)
            return FULL_REPARSE
        if key.startswith(commands.COMMAND_PREFIX):
            return self._commands.read_command(key, text)
        if key.startswith(commands.ERROR_PREFIX):
            return self._commands.read_error(key, text)
        if key.startswith(("db", "master", "slave", "sentinel_")):
            reader = self._labelled(key, text)
            if reader is not None:
                return reader
        if section == _KEYSPACE:
            self._keyspace.note_other()
        if key == "module":
            return modules.read_module(text, self._table, self._modules)
        if engines.LINE.fullmatch(key):
            return engines.read_engine(text, self._table)
        if "io_thread_" in key:
            return threads.read_thread(key, text, self._table)
        return self._plain.read_line(key, text)

    def _labelled(self, key: str, text: str) -> LineReader | None:
        for read in (
            self._keyspace.read_database,
            self._replication.read_line,
            self._sentinel.read_line,
        ):
            reader = read(key, text)
            if reader is not None:
                return reader
        return None


def _is_head(line: str, before: str) -> bool:
    """Return whether a line with `#` heads a section: Pika and Kvrocks write comments too."""
    return ":" not in line and (not before.startswith("#") or parse_section(line) in _DISTINGUISHED)


def _is_no_heading(line: str) -> bool:
    """Return whether a line of a section that is passed over still belongs to it."""
    return not line.startswith("#")


_PASSED_OVER_LINE: Final = CallbackReader(_is_no_heading)


def _is_comment(text: str) -> bool:
    """Return whether a comment, which says nothing, still is one."""
    return ":" in text
