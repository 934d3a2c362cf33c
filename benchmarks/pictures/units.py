"""Values as people read them, by the unit that a panel names in Grafana's words."""

import math
from collections.abc import Mapping
from typing import Final

from exporter.charts import Unit, format_value

UNITS: Final[Mapping[str, Unit]] = {
    "percentunit": Unit.RATIO,
    "s": Unit.SECONDS,
    "bytes": Unit.BYTES,
    "binBps": Unit.BYTES_PER_SECOND,
    "ops": Unit.PER_SECOND,
    "cps": Unit.PER_SECOND,
}


def unit_of(name: str) -> Unit:
    """The unit of a panel; without one it is a number."""
    return UNITS.get(name, Unit.NUMBER)


def write(value: float, unit: str) -> str:
    """A value with its unit; an age without end, as that of what has not happened, in words."""
    return "never" if value == math.inf else format_value(value, unit_of(unit))
