"""`write_moment`: writes a time as Prometheus' HTTP API does."""

from datetime import UTC, datetime
from typing import Final

_NEVER: Final = "0001-01-01T00:00:00Z"


def write_moment(milliseconds: int | None) -> str:
    """A time (epoch milliseconds) in RFC 3339; Go's zero time for None and 0: never yet."""
    if not milliseconds:
        return _NEVER
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
