"""Whether 95 % intervals of keyspace estimates hold the truth: six keyspaces, several seeds, a real server.

    python -m benchmarks.keyspace_errors [--seeds 5] [--first-seed 0] [--samples 5] [--sample 2000]

The truth is a scan that asks every key. Each keyspace is made anew for each seed, and sampled several times.
"""

import argparse
import tempfile
from pathlib import Path
from random import Random

from benchmarks.keyspace import scan
from tests.keyspace.keyspaces import KEYSPACES, Tallies, Tally, make_keyspace
from tests.peers import require_program
from tests.servers import RealServer

_PIPELINE = 2000
_OVERHEAD = 56


def fill(server: RealServer, name: str, seed: int) -> None:
    """Put a keyspace into an empty server."""
    client = server.client
    client.flushall()
    pipe = client.pipeline(transaction=False)
    for key, wanted in make_keyspace(name, Random(seed)).items():
        pipe.set(key, "x" * (wanted.memory - _OVERHEAD), px=wanted.ttl if wanted.ttl > 0 else None)
        if len(pipe) >= _PIPELINE:
            pipe.execute()
    pipe.execute()


def try_keyspace(server: RealServer, name: str, options: argparse.Namespace) -> Tallies:
    tallies = Tallies.empty()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        fill(server, name, seed)
        exact = scan(server, budget="unlimited", sample="all", max_patterns=2000)
        for _ in range(options.samples):
            sampled = scan(server, budget="unlimited", sample=options.sample, max_patterns=2000)
            tallies.compare(sampled.patterns, exact.patterns)
            tallies.total.add(sampled.memory_bytes, sampled.memory_error_ratio, exact.memory_bytes)
    return tallies


def _text(tally: Tally) -> str:
    return f"{tally.coverage:7.1%} of {tally.tried:5} ({tally.unknown} unknown, {tally.false} falsely exact)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--sample", type=int, default=2000)
    parser.add_argument("--server", default="redis-server")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        RealServer(require_program(options.server), Path(name) / "server") as server,
    ):
        for keyspace in KEYSPACES:
            tallies = try_keyspace(server, keyspace, options)
            print(f"{keyspace}")
            print(f"  patterns: memory       {_text(tallies.memory)}")
            print(f"  patterns: without TTL  {_text(tallies.untimed)}")
            print(f"  total:    memory       {_text(tallies.total)}", flush=True)


if __name__ == "__main__":
    main()
