"""The price of sending by OTLP, beside that of a scrape of `/metrics`.

    python -m benchmarks.otlp [--targets 200] [--passes 60] [--rounds 20]

Runs all default samplers on a real server with traffic, and plays what they write as the life of so many
targets. After each pass of all targets everything is sent once: CPU milliseconds of what the event loop does
(references to the rows), of the thread (encoding, gzip), and of a page rendered whole and compressed. Then
the size of what is sent, and the memory that the encoder keeps. Nothing is sent anywhere.
"""

import argparse
import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from benchmarks.page import Life
from benchmarks.store import Pass, instance_of, record_lively
from exporter.metrics.exposition import Exposition, gzip_parts
from exporter.metrics.text import Format
from exporter.model.target import Address, Target
from exporter.remote.otlp.encoder import MetricsEncoder
from exporter.remote.otlp.payload import Requests
from exporter.remote.otlp.snapshot import snapshots_of
from exporter.sampling.facts import TargetFacts
from exporter.store import Store
from tests.peers import find_program

_NOW_MS: Final = 1_700_000_000_000

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Watched:
    """A target of the benchmark."""

    target: Target
    facts: TargetFacts
    sources: Sequence[str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--passes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    program = find_program("redis-server")
    if program is None:
        parser.error("redis-server is not installed")
    measure(record_lively(program, options.passes), options.targets, options.rounds)


def watched_of(store: Store, targets: int) -> list[Watched]:
    """Return the targets that have been played into a store."""
    sources: dict[int, list[str]] = {number: [] for number in range(targets)}
    for group in store.groups:
        sources[int(group.source.partition("/")[0])].append(group.source)
    return [
        Watched(
            Target(instance_of(number), Address("cache.example.com", 6379), job="redis"),
            TargetFacts(),
            sources[number],
        )
        for number in range(targets)
    ]


def measure(recorded: list[Pass], targets: int, rounds: int) -> None:
    """Send everything once per pass, and print what that takes."""
    life = Life(recorded, targets)
    for _ in range(4):
        life.move()
    watched = watched_of(life.store, targets)
    gc.collect()
    tracemalloc.start()
    encoder = MetricsEncoder()
    points, plain = _encode(encoder, life, watched, is_gzip=False)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    _, packed = _encode(encoder, life, watched, is_gzip=True)
    print(f"{targets} targets, {life.store.series_count:,} series, {points:,} data points")
    print(f"{plain:,} bytes, {packed:,} as gzip; {kept / 1e6:.1f} MB kept in between")
    page = Exposition(lambda: life.groups, Format.TEXT)
    spent = dict.fromkeys(("event loop", "encoding", "gzip", "page", "page, gzip"), 0.0)
    for _ in range(rounds):
        life.move()
        _send_once(life, watched_of(life.store, targets), encoder, page, spent)
    for name, seconds in spent.items():
        print(f"{name:12}{seconds / rounds * 1e3:10.1f} ms")


def _send_once(
    life: Life,
    watched: Sequence[Watched],
    encoder: MetricsEncoder,
    page: Exposition,
    spent: dict[str, float],
) -> None:
    snapshots = _timed(spent, "event loop", lambda: asyncio.run(snapshots_of(life.store, watched, {})))
    requests = Requests(is_gzip=False)
    payloads = _timed(spent, "encoding", lambda: encoder.encode(snapshots, requests, _NOW_MS))
    _timed(spent, "gzip", lambda: [gzip_parts([one.body]) for one in payloads])
    parts = _timed(spent, "page", page.render)
    _timed(spent, "page, gzip", lambda: gzip_parts(parts))


def _encode(
    encoder: MetricsEncoder, life: Life, watched: Sequence[Watched], *, is_gzip: bool
) -> tuple[int, int]:
    """Return the number of data points, and of bytes."""
    snapshots = asyncio.run(snapshots_of(life.store, watched, {}))
    payloads = encoder.encode(snapshots, Requests(is_gzip=is_gzip), _NOW_MS)
    return sum(one.items for one in payloads), sum(len(one.body) for one in payloads)


def _timed(spent: dict[str, float], name: str, work: Callable[[], ResultT]) -> ResultT:
    began = time.process_time()
    result = work()
    spent[name] += time.process_time() - began
    return result


if __name__ == "__main__":
    main()
