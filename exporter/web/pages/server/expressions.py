"""The PromQL expressions of the charts: one server's series, in windows that fit the steps of a chart."""

from dataclasses import dataclass
from typing import Final, Self

from exporter.model.duration import format_duration
from exporter.model.quoting import quote

# A rate needs two samples, and one may be missing.
_SAMPLES_PER_WINDOW: Final = 4
_SHORTEST_WINDOW_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Expressions:
    """Writes expressions about one server; `window` is how far each point of a rate looks back."""

    instance: str
    window: str

    @classmethod
    def of(cls, instance: str, interval_seconds: float, step_ms: int = 0) -> Self:
        """Make it for what is sampled this often, and for points that are so far from each other."""
        window_ms = max(_SHORTEST_WINDOW_MS, round(_SAMPLES_PER_WINDOW * interval_seconds * 1000), step_ms)
        return cls(instance, format_duration(window_ms))

    def gauge(self, metric: str, **matchers: str) -> str:
        """The series of a metric; matchers are regular expressions."""
        wanted = [
            f"instance={quote(self.instance)}",
            *(f"{name}=~{quote(text)}" for name, text in matchers.items()),
        ]
        return f"{metric}{{{', '.join(wanted)}}}"

    def rate(self, metric: str, **matchers: str) -> str:
        """How much a counter rises, per second."""
        return f"rate({self.gauge(metric, **matchers)}[{self.window}])"

    def quantile(self, quantile: float, histogram: str, **matchers: str) -> str:
        """A quantile of a histogram."""
        return f"histogram_quantile({quantile:g}, {self.rate(f'{histogram}_bucket', **matchers)})"

    @property
    def lookups(self) -> str:
        """Look-ups of keys per second, without those of this daemon."""
        return f"{self._hits} + {self._misses}"

    @property
    def hit_ratio(self) -> str:
        """The part of look-ups that found a key; no value while there are none."""
        return f"{self._hits} / ({self.lookups} > 0)"

    @property
    def main_thread(self) -> str:
        """The part of one core that the thread which runs commands is busy."""
        system, user = ("redis_cpu_sys_main_thread_seconds_total", "redis_cpu_user_main_thread_seconds_total")
        return f"{self.rate(system)} + {self.rate(user)}"

    @property
    def all_threads(self) -> str:
        """How many cores all threads of the server take."""
        return f"{self.rate('redis_cpu_sys_seconds_total')} + {self.rate('redis_cpu_user_seconds_total')}"

    @property
    def _hits(self) -> str:
        return self._without_own("hits")

    @property
    def _misses(self) -> str:
        return self._without_own("misses")

    def _without_own(self, outcome: str) -> str:
        all_of_them = self.rate(f"redis_keyspace_{outcome}_total")
        own = self.rate(f"redis_vigil_own_keyspace_{outcome}_total")
        return f"clamp_min({all_of_them} - {own}, 0)"
