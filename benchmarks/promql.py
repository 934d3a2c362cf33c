"""How long rules take: expressions as rules have them, over many targets.

    python -m benchmarks.promql [--targets 200] [--series 300] [--rounds 20]

Prints a table: expression, elements in the result, milliseconds of the first evaluation (which prepares what
later ones keep) and of one later evaluation (median), and the sums, which are what one round of a rule group
costs.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterator

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Vector, parse
from exporter.store import Store

_INTERVAL_MS = 5_000
_HISTORY_MS = 600_000
_START_MS = 1_700_000_000_000
_MOVING = 40
RULES = (
    "redis_up == 0",
    "redis_memory_used_bytes / redis_memory_max_bytes > 0.9 and redis_memory_max_bytes > 0",
    "rate(redis_keyspace_hits_total[5m]) / (rate(redis_keyspace_hits_total[5m]) "
    "+ rate(redis_keyspace_misses_total[5m])) < 0.8",
    "increase(redis_rejected_connections_total[5m]) > 0",
    "rate(redis_commands_processed_total[5m]) > 100000",
    "sum by (env) (rate(redis_commands_processed_total[5m]))",
    "histogram_quantile(0.99, sum by (instance, le) (rate(redis_slowlog_duration_seconds_bucket[5m]))) > 0.1",
    "redis_connected_clients / redis_config_maxclients * 100 > 80",
    "avg_over_time(redis_memory_fragmentation_ratio[5m]) > 1.5",
    "count by (env) (redis_up == 1) < 2",
    "redis_connected_slave_offset_bytes - on (instance) group_left () redis_master_repl_offset > 1000",
    "changes(redis_uptime_in_seconds[5m]) > 50 unless on (instance) redis_loading_dump_file == 1",
)
_NAMED = (
    "redis_up",
    "redis_memory_used_bytes",
    "redis_memory_max_bytes",
    "redis_keyspace_hits_total",
    "redis_keyspace_misses_total",
    "redis_rejected_connections_total",
    "redis_commands_processed_total",
    "redis_connected_clients",
    "redis_config_maxclients",
    "redis_memory_fragmentation_ratio",
    "redis_master_repl_offset",
    "redis_connected_slave_offset_bytes",
    "redis_uptime_in_seconds",
    "redis_loading_dump_file",
)
_BOUNDS = ("0.01", "0.1", "1", "10", "+Inf")


def _points(number: int, series: int) -> Iterator[Point]:
    labels = Labels({"instance": f"cache-{number}:6379", "env": "prod" if number % 2 else "test"})
    for name in _NAMED:
        yield Point(Family(name, Kind.UNTYPED, ""), "", labels)
    for bound in _BOUNDS:
        family = Family("redis_slowlog_duration_seconds", Kind.HISTOGRAM, "")
        yield Point(family, "_bucket", labels.with_({"le": bound}))
    for index in range(series - len(_NAMED) - len(_BOUNDS)):
        yield Point(Family(f"redis_other_{index}", Kind.UNTYPED, ""), "", labels)


def build_store(targets: int, series: int) -> Store:
    """A store with ten minutes of samples; the first series of every target move, the others stand still."""
    store = Store()
    chance = random.Random(1)
    for number in range(targets):
        layout = Layout(tuple(_points(number, series)))
        values: list[float | None] = [float(chance.randrange(1000)) for _ in range(series)]
        for offset in range(0, _HISTORY_MS + 1, _INTERVAL_MS):
            moved = [(value or 0.0) + chance.randrange(50) for value in values[:_MOVING]]
            values = [*moved, *values[_MOVING:]]
            values[0] = 1.0
            store.append(Sample(f"target-{number}", _START_MS + offset, layout, values))
    return store


def _measure(engine: Engine, text: str, rounds: int) -> tuple[int, float, float]:
    expression = parse(text)
    durations = []
    elements = 0
    for index in range(rounds + 1):
        begin = time.perf_counter()
        result = engine.instant(expression, _START_MS + _HISTORY_MS + index)
        durations.append((time.perf_counter() - begin) * 1000)
        assert isinstance(result.value, Vector)
        elements = len(result.value.samples)
    return elements, durations[0], statistics.median(durations[1:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long rules take.")
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--series", type=int, default=300, help="per target")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    engine = Engine(build_store(options.targets, options.series))
    print(f"{options.targets} targets x {options.series} series, {_HISTORY_MS // _INTERVAL_MS} samples each")
    print(f"{'first ms':>9} {'ms':>7} {'result':>7}  expression")
    first_sum = later_sum = 0.0
    for text in RULES:
        elements, first, later = _measure(engine, text, options.rounds)
        first_sum, later_sum = first_sum + first, later_sum + later
        print(f"{first:9.2f} {later:7.2f} {elements:7d}  {text}")
    print(f"{first_sum:9.2f} {later_sum:7.2f}          all {len(RULES)} rules")


if __name__ == "__main__":
    main()
