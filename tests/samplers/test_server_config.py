from pathlib import Path

import pytest

from exporter.samplers.server_config import is_secret
from tests.conftest import StartServer
from tests.samplers.sampling import run_async, sampling


def test_limits(start_each_server: StartServer) -> None:
    server = start_each_server("--maxmemory", "64mb", "--maxclients", "200", "--databases", "20")

    async def scenario() -> None:
        async with sampling(server, "info", "config") as probe:
            await probe.run()
            assert probe.value("redis_config_maxmemory") == float(64 << 20)
            assert probe.value("redis_config_maxclients") == 200.0
            assert probe.value("redis_config_io_threads") == 1.0
            assert probe.value("redis_config_slowlog_max_len") == 128.0
            limits = probe.values("redis_config_client_output_buffer_limit_bytes")
            classes = {dict(labels)["class"] for labels in limits}
            assert len(limits) == 6
            assert {"normal", "pubsub"} < classes
            assert (
                probe.value(
                    "redis_config_client_output_buffer_limit_overcome_seconds",
                    **{"class": "pubsub", "limit": "soft"},
                )
                == 60.0
            )
            assert probe.value("redis_config_value", key="maxmemory") is None

    run_async(scenario)


def test_command_log_limits_of_valkey(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "config") as probe:
            await probe.run()
            assert probe.value("redis_commandlog_execution_slower_than") == 10_000.0
            assert probe.value("redis_commandlog_large_reply_max_len") == 128.0

    run_async(scenario)


def test_all_parameters_without_secrets(start_each_server: StartServer) -> None:
    server = start_each_server(
        "--requirepass", "hunter2", "--masterauth", "hunter3", "--masteruser", "hunter4"
    )

    async def scenario() -> None:
        options = {"config": {"all": True}}
        async with sampling(server, "config", settings=options, password="hunter2") as probe:
            await probe.run()
            page = probe.page()
            assert probe.value("redis_config_value", key="maxclients") == 10_000.0
            assert 'redis_config_key_value{key="appendonly",value="no"} 1' in page
            assert "hunter" not in page

    run_async(scenario)


def test_a_renamed_config_command(start_server: StartServer) -> None:
    server = start_server(config="rename-command CONFIG 9f2c\n")

    async def scenario() -> None:
        async with sampling(server, "config", settings={"config": {"config_command": "9f2c"}}) as probe:
            await probe.run()
            assert probe.value("redis_config_maxclients") == 10_000.0
        async with sampling(server, "config") as probe:
            await probe.run()
            assert probe.value("redis_vigil_sampler_error", sampler="config", reason="unknown_command") == 1.0

    run_async(scenario)


def test_the_size_of_the_rdb_file_where_asked_for(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "config", settings={"config": {"rdb_file": True}}) as probe:
            await probe.run()
            assert probe.value("redis_rdb_current_size_bytes") == 0.0
            server.command("SET", "a", "1")
            server.command("SAVE")
            await probe.run()
            size = (Path(server.directory) / "dump.rdb").stat().st_size
            assert probe.value("redis_rdb_current_size_bytes") == size

    run_async(scenario)


@pytest.mark.parametrize(
    "name",
    [
        "requirepass",
        "masterauth",
        "masteruser",
        "tls-key-file-pass",
        "tls-client-key-file-pass",
        "primaryauth",
    ],
)
def test_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["maxmemory", "appendonly", "save", "client-output-buffer-limit"])
def test_not_secret(name: str) -> None:
    assert not is_secret(name)
