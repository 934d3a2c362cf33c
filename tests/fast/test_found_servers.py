"""Servers that are found: watched once each, called as wished, and no alert for a name that has moved."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from redis.exceptions import ResponseError

from exporter.samplers.runner import TargetRunner
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

PATIENCE_SECONDS = 40.0


class Shop:
    """A primary, its replica, and the sentinel that watches them."""

    def __init__(self, start_server: StartServer) -> None:
        self.primary = start_server()
        self.replica = start_server("--replicaof", "127.0.0.1", str(self.primary.port))
        config = f"sentinel monitor shop 127.0.0.1 {self.primary.port} 1\n"
        config += "sentinel down-after-milliseconds shop 1000\nsentinel failover-timeout shop 5000\n"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _is_linked(self.replica):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.sentinel = start_server("--sentinel", config=config)

    def config(self, **sentinel: Any) -> dict[str, Any]:
        return {"discovery": {"sentinel": [{"urls": [self.sentinel.url], **sentinel}]}}

    def agrees_to_fail_over(self) -> bool:
        """Ask for a failover; false until the sentinel finds a replica good enough."""
        try:
            return bool(self.sentinel.command("SENTINEL", "FAILOVER", "shop"))
        except ResponseError:
            return False

    def replicas(self) -> int:
        return len(self.sentinel.command("SENTINEL", "SLAVES", "shop"))


def runners(daemon: FastDaemon) -> Mapping[str, TargetRunner]:
    return {runner.target.instance: runner for runner in daemon.app.fleet.runners}


def roles(daemon: FastDaemon) -> dict[str, str]:
    """Who is watched, and what role it plays."""
    return {name: runner.facts.role for name, runner in runners(daemon).items()}


async def find_all(daemon: FastDaemon, shop: Shop) -> None:
    """Wait until the sentinel knows of the replica, and the daemon of both."""
    await daemon.wait_really_until(lambda: shop.replicas() == 1, PATIENCE_SECONDS)
    await daemon.wait_until(lambda: len(runners(daemon)) == 3, "2m")


async def fail_over(daemon: FastDaemon, shop: Shop) -> None:
    """The replica becomes the primary, and the other way round."""
    await daemon.wait_really_until(shop.agrees_to_fail_over, PATIENCE_SECONDS)
    await daemon.wait_really_until(lambda: _is_linked(shop.primary), PATIENCE_SECONDS)


def _is_linked(server: RealServer) -> bool:
    """Whether a server is a replica that hears its primary."""
    return bool(server.client.info("replication").get("master_link_status") == "up")


def everything_told(daemon: FastDaemon) -> set[tuple[str, str]]:
    """Every alert that was told, but for that one sentinel is few."""
    told = {alert for message in daemon.told() for alert in message.firing}
    return {(name, instance) for name, instance in told if not name.startswith("RedisSentinel")}


def test_configured_by_name_and_found_by_a_sentinel(start_server: StartServer) -> None:
    shop = Shop(start_server)
    # By another host than that of the sentinel: only the server itself tells that it is the same.
    main = {"url": f"redis://localhost:{shop.primary.port}", "instance": "main"}

    async def story() -> None:
        async with FastDaemon({**shop.config(), "targets": [main]}) as daemon:
            await find_all(daemon, shop)
            names = {"main", shop.replica.instance, shop.sentinel.instance}
            assert set(roles(daemon)) == names
            first = runners(daemon)["main"]
            await daemon.pass_time("15m")
            await fail_over(daemon, shop)
            await daemon.wait_until(lambda: roles(daemon)["main"] == "slave", "1m")
            await daemon.pass_time("12m")
            assert everything_told(daemon) == {("RedisPromoted", shop.replica.instance)}, daemon
            # Another run id.
            shop.primary.restart()
            await daemon.pass_time("5m")
            assert set(roles(daemon)) == names
            assert runners(daemon)["main"] is first
            shop.primary.kill()
            await daemon.wait_until(lambda: ("RedisDown", "main") in daemon.firing(), "1m")
            await daemon.pass_time("5m")
            told = [alert for message in daemon.told() for alert in message.firing]
            assert {instance for name, instance in told if name == "RedisDown"} == {"main"}, daemon

    run_fast(story())


def test_names_that_follow_the_role(start_server: StartServer) -> None:
    shop = Shop(start_server)

    async def story() -> None:
        config = shop.config(instance="{master_name}-{role}", sentinels=True)
        async with FastDaemon(config) as daemon:
            await find_all(daemon, shop)
            assert roles(daemon)["shop-master"] == "master"
            await daemon.pass_time("15m")
            shop.primary.command("SET", "key", "value")
            await fail_over(daemon, shop)
            await daemon.wait_until(
                lambda: runners(daemon)["shop-master"].target.address.port == shop.replica.port, "1m"
            )
            await daemon.pass_time("1m")
            # Without a gap, and as if it had always been called so.
            assert daemon.value('count_over_time(redis_up{instance="shop-master"}[10m])') == pytest.approx(
                40, abs=3
            )
            assert daemon.value('count(redis_up{instance=~"shop-.*"} == 1)') == 2
            run_id = shop.replica.client.info("server")["run_id"]
            labels = [
                one.get("run_id") for one in daemon.query('redis_instance_info{instance="shop-master"}')
            ]
            assert labels == [run_id]
            await daemon.pass_time("15m")
            assert everything_told(daemon) == {("RedisPromoted", "shop-master")}, daemon
            page = (await daemon.get("/metrics")).text
            assert page.count("redis_up{") == 3

    run_fast(story())
