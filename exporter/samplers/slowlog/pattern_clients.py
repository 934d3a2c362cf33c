"""The last client of each recurring pattern of slow commands, one series each."""

from collections.abc import Iterable, Mapping
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.metrics.cap import OTHER
from exporter.samplers.clients.entry import host_of
from exporter.samplers.slowlog import families
from exporter.samplers.slowlog.pattern_stats import SlowPattern

# Different clients, over all patterns, that get a name.
MAX_CLIENTS: Final = 100


class PatternClients:
    """Writes `redis_slowlog_pattern_last_client_info`; a pattern that somebody else runs loses it."""

    def __init__(self, cap: LabelCap) -> None:
        self._cap = cap
        self._shown: dict[str, tuple[str, str]] = {}

    def write(self, table: SeriesTable, patterns: Iterable[SlowPattern], labels: Mapping[str, str]) -> None:
        """Write one pass, all recurring patterns; `labels` are their names in metrics."""
        clients = {
            labels[found.pattern]: self._client(found)
            for found in patterns
            if labels[found.pattern] != OTHER and found.last_client
        }
        for pattern, client in self._shown.items():
            if clients.get(pattern) != client:
                _forget(table, pattern, *client)
        for pattern, client in clients.items():
            table.set(families.PATTERN_CLIENT, 1.0, pattern, *client)
        self._shown = clients

    def _client(self, found: SlowPattern) -> tuple[str, str]:
        client = (found.last_client_name, host_of(found.last_client))
        return (OTHER, OTHER) if self._cap.fold(" ".join(client)) == OTHER else client


def _forget(table: SeriesTable, *label_values: str) -> None:
    index = table.index(families.PATTERN_CLIENT, *label_values)
    if index is not None:
        table.values[index] = None
