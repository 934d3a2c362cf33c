"""MEMORY STATS: where the memory of a server goes."""

from typing import Final

from exporter.config.samplers.server import MemorySection
from exporter.connection import Client
from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.memory_stats import COMPOSITE, FIELDS
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.replies import field_map, parse_value

_MAX_DATABASES: Final = 256
_STATS: Final = "MEMORY STATS"
_BY_NAME: Final = {field.name: (field.family, field.scale) for field in FIELDS}
_BY_NAME_OF_DATABASES: Final = {field.name: field.family for field in COMPOSITE}


class MemorySampler:
    """Reads MEMORY STATS of one server."""

    def __init__(self, context: SamplerContext[MemorySection]) -> None:
        self._table = context.table
        self._support = context.support
        self._cap = context.new_cap("db", _MAX_DATABASES)

    async def sample(self, connection: Client, at: float) -> None:
        """Run one pass (see `Sampler`)."""
        answers = await self._support.ask(connection, {_STATS: ("MEMORY", "STATS")})
        fields = field_map(answers[_STATS])
        for field, (family, scale) in _BY_NAME.items():
            value = parse_value(fields.get(field))
            if value is not None and value >= 0:
                self._table.set(family, value * scale)
        databases = [name for name in fields if name.startswith("db.") and name[3:].isdecimal()]
        self._cap.leave_out(len(databases) - _MAX_DATABASES)
        for name in databases[:_MAX_DATABASES]:
            _write_database(name.replace(".", ""), field_map(fields[name]), self._table)

    async def close(self) -> None:
        """Do nothing: there is no connection of its own."""


def _write_database(database: str, fields: dict[str, object], table: SeriesTable) -> None:
    for field, family in _BY_NAME_OF_DATABASES.items():
        value = parse_value(fields.get(field))
        if value is not None:
            table.set(family, value, database)


SPEC: Final = SamplerSpec(
    "memory", MemorySection, tuple(field.family for field in (*FIELDS, *COMPOSITE)), MemorySampler
)
