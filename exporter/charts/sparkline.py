"""A row's last hour as a line without axes: 24 points on 54 by 18 pixels."""

import math
from collections.abc import Sequence
from typing import Final

from exporter.charts import paths
from exporter.charts.chart import drawable
from exporter.charts.resampling import thin

_POINTS: Final = 24
# Twice as fine as pixels.
_WIDTH, _HEIGHT, _MARGIN = 108, 36, 3
_VIEW: Final = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
_FLAT: Final = 0.02
_TINY: Final = 1e-280


def sparkline(values: Sequence[float | None], tone: str = "") -> str:
    """Return values at even distances as `<svg class="spark">`, from the lowest to the highest.

    None and NaN are gaps; what varies by less than 2 % is drawn flat; of more than 24 values the lowest and
    the highest of each part are drawn. `tone` is the severity where this figure is the trouble. Empty where
    there is no value.
    """
    numbers = thin([drawable(value) for value in values], _POINTS)
    known = [value for value in numbers if not math.isnan(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    if not high - low > max(abs(high) * _FLAT, _TINY):
        middle, room = low / 2 + high / 2, max(abs(high), _TINY)
        low, high = middle - room, middle + room
    factor = (_HEIGHT - 2 * _MARGIN) / (high - low)
    ys = [_MARGIN + round((high - value) * factor) for value in known]
    path = paths.line(paths.runs(numbers, paths.across(len(numbers), _WIDTH), ys))
    kind = f"spark {tone}".rstrip()
    return f'<svg class="{kind}" {_VIEW} aria-hidden="true"><path d="{path}"/></svg>'
