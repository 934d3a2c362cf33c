"""Servers that leave commands out, as managed services do: nobody is told, and everybody can see it."""

import pytest

from exporter.sampling.command_support import RETRY_SECONDS
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

RENAMED = ("ACL", "CLIENT", "CONFIG", "DEBUG", "LATENCY", "MEMORY", "SCRIPT", "SLOWLOG")
_MINIMAL = ("on", ">change-me", "resetchannels", "-@all", "+ping", "+info", "+auth")


def permit(server: RealServer, *words: str) -> None:
    server.command("ACL", "SETUSER", "vigil", *words)


def watching(server: RealServer) -> dict[str, object]:
    url = f"redis://vigil:change-me@{server.instance}"
    return {"targets": [{"url": url, "instance": "managed"}]}


def test_eight_renamed_commands_are_no_alert(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server(config="".join(f'rename-command {word} ""\n' for word in RENAMED))

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1h")
            assert daemon.told() == []
            assert daemon.firing() == daemon.pending() == set()
            (target,) = (await daemon.get("/api/unavailable")).json()["targets"]
            missing = {one["command"].partition(" ")[0] for one in target["commands"]}
            assert missing == {"ACL", "CLIENT", "CONFIG", "LATENCY", "MEMORY", "SLOWLOG"}
            assert target["grant"] == ""
            assert daemon.query("redis_vigil_sampler_success == 0") == {}

    run_fast(story())
    told = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1, [record.getMessage() for record in told]


def test_a_user_who_may_hardly_do_anything_is_no_alert_and_gets_what_is_granted(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    permit(server, *_MINIMAL)

    async def story() -> None:
        async with FastDaemon(watching(server)) as daemon:
            await daemon.pass_time("1h")
            assert daemon.told() == [], daemon
            assert daemon.firing() == daemon.pending() == set()
            words = [record for record in caplog.records if record.levelname == "WARNING"]
            (target,) = (await daemon.get("/api/unavailable?instance=managed")).json()["targets"]
            missing = {one["command"].partition(" ")[0] for one in target["commands"]}
            told = [word for one in words for word in one.__dict__["vigil_fields"]["commands"].split(",")]
            assert sorted(told) == sorted(missing)
            assert len(words) <= 3
            assert {"ACL", "CLIENT", "CONFIG", "LATENCY", "MEMORY", "SCAN", "SLOWLOG"} <= missing
            assert "+slowlog|get" in target["grant"]
            page = (await daemon.get("/")).text
            assert "Not available" in page
            assert target["grant"] in page
            report = (await daemon.get("/health")).json()
            assert report["health"] == "healthy"
            assert report["not_available"]["managed"]["grant"] == target["grant"]
            permit(server, "+slowlog|get", "+slowlog|len", "+config|get")
            await daemon.pass_time(RETRY_SECONDS + 60)
            assert daemon.value("redis_slowlog_length") is not None
            assert daemon.value("redis_config_maxclients") == 10_000
            server.command(*target["grant"].split())
            await daemon.pass_time(RETRY_SECONDS + 60)
            assert (await daemon.get("/api/unavailable")).json()["targets"] == []
            assert daemon.told() == []

    run_fast(story())
