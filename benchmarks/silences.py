"""What many silences and many alerts cost the pages and the API.

    python -m benchmarks.silences [--silences 2000] [--alerts 10000] [--kind by-regex]

Puts alerts of a thousand servers and silences of one kind into alerting, and asks for each page twice: at
first nothing is known of what matches what. Prints the seconds of CPU time, and the longest time that the
event loop was held, in CPU time as well, so that others on the machine do not count. Everything is in one
process, without a network.
"""

import argparse
import asyncio
import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import httpx
from starlette.applications import Starlette

from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.web.api_v2 import routes as api_routes
from exporter.web.pages.routes import routes
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import alert

_SERVERS: Final = 1_000
_KINDS: Final[Mapping[str, Callable[[int], str]]] = {
    "by-server": lambda number: f'alertname="Alert{number % 10}", instance="host-{number % _SERVERS}"',
    "by-regex": lambda number: f'instance=~"host-{number % _SERVERS}(:.*)?", alertname=~"Alert[0-9]"',
    "for-all": lambda number: 'severity=~"warning|critical"',
    "unequal": lambda number: f'instance!="host-{number % _SERVERS}", severity="none"',
}
_PAGES: Final = (
    "/silences",
    "/silences/new?filter=%7Bseverity%3D%22warning%22%7D",
    "/silences/new?filter=%7Binstance%3D~%22host-.*%22%7D",
    "/alerts",
    "/alerts?filter=%7Binstance%3D%22host-7%22%7D",
    "/notifications",
    "/",
    "/api/v2/alerts",
    "/api/v2/alerts?silenced=false",
    "/api/v2/alerts/groups",
    "/api/v2/silences",
)


async def longest_hold(longest: list[float]) -> None:
    """Keep the longest time for which the loop was held."""
    before = time.thread_time()
    while True:
        await asyncio.sleep(0)
        now = time.thread_time()
        longest[0] = max(longest[0], now - before)
        before = now


async def ask(client: httpx.AsyncClient, page: str) -> str:
    """Ask for one page; its cost as cells of a table."""
    longest = [0.0]
    watch = asyncio.create_task(longest_hold(longest))
    await asyncio.sleep(0)
    longest[0], began = 0.0, time.process_time()
    answer = await client.get(page, timeout=120)
    took = time.process_time() - began
    watch.cancel()
    return f"{answer.status_code} | {took:.2f} | {longest[0] * 1000:.0f} | {len(answer.content) / 1000:,.0f}"


async def measure(kind: str, silences: int, alerts: int) -> None:
    """Ask for all pages twice."""
    context = page_context(
        alertmanager="route: {receiver: nobody, group_by: [instance]}\nreceivers: [{name: nobody}]\n"
    )
    now, manager = context.clock.now(), context.alerting
    await context.events.start()
    await manager.start()
    made = [
        alert(
            f"Alert{number % 10}",
            now,
            instance=f"host-{number // 10 % _SERVERS}",
            severity="warning",
            n=str(number),
        )
        for number in range(alerts)
    ]
    await manager.receive([replace(one, ends_at=now + 3_600) for one in made])
    for number in range(silences):
        matchers = tuple(parse_matchers(_KINDS[kind](number)))
        manager.silences.put(Silence("", matchers, now, now + 3_600 + number, "ann", "known"), now)
    app = Starlette(routes=[*routes(context), *api_routes(manager, context.clock, context.events)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://vigil") as client:
        for page in _PAGES:
            for again in ("first", "again"):
                print(f"| {kind} | `{page}` | {again} | {await ask(client, page)} |", flush=True)
    await manager.stop(0)
    await context.events.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--silences", type=int, default=2_000)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--kind", choices=_KINDS, default="by-server")
    options = parser.parse_args()
    print("| silences | page | | status | s | longest hold, ms | kB |\n|---|---|---|---|---|---|---|")
    # As the daemon does.
    gc.set_threshold(20_000, 4, 10_000)
    asyncio.run(measure(options.kind, options.silences, options.alerts))


if __name__ == "__main__":
    main()
