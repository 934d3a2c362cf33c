"""A name that is given to another server, as by managed services after a failover."""

import pytest

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.resolver import resolve_by
from tests.servers import RealServer, free_port

OLD, NEW = "127.0.0.1", "127.0.0.2"


def replicate(primary: RealServer, replica: RealServer) -> None:
    replica.command("REPLICAOF", primary.host, primary.port)


def test_the_name_of_a_primary_moves_to_the_replica_that_was_promoted(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = resolve_by(monkeypatch, cache=(OLD,))
    port = free_port()
    old, new = (start_server("--repl-diskless-sync-delay", "0", host=host, port=port) for host in (OLD, NEW))
    replicate(old, new)

    async def story() -> None:
        config = {"targets": [{"url": f"redis://cache:{port}", "instance": "cache"}]}
        async with FastDaemon(config) as daemon:
            await daemon.wait_really_until(
                lambda: new.client.info("replication")["master_link_status"] == "up", 20
            )
            await daemon.pass_time("20m")
            assert daemon.value("redis_connected_slaves") == 1
            new.command("REPLICAOF", "NO", "ONE")
            resolver.addresses["cache"] = (NEW,)
            replicate(new, old)
            await daemon.pass_time("16s")
            await daemon.pass_real_time(2)
            await daemon.pass_time("2m")
            run_id = new.client.info("server")["run_id"]
            assert daemon.value(f'redis_instance_info{{run_id="{run_id}", role="master"}}') == 1
            await daemon.pass_time("58m")
            assert daemon.value("min_over_time(redis_up[1h])") == 1
            assert (daemon.value("count_over_time(redis_up[1h])") or 0) >= 236
            assert [message.alertnames for message in daemon.told()] in ([], [{"RedisPromoted"}]), daemon

    run_fast(story())


def test_a_name_that_is_deleted_while_its_server_lives_is_no_news(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = resolve_by(monkeypatch, cache=(OLD,))
    server = start_server()

    async def story() -> None:
        async with FastDaemon(f"redis://cache:{server.port}") as daemon:
            await daemon.pass_time("5m")
            del resolver.addresses["cache"]
            await daemon.pass_time("10m")
            assert daemon.told() == []
            assert resolver.asked.count("cache") > 10
            server.client.client_kill_filter(_type="normal", skipme=True)
            await daemon.wait_until(lambda: daemon.told(), within="1m")
            await daemon.pass_time("2m")
            (message,) = daemon.told()
            assert message.alertnames == {"RedisHostUnknown"}
            resolver.addresses["cache"] = (OLD,)
            await daemon.wait_until(lambda: not daemon.firing(), within="2m")

    run_fast(story())
