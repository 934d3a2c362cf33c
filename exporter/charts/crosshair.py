"""The values behind a line, which the module of the pages shows under the pointer.

`data-v` of a path are the values at even distances, as 16 bits each from `data-lo` to `data-hi`, lowest byte
first, in base64; 0xFFFF is a gap.
"""

import math
from base64 import b64encode
from struct import pack
from typing import Final

from exporter.charts.lines import Line
from exporter.charts.names import shown

_GAP: Final = 0xFFFF
_FINEST: Final = 0xFFFE


def crosshair_data(line: Line) -> str:
    """Return the attributes of a path; none for a forecast, and where there is nothing."""
    known = line.known
    if not known or line.series.is_forecast:
        return ""
    low, high = min(known), max(known)
    scale = _FINEST / (high - low) if high > low and math.isfinite(_FINEST / (high - low)) else 0.0
    numbers = [round((value - low) * scale) for value in known]
    if len(numbers) < len(line.values):
        there = iter(numbers)
        numbers = [next(there) if value == value else _GAP for value in line.values]
    packed = b64encode(pack(f"<{len(numbers)}H", *numbers)).decode()
    return (
        f' data-name="{shown(line.series.name)}" data-lo="{low:.6g}" data-hi="{high:.6g}" data-v="{packed}"'
    )
