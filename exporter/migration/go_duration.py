"""Go's durations, such as `1m30s` or `1.5s`.

Source: https://pkg.go.dev/time#ParseDuration.
"""

import re
from typing import Final

from exporter.errors import UsageError

_PART: Final = re.compile(r"(\d++\.?+\d*+|\.\d++)(ns|us|µs|ms|s|m|h)")
_MILLISECONDS: Final = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


def parse_go_duration(text: str, origin: str) -> int:
    """Milliseconds, at least one; raises `UsageError` for what is none, or not longer than 0."""
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        raise UsageError(f'{origin} must be a duration such as 15s, not "{text}"')
    milliseconds = sum(float(number) * _MILLISECONDS[unit] for number, unit in parts)
    if not milliseconds:
        raise UsageError(f'{origin} must be longer than 0, not "{text}"')
    return max(1, round(milliseconds))
