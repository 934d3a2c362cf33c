"""FT.INFO: the state of one search index."""

from typing import Final

from exporter.connection import Reply
from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.ft_info import COMPOSITE
from exporter.sampling.replies import field_map, parse_value

FAMILIES: Final = tuple(field.family for field in COMPOSITE)


def write_index(name: str, reply: Reply, table: SeriesTable) -> None:
    """Write what FT.INFO said of this index."""
    fields = field_map(reply)
    for field in COMPOSITE:
        value = parse_value(fields.get(field.name))
        if value is not None:
            table.set(field.family, value * field.scale, name)
