"""The INFO sampler: one command, all sections, under redis_exporter's names."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import mul
from typing import Final

from exporter.config.samplers.info import InfoSection
from exporter.connection import Asker, Command, Reply
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.sample import Family
from exporter.samplers import lookups
from exporter.samplers.base import CommandTimes, SamplerContext, SamplerSpec
from exporter.samplers.info.fields.catalogue import FIELDS
from exporter.samplers.info.lines import LineMemory, LineReader, Reader, always_anew
from exporter.samplers.info.parser import parse_number, split_lines
from exporter.samplers.info.sections import (
    certificates,
    cluster,
    commands,
    engines,
    keyspace,
    modules,
    replication,
    sentinel,
    server,
)

# What a server has whose configuration is not known: redis.conf's default.
_DEFAULT_DATABASES: Final = 16
# A start that differs by less is the same.
_START_SECONDS: Final = 2.0
_CLUSTER_INFO: Final = "CLUSTER INFO"
_CLUSTER_NODES: Final = "CLUSTER NODES"
# A server that does not know `INFO ALL` answers to a plain `INFO`.
_NOT_ALL: Final = frozenset({Reason.REPLY, Reason.UNKNOWN_COMMAND})


class InfoSampler:
    """Reads INFO of one server."""

    def __init__(self, context: SamplerContext) -> None:
        settings: InfoSection = context.settings
        table = context.table
        self._table = table
        self._facts = context.facts
        self._refusals = context.refusals
        self._empty_databases = settings.empty_databases
        self._knows_all = True
        self._commands = commands.CommandReader(
            table,
            context.new_cap("cmd", settings.max_commands),
            context.new_cap("err", settings.max_errors),
        )
        self._keyspace = keyspace.KeyspaceReader(table)
        self._replication = replication.ReplicationReader(
            table, context.new_cap("slave_ip", replication.MAX_REPLICAS)
        )
        self._sentinel = sentinel.SentinelReader(table)
        self._readers: dict[str, Callable[[str, str], LineReader]] = {
            "commandstats": self._commands.read_command,
            "latencystats": self._commands.read_percentiles,
            "errorstats": self._commands.read_error,
            "keyspace": self._keyspace.read_database,
            "sentinel": self._sentinel.read_line,
            # Valkey 9.1 repeats CLUSTER INFO here; the original is read, as everywhere.
            "cluster info": _pass_over,
        }
        self._memory = LineMemory(server.FIELDS | certificates.FIELDS)
        self._layout_of = (-1, -1)
        self._modules: set[str] = set()
        self._at = 0.0
        # The id of the server's run, and when that began.
        self._start = "", 0.0

    async def sample(self, connection: Asker, at: float) -> None:
        """One pass (see `Sampler`)."""
        self._at = at
        reply, cluster_reply = await self._ask(connection)
        self.read(reply)
        if isinstance(cluster_reply, bytes):
            cluster.write_cluster(cluster_reply, self._table)
            self._facts.slots.note_epochs(*cluster.epochs(cluster_reply))
        await self._learn_slots(connection)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _ask(self, connection: Asker) -> tuple[bytes, Reply]:
        """The replies to INFO, and to CLUSTER INFO where the server is part of a cluster."""
        asked: list[Command] = [("INFO", "ALL") if self._knows_all else ("INFO",)]
        if self._facts.cluster_enabled and self._refusals.is_due(_CLUSTER_INFO):
            asked.append(("CLUSTER", "INFO"))
        reply, *rest = await connection.pipeline(asked)
        if not reply or (isinstance(reply, ReplyError) and reply.reason in _NOT_ALL and self._knows_all):
            self._knows_all = False
            reply = await connection.execute("INFO")
        if isinstance(reply, ReplyError):
            raise reply
        if not isinstance(reply, bytes):
            raise TargetError(
                Reason.PROTOCOL, f"{connection.target.address}: INFO did not answer with a text"
            )
        return reply, self._refusals.sort_out(_CLUSTER_INFO, rest[0]) if rest else None

    async def _learn_slots(self, connection: Asker) -> None:
        """Which keys this node of a cluster holds, now and then."""
        slots = self._facts.slots
        if self._facts.cluster_enabled and slots.is_due and self._refusals.is_due(_CLUSTER_NODES):
            (nodes,) = await connection.pipeline([("CLUSTER", "NODES")])
            slots.learn(self._refusals.sort_out(_CLUSTER_NODES, nodes))

    def read(self, reply: bytes) -> None:
        """Write what the reply says into the table, and note the facts."""
        lines = split_lines(reply)
        layout = (self._table.generation, self._facts.databases)
        if layout == self._layout_of:
            self._table.carry_over()
        if layout != self._layout_of or not self._memory.update(lines, self._table.values):
            self._read_anew(lines)
            self._layout_of = layout
        fields = self._memory.fields
        self._commands.tell()
        server.write_times(fields, self._table, self._at)
        certificates.write_certificates(fields, self._table)
        server.learn_state(fields, self._facts, self._at)
        self._facts.lookups.write(self._table, self._commands.codes)
        self._facts.keys_by_database = self._keyspace.keys
        self._facts.command_times = CommandTimes(self._at, self._commands.durations, self._table.values)

    def _read_anew(self, lines: Sequence[str]) -> None:
        self._table.discard()
        self._modules = set()
        self._memory.clear()
        for reader in (self._commands, self._keyspace, self._replication):
            reader.begin()
        section, sections = "", set[str]()
        fields = self._memory.fields
        for line in lines:
            key, colon, text = line.partition(":")
            if not colon:
                section = key[2:].lower() if key.startswith("# ") else section
                sections.add(section)
                self._memory.add(line, always_anew)
                continue
            self._memory.note(key, text)
            self._memory.add(f"{key}:", self._reader(section, key, text))
        self._memory.keep(lines)
        # Dragonfly has names of its own for errors.
        self._commands.end(sections if "dragonfly_version" not in fields else ())
        server.write_identity(fields, self._table)
        server.learn_identity(fields, self._facts)
        self._facts.modules = frozenset(self._modules)
        if self._empty_databases and self._facts.mode != "sentinel":
            self._keyspace.fill_empty(self._databases)

    @property
    def _databases(self) -> int:
        return 1 if self._facts.cluster_enabled else self._facts.databases or _DEFAULT_DATABASES

    def _reader(self, section: str, key: str, text: str) -> LineReader:
        """What reads a line from now on; its values are set right away."""
        if key in server.IDENTITY or key in certificates.SERIALS:
            self._read_plain(key, text)
            return always_anew
        special = self._readers.get(section)
        if special is not None:
            return special(key, text)
        if section == "replication":
            reader = self._replication.read_line(key, text)
            if reader is not None:
                return reader
        if section == "modules" and key == "module":
            return modules.read_module(text, self._table, self._modules)
        if engines.LINE.fullmatch(key):
            return engines.read_engine(text, self._table)
        return self._with_scaled(key, text, self._read_plain(key, text))

    def _read_plain(self, key: str, text: str) -> int | None:
        family = FIELDS.get(key)
        handle = None if family is None else self._table.handle(family)
        if handle is not None:
            self._table.values[handle] = parse_number(text)
        return handle

    def _with_scaled(self, key: str, text: str, plain: int | None) -> LineReader:
        """Fields that are shown in a unit of ours too, beside redis_exporter's."""
        if key == "uptime_in_seconds":
            return self._read_twice(text, plain, server.START_TIME, self._start_of)
        for field, family, scale in server.SCALED:
            if field == key:
                return self._read_twice(text, plain, family, partial(mul, scale))
        return plain

    def _start_of(self, uptime: float) -> float:
        """When the server started, in epoch seconds: as first found while it is the same run.

        Both sides count whole seconds, which begin at different moments: two passes may differ by one.
        """
        start, run_id = int(self._at) - uptime, self._memory.fields.get("run_id", "")
        if run_id != self._start[0] or abs(start - self._start[1]) >= _START_SECONDS:
            self._start = run_id, start
        return self._start[1]

    def _read_twice(
        self, text: str, plain: int | None, family: Family, convert: Callable[[float], float]
    ) -> Reader:
        table, converted = self._table, self._table.handle(family)

        def read(text: str) -> bool:
            number = parse_number(text)
            if plain is not None:
                table.values[plain] = number
            if converted is not None:
                table.values[converted] = None if number is None else convert(number)
            return True

        read(text)
        return read


def _pass_over(key: str, text: str) -> LineReader:
    return None


SPEC: Final = SamplerSpec(
    "info",
    (
        *FIELDS.values(),
        *server.FAMILIES,
        *certificates.FAMILIES,
        *engines.FAMILIES,
        *replication.FAMILIES,
        *keyspace.FAMILIES,
        *commands.FAMILIES,
        *cluster.FAMILIES,
        *sentinel.FAMILIES,
        *modules.FAMILIES,
        *lookups.FAMILIES,
    ),
    InfoSampler,
    on_sentinel=True,
)
