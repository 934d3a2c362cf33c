"""Keys, names and texts as bad as they come: the page stays one that Prometheus reads."""

import contextlib
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.metrics import Format
from tests.peers import require_program
from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer

# `promtool check metrics` ends with 3 where it only finds fault with names, which are redis_exporter's.
LINT_ONLY = (0, 3)


def check_metrics(page: str) -> None:
    """Have promtool read the page."""
    command = [str(require_program("promtool")), "check", "metrics"]
    done = subprocess.run(command, input=page.encode(), capture_output=True, check=False)
    complaint = done.stderr.decode(errors="replace")
    assert done.returncode in LINT_ONLY, complaint
    assert "error while linting" not in complaint, complaint


def raw_client(server: RealServer) -> redis.Redis:
    """A client that takes replies as they are."""
    return redis.Redis(port=server.port, protocol=2)


nasty = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.sampled_from(
        [
            b'quo"te',
            b"back\\slash",
            b"line\nbreak",
            b"carriage\r\nreturn",
            b"\xff\xfe\x00",
            b"{}",
            b'a="b"',
            b"tab\t",
            "ünïcode \u2028 \u0085".encode(),
            b"#",
            b" ",
            b"\x1b[31m",
            b"le",
            b"+Inf",
            b"inf",
            b"nan",
            b"1e999",
        ]
    ),
)


_MORE_PASSES = 5


@pytest.mark.peers("promtool")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(nasty, min_size=1, max_size=8, unique=True))
def test_keys_values_and_slow_commands(empty_server: RealServer, names: list[bytes]) -> None:
    client = raw_client(empty_server)
    client.flushall()
    client.config_set("slowlog-log-slower-than", 0)
    for name in names:
        client.set(name, name)
        client.xadd(b"stream:" + name, {name: name})
        client.xgroup_create(b"stream:" + name, name, id="0")
        client.execute_command("XREADGROUP", "GROUP", name, name, "STREAMS", b"stream:" + name, ">")
        with contextlib.suppress(redis.RedisError):
            # Any name may come, that of a command too: this one never is.
            client.execute_command(b"no-" + name, name)
    client.config_set("slowlog-log-slower-than", -1)
    options = {
        "keys": {"check": ["*"], "count": ["*"], "values": "all"},
        "streams": {"check": ["stream:*"]},
        "slowlog": {"recurring_after": 0, "arguments": "shown"},
    }

    async def scenario() -> None:
        chosen = ("info", "slowlog", "clients", "keys", "streams")
        async with sampling(empty_server, *chosen, settings=options) as probe:
            await probe.run()
            client.config_set("slowlog-log-slower-than", 0)
            for name in names:
                client.get(name)
            client.config_set("slowlog-log-slower-than", -1)
            await probe.run()
            # On a busy machine a pass may take too long.
            for _ in range(_MORE_PASSES):
                if len(probe.values("redis_stream_group_consumer_messages_pending")) == len(names):
                    break
                await probe.run()
            assert len(probe.values("redis_key_size")) == 2 * len(names)
            assert len(probe.values("redis_stream_group_consumer_messages_pending")) == len(names)
            page = probe.page()
        check_metrics(page)
        assert list(parse_text(page))
        assert probe.page(Format.OPENMETRICS)

    run_async(scenario)


def line(*parts: bytes) -> bytes:
    return b"".join(parts)


@pytest.mark.peers("promtool")
@settings(max_examples=40, deadline=None)
@given(st.lists(nasty, min_size=4, max_size=12))
def test_replies_of_a_server_that_makes_names_up(words: Sequence[bytes]) -> None:
    """What no real server lets through: names of clients, commands, errors, events, parameters."""
    a, b, c, d = words[:4]
    info = b"\r\n".join(
        [
            b"# Server",
            b"redis_version:7.0.0",
            line(b"run_id:", a),
            line(b"os:", b),
            b"# Commandstats",
            line(b"cmdstat_", c, b":calls=1,usec=2,usec_per_call=2"),
            b"# Latencystats",
            line(b"latency_percentiles_usec_", c, b":p50=1,p", d, b"=2"),
            b"# Errorstats",
            line(b"errorstat_", d, b":count=3"),
            b"# Replication",
            line(b"slave0:ip=", a, b",port=1,state=", b, b",offset=1,lag=0"),
            line(b"master_host:", c),
            b"master_link_status:up",
            b"# Modules",
            line(b"module:name=", a, b",ver=1,using=[", b, b"]"),
            b"# Keyspace",
            line(b"db", a, b":keys=1,expires=0"),
            *words,
        ]
    )
    replies: dict[str, Any] = {
        "INFO": info,
        "CLIENT LIST": b"\n".join(
            b"id=%d addr=%s name=%s user=%s flags=%s" % (n, a, b, c, d) for n in range(3)
        ),
        "LATENCY LATEST": [[a, 1, 2, 3], [b, "x", 2, 3], c],
        "LATENCY HISTOGRAM": [c, ["calls", 1, "histogram_usec", [1, 1]], d, ["calls", "x"]],
        "CONFIG GET": [a, b, c, d, b"maxmemory", a],
        "MEMORY STATS": [a, b, b"keys.count", b"x", b"db.0", [c, d]],
        "ACL LOG": [[b"reason", a, b"context", b, b"count", c], a],
        "SLOWLOG LEN": 4,
        "SLOWLOG GET": [[n, 1, 2, [a, b, c], d, a] for n in (4, 3, 2, 1)],
        "FT._LIST": [a, b],
        "FT.INFO": [b"num_docs", c, d],
        "PING": b"PONG",
    }
    options = {
        "config": {"all": True},
        "clients": {"per_connection": True},
        "modules": {"search_indexes": "."},
    }

    async def scenario() -> None:
        async with canned_server(replies) as port:
            names = (
                "info",
                "slowlog",
                "latency",
                "command_latency",
                "clients",
                "config",
                "memory",
                "acl",
                "modules",
            )
            async with sampling(port, *names, settings=options) as probe:
                await probe.run()
                await probe.run()
                await probe.run("info")
                assert probe.value("redis_up") == 1.0
                assert not [
                    labels
                    for labels in probe.values("redis_vigil_sampler_error")
                    if ("reason", "internal") in labels
                ]
                page = probe.page()
        check_metrics(page)
        assert list(parse_text(page))

    run_async(scenario)


@pytest.mark.peers("promtool")
def test_a_megabyte_of_everything(empty_server: RealServer) -> None:
    large = b'\xff\n"\\' * (1 << 18)
    client = raw_client(empty_server)
    client.set(large, large)
    client.set("k", large)
    client.xadd("s", {large: large})
    client.config_set("slowlog-log-slower-than", 0)
    client.get(large)
    client.config_set("slowlog-log-slower-than", -1)
    options = {"keys": {"check": ["*"], "values": "all"}, "streams": {"check": ["*"]}}

    async def scenario() -> None:
        async with sampling(empty_server, "info", "slowlog", "keys", "streams", settings=options) as probe:
            await probe.run()
            await probe.run()
            assert probe.value("redis_key_size", db="db0", key="k") == float(len(large))
            assert probe.values("redis_key_value_as_string") == {}
            page = probe.page()
        check_metrics(page)
        assert list(parse_text(page))

    run_async(scenario)
