"""The overview of a primary with two replicas and another server, while a replica is dead."""

import re

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer


def rows(page: str) -> list[str]:
    """Groups and servers of the table, in order; replicas that stand below their primary with a >."""
    found = re.findall(r'<h3><span[^>]*>([^<]+)|<div( class="child")?>.*?<b dir="auto">([^<]+)', page)
    return [f"# {group}" if group else f"{'> ' if child else ''}{name}" for group, child, name in found]


async def overview(daemon: FastDaemon) -> str:
    answer = await daemon.get("/")
    assert answer.status_code == 200
    return answer.text


def replica_of(primary: RealServer, start_server: StartServer) -> RealServer:
    return start_server("--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0")


def test_who_belongs_together_and_who_needs_somebody(start_server: StartServer) -> None:
    primary, alone = start_server(), start_server()
    replicas = [replica_of(primary, start_server) for _ in range(2)]
    first, second = sorted(replicas, key=lambda one: one.port)

    async def story() -> None:
        async with FastDaemon(alone, *replicas, primary) as daemon:
            await daemon.wait_really_until(lambda: daemon.value("sum(redis_master_link_up)") == 2, 60)
            await daemon.pass_time("2m")
            page = await overview(daemon)
            group = f"# {primary.instance}"
            assert "All 4 servers are well" in page
            assert "primary with 2 replicas" in page
            assert rows(page) == [
                *(group, primary.instance, f"> {first.instance}", f"> {second.instance}"),
                *("# on their own", alone.instance),
            ]
            assert page.count('<svg class="spark"') >= 4 * 3

            second.kill()
            await daemon.wait_until(lambda: ("RedisDown", second.instance) in daemon.firing(), "1m")
            page = await overview(daemon)
            assert "of 4 servers need" in page
            assert f"Redis {second.instance} is down" in page
            assert "connection refused" in page
            assert rows(page)[:3] == [group, primary.instance, f"> {second.instance}"]
            assert "last seen" in page
            dead = f'<a class="plain" href="./servers/{second.instance.replace(":", "%3A")}"><b'
            assert dead in (await daemon.get("/?problems=1")).text
            assert rows((await daemon.get("/?filter=is:down")).text) == [group, f"> {second.instance}"]

            second.restart()
            await daemon.wait_until(lambda: ("RedisDown", second.instance) not in daemon.firing(), "2m")
            page = await overview(daemon)
            assert "is down" not in page
            assert "answers again" in page

    run_fast(story())
