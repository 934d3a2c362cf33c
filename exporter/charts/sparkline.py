"""A row's last hour as a line without axes."""

import math
from collections.abc import Sequence
from typing import Final

from exporter.charts.chart import drawable
from exporter.charts.paths import Box, line

_BOX: Final = Box(60, 14, 2)
_VIEW: Final = 'viewBox="0 0 60 18" preserveAspectRatio="none"'
_FLAT: Final = 0.02


def sparkline(values: Sequence[float | None], tone: str = "") -> str:
    """Return values at even distances as `<svg class="spark">`, from the lowest to the highest.

    None and NaN are gaps; what varies by less than 2 % is drawn flat. `tone` is the severity where this
    figure is the trouble. Empty where there is no value.
    """
    numbers = [drawable(value) for value in values]
    known = [value for value in numbers if not math.isnan(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    if not high - low > abs(high) * _FLAT:
        middle, room = low / 2 + high / 2, abs(high) or 1.0
        low, high = middle - room, middle + room
    places = [0.0 if math.isnan(value) else 1 - (value - low) / (high - low) for value in numbers]
    kind = f"spark {tone}".rstrip()
    return f'<svg class="{kind}" {_VIEW} aria-hidden="true"><path d="{line(numbers, places, _BOX)}"/></svg>'
