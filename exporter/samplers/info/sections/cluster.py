"""CLUSTER INFO: how a node sees its cluster. It travels with INFO where the server is part of one."""

from collections.abc import Sequence
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.cluster_info import FIELDS
from exporter.sampling.info_text import parse_amount, split_lines

_BY_NAME: Final = {field.name: field.family for field in FIELDS}


def epochs(reply: bytes) -> Sequence[str]:
    """Return the lines about epochs: they change with each change of who holds which slots."""
    return [line for line in split_lines(reply) if "_epoch:" in line]


def write_cluster(reply: bytes, table: SeriesTable) -> None:
    """Write what CLUSTER INFO says."""
    for line in split_lines(reply):
        field, _, text = line.partition(":")
        family, value = _BY_NAME.get(field), parse_amount(text)
        if family is not None and value is not None:
            table.set(family, value)
