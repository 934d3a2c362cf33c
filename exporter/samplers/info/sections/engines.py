"""Scripting Engines: one line per engine that Valkey 9.1 has for scripts."""

import re
from typing import Final

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.scripting_engines import COMPOSITE
from exporter.samplers.info.line_reader import CallbackReader, LineReader
from exporter.sampling.info_text import parse_amount, parse_pairs

_FIELDS: Final = ("name", "module", "abi_version")
LINE: Final = re.compile(r"engine_\d{1,2}", re.ASCII)


def read_engine(text: str, table: SeriesTable) -> LineReader:
    """Read one engine: `name=LUA,module=lua,abi_version=4,used_memory=69632,memory_overhead=56`."""
    labels = _labels(parse_pairs(text))
    info, used, overhead = (table.index(field.family, *labels) for field in COMPOSITE)

    def read(text: str) -> bool:
        pairs = parse_pairs(text)
        if _labels(pairs) != labels:
            return False
        for index, value in (
            (info, 1.0),
            (used, parse_amount(pairs.get("used_memory", ""))),
            (overhead, parse_amount(pairs.get("memory_overhead", ""))),
        ):
            if index is not None:
                table.values[index] = value
        return True

    read(text)
    return CallbackReader(read)


def _labels(pairs: dict[str, str]) -> tuple[str, ...]:
    return tuple(pairs.get(field, "") for field in _FIELDS)
