"""Servers that are found: watched once each, called as wished, and no alert for a name that has moved."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from redis.exceptions import ResponseError

from exporter.samplers.runner import TargetRunner
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer, free_port

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
    return {runner.target.instance: runner for runner in daemon.app.watching.target_manager.runners}


def roles(daemon: FastDaemon) -> dict[str, str]:
    """Who is watched, and what role it plays."""
    return {name: runner.facts.server.role for name, runner in runners(daemon).items()}


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


def test_a_failover_of_servers_that_are_found(start_server: StartServer) -> None:
    """By two daemons: one has the primary configured by name too, one calls servers by their roles."""
    shop = Shop(start_server)
    # By another host than that of the sentinel: only the server itself tells that it is the same.
    main = {"url": f"redis://localhost:{shop.primary.port}", "instance": "main"}
    by_name = FastDaemon({**shop.config(), "targets": [main]})
    by_role = FastDaemon(shop.config(instance="{master_name}-{role}"))

    async def story() -> None:
        async with by_name, by_role:
            await find_all(by_name, shop)
            await find_all(by_role, shop)
            names = {"main", shop.replica.instance, shop.sentinel.instance}
            assert set(roles(by_name)) == names
            assert roles(by_role)["shop-master"] == "master"
            first = runners(by_name)["main"]
            await by_name.pass_time("11m")
            await fail_over(by_name, shop)
            await by_name.wait_until(lambda: roles(by_name)["main"] == "slave", "1m")
            await by_name.pass_time("8m")
            assert everything_told(by_name) == {("RedisPromoted", shop.replica.instance)}, by_name
            check_names_by_role(by_role, shop)
            assert (await by_role.get("/metrics")).text.count("redis_up{") == 3
            # Another run id.
            shop.primary.restart()
            await by_name.pass_time("2m")
            assert set(roles(by_name)) == names
            assert runners(by_name)["main"] is first
            shop.primary.kill()
            await by_name.wait_until(lambda: ("RedisDown", "main") in by_name.firing(), "1m")
            await by_name.pass_time("2m")
            told = [alert for message in by_name.told() for alert in message.firing]
            assert {instance for name, instance in told if name == "RedisDown"} == {"main"}, by_name

    run_fast(story())


def check_names_by_role(daemon: FastDaemon, shop: Shop) -> None:
    """The names have moved, without a gap, and as if the servers had always been called so."""
    assert runners(daemon)["shop-master"].target.address.port == shop.replica.port
    assert daemon.value('count(redis_up{instance=~"shop-.*"} == 1)') == 2
    assert daemon.value('count_over_time(redis_up{instance="shop-master"}[15m])') == pytest.approx(63, abs=6)
    run_id = shop.replica.client.info("server")["run_id"]
    labels = daemon.query('redis_instance_info{instance="shop-master"}')
    assert [one.get("run_id") for one in labels] == [run_id]
    # Sentinel gives the name away some seconds after the promotion: it is told under the name that the server
    # has when rules are evaluated next, and once.
    told = [alert for message in daemon.told() for alert in message.firing if alert[0] == "RedisPromoted"]
    assert {*told} in ({("RedisPromoted", "shop-replica")}, {("RedisPromoted", "shop-master")}), daemon
    assert everything_told(daemon) == {*told}, daemon
    over = [
        alert["labels"]["instance"]
        for message in daemon.told()
        for alert in message.alerts
        if alert["status"] == "resolved" and alert["labels"]["alertname"] == "RedisPromoted"
    ]
    assert {*over} <= {instance for _, instance in told}, daemon


def test_a_source_that_fails_for_minutes_is_told_of_with_the_reason() -> None:
    async def story() -> None:
        port = free_port()
        config = {"discovery": {"cluster": [{"urls": [f"redis://127.0.0.1:{port}"]}]}}
        async with FastDaemon(config) as daemon:
            await daemon.pass_time("4m")
            assert daemon.told() == []
            await daemon.wait_until(lambda: daemon.told(), "3m")
            (message,) = daemon.told()
            assert message.alertnames == {"VigilDiscoveryFailing"}
            assert any(f"redis://127.0.0.1:{port}" in text for text in message.texts)
            assert any("(connection refused)" in text for text in message.texts), message.texts

    run_fast(story())
