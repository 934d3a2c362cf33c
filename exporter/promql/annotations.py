"""Annotations tell about a query's own data, besides its result.

The wording is that of github.com/prometheus/prometheus, util/annotations/annotations.go.
"""

from datetime import UTC, datetime

from exporter.model.floats import format_general
from exporter.promql.syntax.tokens import position


class Annotations:
    """The warnings and infos of one run, each text once, with the place where it arose last."""

    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._warnings: dict[str, int] = {}
        self._infos: dict[str, int] = {}
        self._forced: dict[str, _Forced] = {}

    def warn(self, message: str, offset: int) -> None:
        """Add a warning: something is wrong with the query or its data."""
        self._warnings[f"PromQL warning: {message}"] = offset

    def warn_of_quantile(self, phi: float, offset: int) -> None:
        """Warn where a quantile is asked for that does not exist."""
        if not 0 <= phi <= 1:
            shown = format_general(phi)
            self.warn(f"quantile value should be between 0 and 1, got {shown}", offset)

    def inform(self, message: str, offset: int) -> None:
        """Add an info: something is worth knowing."""
        self._infos[f"PromQL info: {message}"] = offset

    def inform_forced(
        self, metric: str, offset: int, at_ms: int, low: float, high: float, diff: float
    ) -> None:
        """Add the info that a classic histogram was not monotonic, by `diff` between two buckets."""
        message = (
            "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
            "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
        )
        if metric:
            message += f' for metric name "{metric}"'
        self._infos[message] = offset
        self._forced.setdefault(message, _Forced(at_ms, at_ms, low, high)).add(at_ms, low, high, diff)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings as Prometheus' API shows them."""
        return self._rendered(self._warnings, "warning")

    @property
    def infos(self) -> tuple[str, ...]:
        """All infos as Prometheus' API shows them."""
        return self._rendered(self._infos, "info")

    def _rendered(self, found: dict[str, int], kind: str) -> tuple[str, ...]:
        if not found:
            return ()
        shown = [
            f"{message}{self._details(message)} ({position(self._text, offset)})"
            for message, offset in list(found.items())[: self._limit]
        ]
        if len(found) > self._limit:
            shown.append(f"{len(found) - self._limit} more {kind} annotations omitted")
        return tuple(shown)

    def _details(self, message: str) -> str:
        forced = self._forced.get(message)
        return "" if forced is None else forced.describe()


class _Forced:
    """The sum of what `inform_forced` has been given, over series and steps."""

    def __init__(self, first: int, last: int, low: float, high: float) -> None:
        self._first, self._last, self._low, self._high = first, last, low, high
        self._diff = 0.0
        self._count = 0

    def add(self, at_ms: int, low: float, high: float, diff: float) -> None:
        self._first, self._last = min(self._first, at_ms), max(self._last, at_ms)
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._diff = max(self._diff, diff)
        self._count += 1

    def describe(self) -> str:
        first, last = (_format_time(stamp) for stamp in (self._first, self._last))
        return (
            f", from buckets {format_general(self._low)} to {format_general(self._high)}, with a max diff of "
            f"{format_general(self._diff, 2)}, over {self._count} samples from {first} to {last}"
        )


def _format_time(milliseconds: int) -> str:
    try:
        return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(milliseconds / 1000)
