"""Nine hundred clients at once: who sends nothing, and who asks again and again; sampling goes on."""

import asyncio
import json
import time
import urllib.parse
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.live.daemon import Daemon

CLIENTS = 900
SECONDS = 3.0
# What a request may take on a machine that has other things to do; without a bound it would be for ever.
PATIENCE_SECONDS = 60.0


async def _ask(port: int, path: str | None, until: float) -> Counter[str]:
    """Ask until a moment and count the statuses; without a path send nothing, and see that it ends."""
    seen: Counter[str] = Counter()
    async with asyncio.timeout(SECONDS + PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while path is not None and time.monotonic() < until:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                seen[head[9:12].decode()] += 1
                await _read_body(reader, head.lower())
            if path is None:
                seen[(await reader.read()).decode()] += 1
        finally:
            writer.transport.abort()
    return seen


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> None:
    length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), None)
    if length is not None:
        await reader.readexactly(int(length.partition(b":")[2]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def _crowd(port: int, path: str | None) -> Counter[str]:
    until = time.monotonic() + SECONDS
    return sum(await asyncio.gather(*(_ask(port, path, until) for _ in range(CLIENTS))), Counter())


def _samples(daemon: Daemon, seconds: int) -> float:
    query = urllib.parse.quote(f"sum_over_time(redis_up[{seconds}s])")
    (found,) = json.loads(daemon.text(f"/api/v1/query?query={query}"))["data"]["result"]
    return float(found["value"][1])


@pytest.mark.parametrize("path", [None, "/-/healthy", "/metrics", "/"])
def test_a_crowd_costs_no_sample_and_everybody_is_answered(
    path: str | None, tmp_path: Path, start_server: StartServer
) -> None:
    server = start_server()
    (tmp_path / "config.yml").write_text(
        "global: {sample_interval: 1s, sample_timeout: 1s, evaluation_interval: 1s}\n"
        f"targets: [{{url: '{server.url}'}}]\n"
    )
    with Daemon(tmp_path, "--config", "config.yml") as daemon:
        began = time.monotonic()
        seen = asyncio.run(_crowd(daemon.port, path))
        seconds = int(time.monotonic() - began)
        if path is None:
            # Closed after ten seconds without a request.
            assert seen == {"": CLIENTS}
        else:
            assert seen.keys() == {"200"}
            assert seen["200"] >= CLIENTS
        assert "target is down" not in daemon.log
        time.sleep(1)
        # Of one a second; on a busy machine some come late.
        assert _samples(daemon, seconds) >= 0.7 * seconds - 2
        assert daemon.get("/-/ready").status == 200
