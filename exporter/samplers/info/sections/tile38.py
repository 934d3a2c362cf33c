"""Tile38's own statistics, which its INFO does not tell: SERVER EXT.

Format: https://tile38.com/commands/server — names and values in turn, all of them texts.
"""

from typing import Final

from exporter.connection import Reply
from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.tile38 import FIELDS
from exporter.sampling.info_text import parse_amount
from exporter.sampling.replies import field_map, label_text

NAME: Final = "SERVER EXT"
_PREFIX: Final = "tile38_"
_BY_NAME: Final = {field.name: field.family for field in FIELDS}


def write_statistics(reply: Reply, table: SeriesTable) -> None:
    """Write what SERVER EXT says."""
    for name, value in field_map(reply).items():
        family, number = _BY_NAME.get(name.removeprefix(_PREFIX)), parse_amount(label_text(value))
        if family is not None and number is not None:
            table.set(family, number)
