"""What the pages cost: CPU time, size, and clients that renew them.

    python -m benchmarks.web [--rounds 30]
    python -m benchmarks.web --scrapes 60

Plays an hour of lively servers (300 series each, of which some forty move in each row) into a store, lets an
alert fire on every tenth of them, and asks for pages. Prints milliseconds of CPU time per page (median, 95th
percentile), its bytes, and which part of a core three clients take that renew it every five seconds.
Everything is in one process, without a network; rules are not evaluated meanwhile.
With `--scrapes` it measures what open pages cost those who scrape instead, see `benchmarks/scrapes.py`.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import httpx
from starlette.applications import Starlette

from benchmarks import scrapes
from exporter.web.pages.routes import routes
from tests.web.directory import Watched
from tests.web.pages.overview.fleet import Fleet
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import alert

_PAGES: Final = (
    (200, ("/", "/?group=nothing", "/?sort=-latency", "/alerts", "/silences")),
    (1_000, ("/", "/?group=nothing", "/?filter=memory%3E50%25&sort=-memory")),
)
_CLIENTS: Final = 3
_RENEWED_SECONDS: Final = 5


def fleet_of(count: int) -> Fleet:
    """Primaries with two replicas each; every fiftieth server is down."""
    fleet = Fleet()
    primary = None
    for number in range(count):
        if primary is None or number % 3 == 0:
            runner = primary = fleet.add(f"shard-{number // 3}", maxmemory=2.0 * 2**30)
        else:
            runner = fleet.replica(f"shard-{number // 3}-{number % 3}", primary, maxmemory=2.0 * 2**30)
        fleet.record(runner, rows=241, seed=number)
        if number % 50 == 0:
            fleet.down(runner)
    return fleet


async def measure(count: int, pages: Sequence[str], rounds: int) -> None:
    """Ask for each page so many times."""
    fleet = fleet_of(count)
    context = page_context(fleet.store, Watched(fleet.runners))
    await context.events.start()
    await context.alerting.start()
    posted = [
        alert("Fire", fleet.now, instance=runner.target.instance, severity="warning")
        for runner in fleet.runners[::10]
    ]
    await context.alerting.receive([replace(one, ends_at=fleet.now + 3_600) for one in posted])
    app = Starlette(routes=list(routes(context)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
        for page in pages:
            answer = await client.get(page)
            answer.raise_for_status()
            took = []
            for _ in range(rounds):
                began = time.process_time()
                await client.get(page)
                took.append((time.process_time() - began) * 1000)
            median, worst = statistics.median(took), statistics.quantiles(took, n=20)[-1]
            share = _CLIENTS * median / 1000 / _RENEWED_SECONDS
            size = len(answer.content) / 1000
            print(
                f"| {count:,} | `{page}` | {median:.0f} | {worst:.0f} | {size:.0f} | {share:.1%} |",
                flush=True,
            )
    await context.alerting.stop(0)
    await context.events.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--scrapes", type=float, default=0.0, help="seconds of each turn; six turns in all")
    options = parser.parse_args()
    if options.scrapes:
        scrapes.measure(options.scrapes)
        return
    print("| servers | page | median ms | p95 ms | kB | three clients |\n|---|---|---|---|---|---|")
    for count, pages in _PAGES:
        asyncio.run(measure(count, pages, options.rounds))


if __name__ == "__main__":
    main()
