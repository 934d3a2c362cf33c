"""What a server has too much of is left out, and counted."""

from typing import Any

import pytest

from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async, sampling

REPLICAS = "".join(
    f"slave{n}:ip=10.0.{n >> 8}.{n & 255},port=1,state=online,offset=1,lag=0\r\n" for n in range(1003)
)
SENTINEL = "# Server\r\nredis_version:7.0.0\r\nredis_mode:sentinel\r\n"
MASTER = ["name", "m", "ip", "127.0.0.1", "port", "1", "quorum", "2"]


def parameters(count: int) -> list[str]:
    return [word for n in range(count) for word in (f"parameter-{n}", "1")]


def databases(count: int) -> list[Any]:
    return [word for n in range(count) for word in (f"db.{n}", ["overhead.hashtable.main", 1])]


@pytest.mark.parametrize(
    ("sampler", "label", "replies", "settings", "shown", "kept", "folded"),
    [
        (
            "info",
            "slave_ip",
            {"INFO": "# Replication\r\nrole:master\r\n" + REPLICAS},
            {},
            "redis_connected_slave_offset_bytes",
            1000,
            3,
        ),
        ("config", "key", {"CONFIG": parameters(1002)}, {"all": True}, "redis_config_key_value", 1000, 2),
        (
            "memory",
            "db",
            {"MEMORY": databases(260)},
            {},
            "redis_memory_stats_db_overhead_hashtable_main_bytes",
            256,
            4,
        ),
        (
            "sentinel",
            "master_name",
            {"SENTINEL MASTERS": [["name", f"m{n}", *MASTER[2:]] for n in range(105)]},
            {},
            "redis_sentinel_master_setting_ckquorum",
            100,
            5,
        ),
        (
            "sentinel",
            "name",
            {"SENTINEL MASTERS": [MASTER], "SENTINEL SENTINELS": [["name", f"s{n}"] for n in range(101)]},
            {"peers": True},
            "redis_sentinel_peer_info",
            100,
            1,
        ),
    ],
)
def test_what_is_too_much_is_counted(
    sampler: str,
    label: str,
    replies: dict[str, Any],
    settings: dict[str, Any],
    shown: str,
    kept: int,
    folded: int,
) -> None:
    info = SENTINEL if sampler == "sentinel" else "# Server\r\nredis_version:7.0.0\r\n"

    async def scenario() -> None:
        async with (
            canned_server({"INFO": info, **replies}) as port,
            sampling(port, "info", sampler, settings={sampler: settings}) as probe,
        ):
            for _ in range(2):
                await probe.run("info", sampler)
            await probe.run("info")
            assert len(probe.values(shown)) == kept
            counted = probe.value("redis_vigil_left_out_series_total", sampler=sampler, label=label)
            assert counted is not None
            # INFO is read by difference: what stays the same is not counted again.
            assert counted >= (folded if sampler == "info" else 2 * folded)
            assert counted % folded == 0

    run_async(scenario)
