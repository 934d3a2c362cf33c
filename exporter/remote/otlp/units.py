"""Units of metrics by their names, as UCUM writes them.

Only those are told that Prometheus' receiver turns back into the very ending that the name has: it would add
the ending of any other unit to the name.
Source: `unitMap` of github.com/prometheus/otlptranslator, unit_namer.go.
"""

from collections.abc import Mapping
from typing import Final

_UNITS: Final[Mapping[str, str]] = {
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "us",
    "bytes": "By",
    "ratio": "1",
    "percent": "%",
}


def unit_of(name: str) -> str:
    """Return the unit that the name of a metric ends with, before `_total`; empty where there is none."""
    return _UNITS.get(name.removesuffix("_total").rpartition("_")[2], "")
