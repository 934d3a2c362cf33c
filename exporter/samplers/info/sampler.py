"""The INFO sampler: one command, all sections, under redis_exporter's names."""

from collections.abc import Iterable, Mapping
from typing import Final

from exporter.connection import Connection
from exporter.errors import Reason, TargetError
from exporter.samplers.base import SamplerContext, SamplerSpec
from exporter.samplers.info.fields.catalogue import FIELDS
from exporter.samplers.info.parser import Section, parse_info, parse_number
from exporter.samplers.info.sections import commands, keyspace, replication, server

_MAX_COMMANDS: Final = 500
_MAX_ERRORS: Final = 100
# These have readers of their own.
_SPECIAL: Final = frozenset({"commandstats", "latencystats", "errorstats", "keyspace", "cluster info"})


class InfoSampler:
    """Reads INFO of one server."""

    def __init__(self, context: SamplerContext) -> None:
        self._table = context.table
        self._facts = context.facts
        self._commands = commands.CommandReader(
            context.table, max_commands=_MAX_COMMANDS, max_errors=_MAX_ERRORS
        )
        self._handles: dict[str, int | None] = {}
        self._generation = -1

    async def sample(self, connection: Connection, at: float) -> None:
        """One pass (see `Sampler`)."""
        reply = await connection.execute("INFO", "ALL")
        if not isinstance(reply, bytes):
            raise TargetError(
                Reason.PROTOCOL, f"{connection.target.address}: INFO did not answer with a text"
            )
        self._read(parse_info(reply), at)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _read(self, sections: Mapping[str, Section], at: float) -> None:
        fields: dict[str, str] = {}
        for name, section in sections.items():
            if name not in _SPECIAL:
                fields.update(section)
        self._read_fields(fields.items())
        server.read_server(fields, self._table, at)
        replication.read_replication(sections.get("replication", ()), fields, self._table)
        keys_by_database = keyspace.read_keyspace(sections.get("keyspace", ()), self._table, 0)
        self._commands.read(
            sections.get("commandstats", ()),
            sections.get("latencystats", ()),
            sections.get("errorstats", ()),
        )
        server.learn_facts(fields, keys_by_database, self._facts, at)

    def _read_fields(self, fields: Iterable[tuple[str, str]]) -> None:
        """The fields that are one number each: by handles that were found once."""
        table = self._table
        if self._generation != table.generation:
            self._handles = {}
            self._generation = table.generation
        handles, values = self._handles, table.values
        for key, text in fields:
            handle = handles.get(key, -1)
            if handle == -1:
                family = FIELDS.get(key)
                handle = handles[key] = None if family is None else table.handle(family)
                values = table.values
            if handle is not None:
                values[handle] = parse_number(text)


SPEC: Final = SamplerSpec(
    "info",
    (
        *FIELDS.values(),
        *server.FAMILIES,
        *replication.FAMILIES,
        *keyspace.FAMILIES,
        *commands.FAMILIES,
    ),
    InfoSampler,
)
