"""INFO replies, real and hostile: read by difference, they say the same as read anew."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.clock import SystemClock
from exporter.config.samplers.info import InfoSection
from exporter.connection import Connection
from exporter.errors import TargetError
from exporter.metrics import SeriesTable
from exporter.model.labels import EMPTY
from exporter.model.target import Address, Target
from exporter.samplers.info.command_times import CommandTimes
from exporter.samplers.info.reading import InfoReader
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from tests.servers import RealServer


@dataclass
class Reading:
    """A reader without a server, and what it made of the last reply."""

    reader: InfoReader
    table: SeriesTable
    facts: TargetFacts
    passes: int = 0

    def read(self, reply: bytes) -> dict[str, float]:
        try:
            asyncio.run(self.reader.read(reply, 0.0))
        except TargetError:
            self.table.discard()
        self.passes += 1
        sample = self.table.finish(self.passes)
        return {
            str(point.series): value
            for point, value in zip(sample.layout.points, sample.values, strict=True)
            if value is not None
        }


def reading(**options: Any) -> Reading:
    table, facts = SeriesTable("x", EMPTY), TargetFacts()
    context = SamplerContext(
        target=Target("x", Address()),
        settings=InfoSection(**options),
        table=table,
        facts=facts,
        clock=SystemClock(),
        connect=lambda name: (_ for _ in ()).throw(AssertionError),
    )
    return Reading(InfoReader(context), table, facts)


def info(*sections: tuple[str, Mapping[str, object]]) -> bytes:
    lines = []
    for name, fields in sections:
        lines += [f"# {name}", *(f"{key}:{value}" for key, value in fields.items()), ""]
    return "\r\n".join(lines).encode()


SERVER = (
    "Server",
    {"redis_version": "7.0.15", "redis_mode": "standalone", "run_id": "abc", "uptime_in_seconds": 5},
)


def test_numbers_and_words() -> None:
    found = reading().read(
        info(
            SERVER,
            ("Memory", {"used_memory": 100, "mem_fragmentation_ratio": "1.5"}),
            ("Persistence", {"rdb_last_bgsave_status": "ok", "aof_last_write_status": "err"}),
        )
    )

    assert found["redis_memory_used_bytes"] == 100.0
    assert found["redis_mem_fragmentation_ratio"] == 1.5
    assert found["redis_rdb_last_bgsave_status"] == 1.0
    assert found["redis_aof_last_write_status"] == 0.0


def test_commands_errors_and_percentiles() -> None:
    found = reading().read(
        info(
            (
                "Commandstats",
                {"cmdstat_get": "calls=3,usec=7,usec_per_call=2.33,rejected_calls=1,failed_calls=2"},
            ),
            ("Commandstats", {"cmdstat_old": "calls=3,usec=7,usec_per_call=2.33"}),
            ("Latencystats", {"latency_percentiles_usec_get": "p50=1.003,p99=2.007,p99.9=3.007"}),
            ("Errorstats", {"errorstat_ERR": "count=4"}),
        )
    )

    assert found['redis_commands_total{cmd="get"}'] == 3.0
    assert found['redis_commands_duration_seconds_total{cmd="get"}'] == 7e-06
    assert found['redis_commands_rejected_calls_total{cmd="get"}'] == 1.0
    assert found['redis_commands_failed_calls_total{cmd="get"}'] == 2.0
    assert 'redis_commands_failed_calls_total{cmd="old"}' not in found
    assert found['redis_latency_percentiles_usec{cmd="get", quantile="99.9"}'] == 3.007
    assert found['redis_latency_percentiles_usec_sum{cmd="get"}'] == 7.0
    assert found['redis_latency_percentiles_usec_count{cmd="get"}'] == 3.0
    assert found['redis_errors_total{err="ERR"}'] == 4.0


def test_databases_without_keys_are_shown_empty() -> None:
    keyspace = ("Keyspace", {"db3": "keys=4,expires=1,avg_ttl=1500,subexpiry=2"})
    subject = reading()
    found = subject.read(info(SERVER, keyspace))
    emptied = subject.read(info(SERVER, ("Keyspace", {})))
    bare = reading(empty_databases=False).read(info(SERVER, keyspace))

    assert found['redis_db_keys{db="db3"}'] == 4.0
    assert found['redis_db_avg_ttl_seconds{db="db3"}'] == 1.5
    assert found['redis_db_keys_with_expiring_items{db="db3"}'] == 2.0
    assert databases(found) == {"db0": 0.0, "db1": 0.0, "db2": 0.0, "db3": 4.0}
    assert databases(emptied) == {"db0": 0.0, "db1": 0.0, "db2": 0.0, "db3": 0.0}
    assert databases(bare) == {"db3": 4.0}


def test_of_many_databases_few_are_shown() -> None:
    """A server may have 100,000, of which somebody uses the last."""
    far = reading().read(info(SERVER, ("Keyspace", {"db99999": "keys=4,expires=0"})))
    full = {f"db{number}": "keys=1,expires=0" for number in range(1_100)}
    subject = reading()
    many = subject.read(info(SERVER, ("Keyspace", full)))

    assert len(databases(far)) == 101
    assert databases(far)["db99999"] == 4.0
    assert len(databases(many)) == 500
    assert len(subject.facts.server.keys_by_database) == 1_100


def databases(found: Mapping[str, float]) -> Mapping[str, float]:
    """Keys by database."""
    prefix = 'redis_db_keys{db="'
    return {
        name.removeprefix(prefix).removesuffix('"}'): value
        for name, value in found.items()
        if name.startswith(prefix)
    }


def test_a_replica_and_its_primary() -> None:
    found = reading().read(
        info(
            SERVER,
            (
                "Replication",
                {
                    "role": "slave",
                    "master_host": "10.0.0.1",
                    "master_port": 6379,
                    "master_link_status": "down",
                    "master_last_io_seconds_ago": -1,
                    "master_sync_in_progress": 1,
                    "slave_read_repl_offset": 10,
                    "slave_repl_offset": 9,
                    "master_sync_left_bytes": 77,
                    "master_link_down_since_seconds": 12,
                    "slave_read_only": 1,
                    "master_repl_offset": 9,
                },
            ),
        )
    )
    of = '{master_host="10.0.0.1", master_port="6379"}'

    assert found[f"redis_master_link_up{of}"] == 0.0
    assert found[f"redis_master_link_down_since_seconds{of}"] == 12.0
    assert found[f"redis_master_sync_left_bytes{of}"] == 77.0
    assert found[f"redis_slave_repl_offset{of}"] == 9.0
    assert found["redis_master_repl_offset"] == 9.0
    assert found['redis_slave_info{master_host="10.0.0.1", master_port="6379", read_only="1"}'] == 1.0


def test_a_primary_and_its_replicas_over_time() -> None:
    of = '{slave_ip="10.0.0.2", slave_port="6379", slave_state="online"}'
    subject = reading()

    def passes(**replicas: str) -> dict[str, float]:
        return subject.read(info(SERVER, ("Replication", {"role": "master", **replicas})))

    first = passes(slave0="ip=10.0.0.2,port=6379,state=online,offset=100,lag=0")
    second = passes(slave0="ip=10.0.0.2,port=6379,state=online,offset=200,lag=1")
    third = passes(slave0="ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=-1")
    fourth = passes()

    assert first[f"redis_connected_slave_offset_bytes{of}"] == 100.0
    assert (second[f"redis_connected_slave_lag_seconds{of}"]) == 1.0
    waiting = of.replace("online", "wait_bgsave")
    assert [name for name in third if "connected_slave_" in name] == [
        f"redis_connected_slave_offset_bytes{waiting}"
    ]
    assert not [name for name in fourth if "connected_slave_" in name]


def test_commands_beyond_the_cap_are_summed_up() -> None:
    stats = {f"cmdstat_c{index}": f"calls={index},usec=1,usec_per_call=1" for index in range(10)}
    subject = reading(max_commands=7)
    for _ in range(3):
        found = subject.read(info(SERVER, ("Commandstats", stats)))
        assert found['redis_commands_total{cmd="c6"}'] == 6.0
        assert found['redis_commands_total{cmd="other"}'] == 7.0 + 8.0 + 9.0
        stats["cmdstat_c9"] = "calls=9,usec=2,usec_per_call=1"


def test_facts_for_other_samplers() -> None:
    subject = reading()
    subject.read(
        info(
            (
                "Server",
                {
                    "server_name": "valkey",
                    "valkey_version": "9.1.2",
                    "redis_version": "7.2.4",
                    "server_mode": "cluster",
                },
            ),
            ("Clients", {"connected_clients": 12}),
            ("Persistence", {"loading": 1, "rdb_bgsave_in_progress": 1}),
            ("Replication", {"role": "master"}),
            ("Modules", {"module": "name=lua,ver=1,api=1,filters=0,usedby=[],using=[],options=[a|b]"}),
            ("Cluster", {"cluster_enabled": 1}),
            ("Keyspace", {"db0": "keys=4,expires=1,avg_ttl=0"}),
        )
    )
    server = subject.facts.server

    assert (server.engine, server.version, server.redis_version) == (
        "valkey",
        (9, 1, 2),
        (7, 2, 4),
    )
    assert (server.mode, server.role, server.cluster_enabled) == ("cluster", "master", True)
    assert (server.loading, server.fork_in_progress, server.connected_clients) == (
        True,
        True,
        12,
    )
    assert server.keys_by_database == {0: 4}
    assert server.modules == {"lua"}


# Lines as servers write them, and lines as nobody should.
SANE = [
    b"# Server",
    b"# Commandstats",
    b"# Latencystats",
    b"# Errorstats",
    b"# Keyspace",
    b"# Replication",
    b"# Sentinel",
    b"# Modules",
    b"redis_version:7.0.15",
    b"role:master",
    b"role:slave",
    b"run_id:abc",
    b"uptime_in_seconds:5",
    b"latest_fork_usec:100",
    b"used_memory:100",
    b"used_memory:x",
    b"master_host:h",
    b"master_port:1",
    b"master_link_status:up",
    b"slave0:ip=1,port=2,state=online,offset=3,lag=0",
    b"slave0:ip=1,port=2,state=online,offset=4,lag=-1",
    b"slave0:ip=1,port=2,state=down",
    b"cmdstat_get:calls=1,usec=2,usec_per_call=2",
    b"cmdstat_get:calls=1,usec=2,usec_per_call=2,rejected_calls=0,failed_calls=1",
    b"cmdstat_set:calls=4,usec=2,usec_per_call=2",
    b"latency_percentiles_usec_get:p50=1,p99=2",
    b"latency_percentiles_usec_get:p50=1,p95=2",
    b"errorstat_ERR:count=1",
    b"errorstat_ERR:count=2",
    b"db0:keys=1,expires=0,avg_ttl=0",
    b"db0:keys=2,expires=0",
    b"db1:keys=x",
    b"module:name=a,ver=1,api=1,filters=0,usedby=[],using=[b,c],options=[]",
    b"master0:name=m,status=ok,address=h:1,slaves=1,sentinels=3",
    b"sentinel_masters:1",
    b"connected_clients:5",
    b"connected_clients:-1",
    b"mem_fragmentation_bytes:-5",
    b"mem_fragmentation_bytes:5",
    b"slave1:ip=1,port=2,state=online,offset=9,lag=7",
    b"slave1:ip=1,port=2,state=online,offset=1,lag=9",
    b"cmdstat_del:calls=1,calls_master=1,usec=2",
    b"cmdstat_del:calls=2,calls_master=1,usec=-1",
    b"cmdstat_del:calls=2,calls_master=1,usec=1_0",
    b"db0 Lists_keys=2, expires=1, invalid_keys=0",
    b"# Hotkeys",
    b"# a comment: 1",
    b"# a comment: 2",
    b"tls_ca_cert_serial:none",
    b"tls_ca_cert_serial:1",
    b"tls_ca_cert_expires_in_seconds:7",
    b"engine_0:name=LUA,module=lua,abi_version=4,used_memory=1,memory_overhead=2",
    b"engine_0:name=LUA,module=lua,abi_version=4,used_memory=3,memory_overhead=2",
    b"io_thread_0:clients=1,reads=2,writes=3",
    b"io_thread_0:clients=2,reads=2",
]
sane = st.sampled_from(SANE)
lines = st.one_of(sane, sane, st.binary(max_size=20))


def _like(line: bytes) -> list[bytes]:
    """The lines of the same field."""
    head = line.partition(b":")[0]
    return [other for other in SANE if other.startswith(head)]


# A section that is passed over ends where another one begins in its place.
_ENDING = ["redis_version:7.0.15", "# Hotkeys", "a:1"], ["redis_version:7.0.15", "# Hotkeys", "# Errorstats"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(lines, max_size=20), min_size=1, max_size=5))
@example([[line.encode() for line in reply] for reply in _ENDING])
def test_read_by_difference_it_says_the_same_as_read_anew(replies: list[list[bytes]]) -> None:
    subject = reading()
    for reply in replies:
        joined = b"\r\n".join(reply)
        assert subject.read(joined) == reading().read(joined)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_lines_that_move_say_the_same_as_read_anew(data: st.DataObject) -> None:
    """The same lines again and again, of which some have another value."""
    reply = data.draw(st.lists(sane, min_size=5, max_size=30))
    subject = reading()
    for _ in range(4):
        moved = data.draw(st.lists(st.integers(0, len(reply) - 1), max_size=3))
        for index in moved:
            reply[index] = data.draw(st.sampled_from(_like(reply[index])))
        joined = b"\r\n".join(reply)
        assert subject.read(joined) == reading().read(joined)


def test_a_real_server_read_twice(each_empty_server: RealServer) -> None:
    client = each_empty_server.client
    client.set("a", 1)
    subject = reading()

    def raw() -> bytes:
        async def ask() -> bytes:
            connection = Connection(Target("x", Address("127.0.0.1", each_empty_server.port)))
            reply: bytes = await connection.execute("INFO", "ALL")
            await connection.close()
            return reply

        return asyncio.run(ask())

    for _ in range(3):
        reply = raw()
        # The start stands still, however the seconds fall.
        anew = reading().read(reply) | {"redis_start_time_seconds": 0.0}
        assert subject.read(reply) | {"redis_start_time_seconds": 0.0} == anew
        client.get("a")
        client.lpush("l", 1)
    assert subject.facts.server.keys_by_database == {0: 2}


def test_numbers_that_are_none_are_no_crash() -> None:
    page = reading()
    seen = page.read(
        info(
            ("Clients", {"connected_clients": "inf", "maxclients": 10}),
            ("Memory", {"mem_fragmentation_ratio": "nan", "mem_fragmentation_bytes": "-inf"}),
            ("Keyspace", {"db0": "keys=nan,expires=inf", "db1": "keys=-inf,expires=3", "db2": "keys=1e30"}),
        )
    )

    assert seen["redis_max_clients"] == 10.0
    assert seen['redis_db_keys_expiring{db="db1"}'] == 3.0
    assert databases(seen) == {"db2": 1e30}
    assert [name for name in seen if "fragmentation" in name or "connected_clients" in name] == []
    assert page.facts.server.connected_clients == 0
    # Less than nothing is not known.
    assert page.facts.server.keys_by_database == {2: int(1e30)}


def test_a_word_among_numbers_that_move() -> None:
    """Lines that are numbers are read at once; one may turn into a word for a number, and back."""
    subject = reading()
    for used, status in ((1, "ok"), (2, "ok"), (3, "err"), (4, "err"), (5, "ok"), (6, "1")):
        found = subject.read(
            info(
                SERVER,
                ("Clients", {"connected_clients": used, "blocked_clients": used}),
                ("Persistence", {"rdb_last_bgsave_status": status, "rdb_changes_since_last_save": used}),
            )
        )
        assert found["redis_blocked_clients"] == found["redis_rdb_changes_since_last_save"] == used
        assert found["redis_rdb_last_bgsave_status"] == float(status != "err")


def test_commands_of_which_now_these_and_now_those_are_called() -> None:
    subject, calls = reading(), dict.fromkeys("abcdef", 1)
    for moved in ("abcdef", "ab", "abc", "a", "f", "abcdef", "", "bd"):
        calls |= {name: calls[name] + 1 for name in moved}
        lines = {
            f"cmdstat_{name}": f"calls={count},usec={count * 10},usec_per_call=10.00"
            for name, count in calls.items()
        }
        found = subject.read(info(SERVER, ("Commandstats", lines)))
        for name, count in calls.items():
            assert found[f'redis_commands_total{{cmd="{name}"}}'] == count
            assert found[f'redis_commands_duration_seconds_total{{cmd="{name}"}}'] == count * 10 * 1e-6


def test_the_server_time_of_a_command_in_microseconds() -> None:
    subject = reading()
    told = {"a": "175", "b": "inf", "d": "9007199254740000"}
    lines = {f"cmdstat_{name}": f"calls=1,usec={usec},usec_per_call=1.00" for name, usec in told.items()}
    percentiles = {f"latency_percentiles_usec_{name}": "p50=1.003" for name in told}
    found = subject.read(info(SERVER, ("Commandstats", lines), ("Latencystats", percentiles)))
    times = subject.facts.get(CommandTimes)

    assert [times.microseconds(name) for name in "abd"] == [175.0, None, 9007199254740000.0]
    assert times.microseconds("unheard-of") is None
    assert found['redis_latency_percentiles_usec_sum{cmd="a"}'] == 175.0
    assert 'redis_latency_percentiles_usec_sum{cmd="b"}' not in found


def test_certificates_and_engines_of_valkey() -> None:
    tls = {
        "tls_server_cert_serial": "01A2",
        "tls_server_cert_expires_in_seconds": 864000,
        "tls_client_cert_serial": "none",
        "tls_client_cert_expires_in_seconds": 0,
        "tls_ca_cert_serial": "03C4",
        "tls_ca_cert_expires_in_seconds": -5,
    }
    engines = {
        "engines_count": 2,
        "engines_total_used_memory": 50,
        "engine_0": "name=LUA,module=lua,abi_version=4,used_memory=20,memory_overhead=21",
        "engine_1": "memory_overhead=31,used_memory=30,abi_version=2,module=example,name=JS",
    }
    subject = reading()
    found = subject.read(info(SERVER, ("TLS", tls), ("Scripting Engines", engines)))

    assert found["redis_tls_server_cert_expires_in_seconds"] == 864000.0
    assert found["redis_tls_ca_cert_expires_in_seconds"] == -5.0
    assert "redis_tls_client_cert_expires_in_seconds" not in found
    assert {name for name in found if "certificate_info" in name} == {
        'redis_tls_certificate_info{certificate="ca", serial="03C4"}',
        'redis_tls_certificate_info{certificate="server", serial="01A2"}',
    }
    assert found["redis_scripting_engines_count"] == 2.0
    of = '{abi_version="2", engine="JS", module="example"}'
    assert found[f"redis_scripting_engine_info{of}"] == 1.0
    assert found[f"redis_scripting_engine_memory_used_bytes{of}"] == 30.0
    assert found[f"redis_scripting_engine_memory_overhead_bytes{of}"] == 31.0

    tls |= {"tls_server_cert_expires_in_seconds": 863985}
    moved = subject.read(info(SERVER, ("TLS", tls), ("Scripting Engines", engines)))
    tls |= {"tls_server_cert_serial": "01A3", "tls_server_cert_expires_in_seconds": 7776000}
    renewed = subject.read(info(SERVER, ("TLS", tls), ("Scripting Engines", engines)))
    assert moved["redis_tls_server_cert_expires_in_seconds"] == 863985.0
    assert renewed["redis_tls_server_cert_expires_in_seconds"] == 7776000.0
    assert 'redis_tls_certificate_info{certificate="server", serial="01A3"}' in renewed
    assert len(renewed) == len(moved)
