"""The page of one server, of the whole daemon with real servers."""

import html
import re
import time
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast


def text_of(page: str) -> str:
    """What is read of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


async def show(daemon: FastDaemon, path: str) -> str:
    """A page that has to be there."""
    answer = await daemon.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_story_of_a_server_can_be_read_on_its_page(start_server: StartServer, tmp_path: Path) -> None:
    primary = start_server()
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port))
    primary.command("CONFIG", "SET", "slowlog-log-slower-than", "2000", "maxmemory", "100mb")

    async def story() -> None:
        config = {"storage": {"path": str(tmp_path)}}
        async with FastDaemon(config, primary, replica) as daemon:
            path = f"/servers/{primary.instance}"
            for number in range(20):
                primary.client.mset({f"cart:{number}:{one}": "x" * 50 for one in range(50)})
                for one in range(100):
                    primary.client.get(f"cart:{number}:{one}")
                await daemon.pass_time("15s")
            primary.client.eval("local t = 0; for i = 1, 1000000 do t = t + i end; return t", 0)
            await daemon.pass_time("30s")
            page = await show(daemon, path)
            told = text_of(page)
            assert f"primary of {replica.instance}" in told
            assert "of 100 MiB" in told
            assert "Replicas 1" in told
            assert "limit 100 MiB" in told
            assert re.search(r"hit rate 50(\.\d+)? %", told)
            assert re.search(r"get [\d.]+/s", told), "the legend of the commands"
            assert "EVAL" in told
            for topic in ("memory", "commands", "latency", "clients", "network", "cpu", "replication"):
                assert re.search(rf'id="chart-{topic}".*?<svg class="plot', page, re.DOTALL), topic

            primary.kill()
            await daemon.pass_time("2m")
            told = text_of(await show(daemon, path))
            assert "Down, connection refused since" in told
            assert "RedisDown fires" in told
            # What is known from before is still to be seen.
            assert "limit 100 MiB" in told

            primary.start()
            await daemon.pass_time("3m")
            page = await show(daemon, path)
            assert "was restarted" in text_of(page)
            assert re.search(r"<title>[^<]*was restarted[^<]*</title>", page)

    run_fast(story())


def test_the_line_on_the_page_grants_what_was_missing(start_server: StartServer) -> None:
    server = start_server()
    server.command("ACL", "SETUSER", "narrow", "on", ">secret1", "+ping", "+info", "+client")

    async def story() -> None:
        target = {"url": f"redis://narrow:secret1@127.0.0.1:{server.port}", "instance": "a/b 100% <i>"}
        async with FastDaemon({"targets": [target]}) as daemon:
            await daemon.pass_time("2m")
            page = await show(daemon, "/servers/a%2Fb%20100%25%20%3Ci%3E")
            assert "refuses LATENCY HISTOGRAM" in text_of(page)
            assert "<i>" not in re.sub(r'<i class="sw[^>]*>', "", page)
            assert "secret1" not in page
            (line,) = re.findall(r'<p class="cmd"><code>([^<]*)</code>', page)
            assert line.startswith("ACL SETUSER narrow ")
            server.command(*html.unescape(line).split())
            # What was refused is asked again every five minutes.
            await daemon.pass_time("12m")
            page = await show(daemon, "/servers/a%2Fb%20100%25%20%3Ci%3E")
            assert 'class="cmd"' not in page
            assert "refuses" not in text_of(page)

    run_fast(story())


@pytest.mark.parametrize("span", ["15m", "1h", "30d"])
def test_a_page_is_not_dear(start_server: StartServer, span: str) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            for number in range(120):
                server.client.mset({f"user:{number}:{one}": "x" for one in range(5)})
                await daemon.pass_time("15s")
            path = f"/servers/{server.instance}?range={span}"
            await show(daemon, path)
            spent = time.process_time()
            for _ in range(5):
                page = await show(daemon, path)
            # It takes about 70 ms; anything that grows with more than it should takes seconds.
            assert (time.process_time() - spent) / 5 < 0.5
            assert len(page.encode()) < 150_000

    run_fast(story())
