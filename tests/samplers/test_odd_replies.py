"""Replies that are none of Redis': what they do not say is absent, and no fault of ours."""

from typing import Any

import pytest

from exporter.errors import Reason
from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async, sampling

_NO_DIGITS_OF_A_NUMBER = "9" * 5_000


@pytest.mark.parametrize(
    ("sampler", "replies"),
    [
        ("clients", {"CLIENT LIST": None}),
        ("clients", {"CLIENT LIST": 5}),
        ("slowlog", {"SLOWLOG LEN": None, "SLOWLOG GET": None}),
        ("slowlog", {"SLOWLOG LEN": "many", "SLOWLOG GET": []}),
        ("slowlog", {"SLOWLOG LEN": [1, 2], "SLOWLOG GET": 7}),
        ("slowlog", {"SLOWLOG LEN": -1, "SLOWLOG GET": []}),
    ],
)
def test_an_answer_of_another_kind_is_told_as_such(sampler: str, replies: dict[str, Any]) -> None:
    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, sampler) as probe:
            await probe.run()
            assert probe.runner.status.samplers[sampler].reason is Reason.PROTOCOL
            assert probe.values("redis_clients_listed") == probe.values("redis_slowlog_length") == {}

    run_async(scenario)


def test_numbers_without_end() -> None:
    line = f"id=1 addr=1.1.1.1:1 name= age={_NO_DIGITS_OF_A_NUMBER} idle=-1 flags=N db=0 omem=٣ qbuf=26"
    replies = {
        "CLIENT LIST": line,
        "SLOWLOG LEN": 2,
        "SLOWLOG GET": [
            [_NO_DIGITS_OF_A_NUMBER, 1700, 2000, ["get"]],
            [1, 1700, _NO_DIGITS_OF_A_NUMBER, ["get"]],
        ],
        "CONFIG GET SLOWLOG": ["slowlog-max-len", _NO_DIGITS_OF_A_NUMBER],
    }

    async def scenario() -> None:
        names = ("clients", "slowlog", "config")
        async with canned_server(replies) as port, sampling(port, *names) as probe:
            await probe.run()
            assert [status.success for status in probe.runner.status.samplers.values()] == [True] * 3
            assert probe.value("redis_clients_listed") == 1.0
            assert probe.value("redis_clients_query_buffer_bytes") == 26.0
            for name in ("oldest_age_seconds", "longest_idle_seconds", "output_buffer_bytes"):
                assert probe.values(f"redis_clients_{name}") == {}
            assert probe.value("redis_slowlog_length") == 2.0

    run_async(scenario)


def test_what_is_no_number_is_not_0() -> None:
    replies = {
        "CONFIG GET CLIENT-OUTPUT-BUFFER-LIMIT": [
            "client-output-buffer-limit",
            "normal ? 0 - pubsub 9 8 60",
        ],
        "MEMORY STATS": ["aof.buffer", -1, "keys.count", "many", "peak.percentage", "50.0"],
        "ACL LOG": [
            ["count", "some", "reason", "auth", "context", "toplevel"],
            ["count", -1, "reason", "key", "context", "toplevel"],
            ["count", 3, "reason", "command", "context", "toplevel"],
        ],
    }

    async def scenario() -> None:
        names = ("config", "memory", "acl")
        async with canned_server(replies) as port, sampling(port, *names) as probe:
            await probe.run()
            limits = probe.values("redis_config_client_output_buffer_limit_bytes")
            assert {tuple(value for _, value in labels): size for labels, size in limits.items()} == {
                ("normal", "soft"): 0.0,
                ("pubsub", "hard"): 9.0,
                ("pubsub", "soft"): 8.0,
            }
            assert probe.value("redis_memory_stats_peak_ratio") == 0.5
            assert probe.values("redis_memory_stats_aof_buffer_bytes") == {}
            assert probe.values("redis_memory_stats_keys") == {}
            (denials,) = probe.values("redis_acl_log_denials").values()
            assert denials == 3.0

    run_async(scenario)
