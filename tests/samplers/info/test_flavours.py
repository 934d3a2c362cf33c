"""INFO as other makes and old versions write it: what can be read is read, what cannot is absent, never 0."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import pytest

from exporter.errors import Reason, TargetError
from tests.samplers.canned import canned_server
from tests.samplers.info.test_reading import SERVER, databases, info, reading
from tests.samplers.sampling import run_async, sampling

PLAIN = """\
# Server
redis_version:7.0.15
redis_mode:standalone
run_id:abc
uptime_in_seconds:33

# Clients
connected_clients:6

# Replication
role:master
connected_slaves:0

# Commandstats
cmdstat_get:calls=21,usec=175,usec_per_call=8.33

# Latencystats
latency_percentiles_usec_get:p50=1.003

# Keyspace
db0:keys=19,expires=9,avg_ttl=100
"""


def read(text: str) -> Mapping[str, float]:
    return reading().read(text.encode())


def without(found: Mapping[str, float], *beginnings: str) -> Mapping[str, float]:
    return {name: value for name, value in found.items() if not name.startswith(beginnings)}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_however_lines_end(end: str, mark: str) -> None:
    found = read(mark + PLAIN.replace("\n", end))

    assert found == read(PLAIN)
    assert found["redis_connected_clients"] == 6.0
    assert databases(found) == {"db0": 19.0}


def test_sections_in_another_order() -> None:
    sections = PLAIN.strip().split("\n\n")
    backwards = read("\n\n".join(reversed(sections)))
    close = read("\n".join(sections))

    assert backwards == close == read(PLAIN)
    assert backwards['redis_latency_percentiles_usec_sum{cmd="get"}'] == 175.0


def test_no_sections_at_all() -> None:
    """Redis 2.4."""
    lines = [line for line in PLAIN.splitlines() if line and not line.startswith("#")]
    found = read("\r\n".join(lines))

    assert without(found, "redis_errors_total") == read(PLAIN)


def test_commands_by_the_names_of_their_fields() -> None:
    """Redis Enterprise counts those of the primary too, a server of tomorrow tells what nobody knows yet."""
    found = reading().read(
        info(
            (
                "Commandstats",
                {
                    "cmdstat_get": "calls=2061,calls_master=3,usec=46752639,usec_per_call=22684.45",
                    "cmdstat_set": "usec_per_call=2.00,failed_calls=4,new=7,usec=10,rejected_calls=3,calls=5",
                    "cmdstat_del": "calls=5,usec=n/a,usec_per_call=-1",
                    "cmdstat_ttl": "calls=1,slowlog_count=2,slowlog_time_ms_sum=1500.5,usec=9",
                    "cmdstat_host:": "calls=2,usec=145,usec_per_call=72.50",
                    "cmdstat_eval": "calls=1, usec=3, usec_per_call=3",
                    "cmdstat_none": "usec=3",
                },
            )
        )
    )

    def of(name: str, command: str) -> float | None:
        return found.get(f'redis_commands_{name}{{cmd="{command}"}}')

    assert [of("total", name) for name in ("get", "set", "del", "host", "none")] == [2061, 5, 5, 2, None]
    assert of("duration_seconds_total", "get") == pytest.approx(46.752639)
    assert of("rejected_calls_total", "get") is None
    assert of("rejected_calls_total", "set") == 3.0
    assert of("failed_calls_total", "set") == 4.0
    assert of("duration_seconds_total", "del") is None
    assert of("duration_seconds_total", "eval") == pytest.approx(3e-6)
    assert of("slowlog_entries_total", "ttl") == 2.0
    assert of("slowlog_duration_seconds_total", "ttl") == pytest.approx(1.5005)


def test_what_is_not_known_is_absent() -> None:
    """Dragonfly, Kvrocks, and Redis itself before the first save say -1."""
    subject = reading()
    for clients, lag in ((5, 3), (-1, -1), (6, 4)):
        found = subject.read(
            info(
                SERVER,
                ("Clients", {"connected_clients": clients, "maxclients": 100}),
                ("Persistence", {"rdb_last_bgsave_time_sec": clients, "rdb_last_save_time": -1}),
                ("Stats", {"rejected_connections": clients, "instantaneous_input_kbps": clients}),
                (
                    "Memory",
                    {"mem_fragmentation_bytes": -4096 if clients < 0 else 4096, "used_memory": clients},
                ),
                (
                    "Replication",
                    {"role": "master", "slave0": f"ip=h,port=1,state=online,offset={clients},lag={lag}"},
                ),
                ("Keyspace", {"db0": f"keys=1200,expires=300,avg_ttl={clients}"}),
            )
        )
        told = {
            "redis_connected_clients",
            "redis_rdb_last_bgsave_duration_sec",
            "redis_rejected_connections_total",
            "redis_instantaneous_input_kbps",
            "redis_memory_used_bytes",
            'redis_db_avg_ttl_seconds{db="db0"}',
            'redis_connected_slave_lag_seconds{slave_ip="h", slave_port="1", slave_state="online"}',
            'redis_connected_slave_offset_bytes{slave_ip="h", slave_port="1", slave_state="online"}',
        }
        assert told & found.keys() == (told if clients > 0 else set())
        assert "redis_rdb_last_save_age_seconds" not in found
        assert found["redis_mem_fragmentation_bytes"] == (4096.0 if clients > 0 else -4096.0)
        assert databases(found) == {"db0": 1200.0}


@pytest.mark.parametrize(
    "value",
    [
        "nan",
        "inf",
        "-inf",
        "1_000",
        " 42",
        "0x10",
        "-nan",
        "1,000",
        "1.000,5",
        "42%",
        "",
        "many",
        "1e999",
    ],
)
def test_what_is_no_number_is_absent(value: str) -> None:
    subject = reading()
    for told in ("7", value, "8"):
        found = subject.read(
            info(
                SERVER,
                ("Clients", {"connected_clients": told}),
                ("Keyspace", {"db0": f"keys={told},expires=1"}),
            )
        )
        expected = None if told == value else float(told)
        assert found.get("redis_connected_clients") == expected
        assert found.get('redis_db_keys{db="db0"}') == expected
        assert found['redis_db_keys_expiring{db="db0"}'] == 1.0


def test_what_is_worked_out_of_a_number_goes_with_it() -> None:
    known = "\n# Persistence\nrdb_last_save_time:1700000000\n"
    known += "# TLS\ntls_ca_cert_serial:0A\ntls_ca_cert_expires_in_seconds:90\n"
    subject = reading()
    before = subject.read((PLAIN + known).encode())
    after = subject.read((PLAIN + known.replace("1700000000", "-1").replace(":90", ":soon")).encode())

    gone = {
        "redis_rdb_last_save_age_seconds",
        "redis_rdb_last_save_timestamp_seconds",
        "redis_tls_ca_cert_expires_in_seconds",
        'redis_tls_certificate_info{certificate="ca", serial="0A"}',
    }
    assert before.keys() - after.keys() == gone


def test_spaces_around_lines_are_none_of_theirs() -> None:
    assert read("\n".join(f" \t{line} " for line in PLAIN.splitlines())) == read(PLAIN)


def test_a_comma_at_the_end_of_a_line() -> None:
    found = read(PLAIN.replace("calls=21,usec=175,usec_per_call=8.33", "calls=21,usec=175,"))

    assert found['redis_commands_duration_seconds_total{cmd="get"}'] == 175e-6


def test_a_database_without_a_count_is_not_empty() -> None:
    found = read(PLAIN.replace("db0:keys=19,", "db0:keys=19\ndb1:") + "db2:keys=1,expires=0")

    assert databases(found) == {"db0": 19.0, "db2": 1.0}


@pytest.mark.parametrize(
    "lines",
    [
        [f"cmdstat_x{n}:calls=1,usec=1" for n in range(50_000)],
        [f"engine_{n}:name=x{n},module=x" for n in range(50_000)],
        ["", "#"] * 1_000_000,
        ["cmdstat_set:calls=1," + "a=1," * 1_000_000 + "usec=1"],
        ["module:name=x," + "a=[b]," * 500_000],
        [f"redis_version:{'9' * 5_000}.1", f"db1 Strings_keys={'9' * 400}, expires=0"],
    ],
    ids=["commands", "engines", "nothing", "fields", "brackets", "digits"],
)
def test_a_reply_without_end_is_read_in_part(lines: Sequence[str]) -> None:
    subject, text = reading(), PLAIN + "\n".join(lines)
    began = time.process_time()
    found = subject.read(text.encode())

    assert time.process_time() - began < 1.0
    assert found["redis_connected_clients"] == 6.0
    assert databases(found)["db0"] == 19.0
    assert len(found) < 3_000


def test_two_replicas_that_announce_one_address() -> None:
    """The one that lags is not hidden by the other, in whichever order and whatever moves."""
    subject = reading()
    of = '{slave_ip="192.0.2.7", slave_port="6379", slave_state="online"}'

    def passes(*replicas: tuple[int, int]) -> tuple[float | None, float | None]:
        lines = {
            f"slave{index}": f"ip=192.0.2.7,port=6379,state=online,offset={offset},lag={lag}"
            for index, (offset, lag) in enumerate(replicas)
        }
        found = subject.read(info(SERVER, ("Replication", {"role": "master", **lines})))
        return (
            found.get(f"redis_connected_slave_offset_bytes{of}"),
            found.get(f"redis_connected_slave_lag_seconds{of}"),
        )

    assert passes((100, 57), (26600, 1)) == (100.0, 57.0)
    assert passes((100, 58), (26700, 0)) == (100.0, 58.0)
    assert passes((27000, 0), (26700, 3)) == (26700.0, 3.0)
    assert passes((27000, -1), (26800, 4)) == (26800.0, 4.0)
    assert passes((27000, -1), (26800, -1)) == (26800.0, None)
    assert passes((27000, 2)) == (27000.0, 2.0)


def test_a_replica_whose_fields_are_in_another_order() -> None:
    fields = {
        "slave_repl_offset": 9,
        "master_link_status": "down",
        "master_sync_left_bytes": -1,
        "master_link_down_since_seconds": 12,
        "master_total_sync_attempts": 3,
        "master_port": 6379,
        "master_host": "::1",
        "role": "slave",
    }
    found = reading().read(info(("Replication", fields), SERVER))
    of = '{master_host="::1", master_port="6379"}'

    assert found[f"redis_master_link_up{of}"] == 0.0
    assert found[f"redis_slave_repl_offset{of}"] == 9.0
    assert found[f"redis_master_link_down_since_seconds{of}"] == 12.0
    assert found[f"redis_master_sync_attempts_total{of}"] == 3.0
    assert f"redis_master_sync_left_bytes{of}" not in found


def test_primaries_of_keydb() -> None:
    found = read(
        PLAIN.replace(
            "role:master\n",
            "role:active-replica\nmaster_global_link_status:down\n"
            "Master 0: \nmaster_host:kdb0\nmaster_port:6377\nmaster_link_status:up\nslave_repl_offset:7\n"
            "Master 1: \nmaster_1_host:kdb1\nmaster_1_port:6378\nmaster_1_link_status:down\n"
            "slave_repl_offset:5\n",
        )
    )

    assert found['redis_master_link_up{master_host="kdb0", master_port="6377"}'] == 1.0
    assert found['redis_master_link_up{master_host="kdb1", master_port="6378"}'] == 0.0
    assert found['redis_slave_repl_offset{master_host="kdb0", master_port="6377"}'] == 7.0
    assert found['redis_slave_repl_offset{master_host="kdb1", master_port="6378"}'] == 5.0


PIKA = """\
# Server
pika_version:3.5.5
redis_version:3.2.7
uptime_in_seconds:7200

# Replication(MASTER)
role:master
connected_slaves:1
slave0:ip=10.0.0.2,port=9221,conn_fd=57,lag=(db0:0)
db0:binlog_offset=3 4100,safety_purge=none

# Keyspace
# Start async statistics
# Time:2026-11-01 03:00:00
# Duration: 12s
db0 Strings_keys=4200, expires=4100, invalid_keys=70
db0 Hashes_keys=36, expires=0, invalid_keys=0
db1 Lists_keys=2, expires=1, invalid_keys=0
"""


def test_keys_that_pika_counts_by_type() -> None:
    subject = reading()
    found = subject.read(PIKA.encode())
    later = subject.read(PIKA.replace("03:00:00", "04:00:00").replace("4200", "4300").encode())
    of = '{slave_ip="10.0.0.2", slave_port="9221", slave_state=""}'

    assert databases(found) == {"db0": 4236.0, "db1": 2.0}
    assert databases(later) == {"db0": 4336.0, "db1": 2.0}
    assert found['redis_db_keys_expiring{db="db0"}'] == 4100.0
    assert f"redis_connected_slave_lag_seconds{of}" not in found


@pytest.mark.parametrize(
    ("keyspace", "shown"),
    [
        ("# Keyspace\ndb0:keys=0,expires=0,avg_ttl=0", {"db0": 0.0}),
        ("# Keyspace", {"db0": 0.0}),
        ("# Keyspace\n# Time:2018-03-01 10:00:00\nkv keys:70110\nhash keys:3", {}),
        (
            "# Keyspace\n# Last DBSIZE SCAN time: 2026-11-01\ndb0:keys=77,expires=7,avg_ttl=0,expired=1\n"
            "sequence:120\nused_percent: 0%",
            {"db0": 77.0},
        ),
        ("# Keyspace\ndb0:keys=unknown,expires=1", {}),
        ("", {}),
        ("# Cluster\ncluster_enabled:0", {}),
    ],
)
def test_zeros_are_only_for_databases_that_are_known_to_be_empty(
    keyspace: str, shown: Mapping[str, float]
) -> None:
    server = "# Server\nredis_version:7.0.15\nuptime_in_seconds:9\n\n"
    assert databases(read(server + keyspace)) == shown


def test_what_a_section_repeats_under_the_same_names() -> None:
    """Valkey 9.1 has CLUSTER INFO once more, and a search for hot keys tells of its own memory."""
    found = read(
        PLAIN
        + "\n# Memory\nused_memory:100\n\n# Cluster Info\ncluster_state:ok\ncluster_enabled:7\n"
        + "\n# Hotkeys\ntracking_active:0\nused_memory:5\n\n# Keysizes\ndb0_distrib_strings_sizes:2=1,4=1\n"
    )

    assert found["redis_memory_used_bytes"] == 100.0
    assert "redis_cluster_enabled" not in found


def test_io_threads() -> None:
    threads = {"io_thread_0": "clients=2,reads=30,writes=31", "io_thread_1": "clients=0,reads=5,writes=6"}
    found = reading().read(
        info(SERVER, ("Threads", threads), ("CPU", {"used_active_time_io_thread_1": "0.5"}))
    )

    assert found['redis_io_thread_clients{thread="0"}'] == 2.0
    assert found['redis_io_thread_writes_total{thread="1"}'] == 6.0
    assert found['redis_io_thread_active_time_seconds_total{thread="1"}'] == 0.5


@pytest.mark.parametrize(
    ("fields", "flavour", "version"),
    [
        ({"redis_version": "7.2.4", "valkey_version": "9.1.2", "server_name": "valkey"}, "valkey", (9, 1, 2)),
        ({"redis_version": "7.4.0", "dragonfly_version": "df-v1.25.0"}, "dragonfly", (1, 25, 0)),
        ({"redis_version": "4.0.0", "kvrocks_version": "2.9.0"}, "kvrocks", (2, 9, 0)),
        ({"redis_version": "7.4.3", "garnet_version": "1.0.61"}, "garnet", (1, 0, 61)),
        ({"redis_version": "7.2.4", "redict_version": "7.3.1"}, "redict", (7, 3, 1)),
        ({"redis_version": "3.2.7", "pika_version": "3.5.5"}, "pika", (3, 5, 5)),
        ({"redis_version": "1.33.0", "tile38_version": "1.33.0"}, "tile38", (1, 33, 0)),
        ({"redis_version": "6.3.4", "mvcc_depth": "0"}, "keydb", (6, 3, 4)),
        ({"redis_version": "2.6.17"}, "redis", (2, 6, 17)),
    ],
)
def test_who_it_is(fields: Mapping[str, str], flavour: str, version: Sequence[int]) -> None:
    subject = reading()
    subject.read(info(("Server", {**fields, "server_mode": "standalone"})))

    assert (subject.facts.server.engine, subject.facts.server.version) == (flavour, version)
    assert subject.facts.server.mode == "standalone"


@pytest.mark.parametrize(
    "reply", ["", "\r\n", "# Proxy\r\nupstreams:3\r\nsessions:12\r\n", "<html>it works</html>"]
)
def test_a_reply_that_says_nothing_of_redis_is_a_fault(reply: str) -> None:
    subject = reading()
    for _ in range(2):
        with pytest.raises(TargetError, match="names no field that Redis has") as raised:
            asyncio.run(subject.reader.read(reply.encode(), 0.0))
        assert raised.value.reason is Reason.PROTOCOL
        subject.table.discard()
    assert subject.read(PLAIN.encode())["redis_connected_clients"] == 6.0


def test_a_proxy_is_not_simply_up() -> None:
    async def scenario() -> None:
        replies = {"INFO": "# Proxy\r\nupstreams:3\r\n"}
        async with canned_server(replies) as port, sampling(port, "info") as probe:
            await probe.run()
            assert probe.values("redis_instance_info") == {}
            assert probe.runner.status.up is False
            replies["INFO"] = PLAIN
            await probe.run()
            assert probe.value("redis_connected_clients") == 6.0

    run_async(scenario)


@pytest.mark.parametrize("to_all", ["", "# All\r\n", "sections:0\r\n", Exception("ERR syntax error")])
def test_a_server_that_does_not_know_all_sections_is_asked_for_the_usual(to_all: str | Exception) -> None:
    async def scenario() -> None:
        replies = {"INFO ALL": to_all, "INFO": PLAIN}
        async with canned_server(replies) as port, sampling(port, "info") as probe:
            for _ in range(2):
                await probe.run()
                assert probe.value("redis_connected_clients") == 6.0

    run_async(scenario)


STATISTICS = [
    "alloc_bytes",
    "2048",
    "go_goroutines",
    "20",
    "sys_cpus",
    "2",
    "tile38_num_objects",
    "7",
    "tile38_avg_point_size",
    "300",
    "tile38_read_only",
    "false",
    "tile38_http_transport",
    "true",
    "tile38_id",
    "5d0c6fd1",
    "go_version",
    "go1.22",
]


def test_tile38_is_asked_by_its_own_command() -> None:
    server = "# Server\r\ntile38_version:1.33.0\r\nredis_version:1.33.0\r\nuptime_in_seconds:5\r\n"

    async def scenario() -> None:
        replies = {"INFO": server, "SERVER EXT": STATISTICS}
        async with canned_server(replies) as port, sampling(port, "info") as probe:
            await probe.run()
            await probe.run()
            assert probe.value("redis_tile38_num_objects_total") == 7.0
            assert probe.value("redis_tile38_mem_alloc_bytes") == 2048.0
            assert probe.value("redis_tile38_cpus_total") == 2.0
            assert probe.value("redis_tile38_avg_item_size_bytes") == 300.0
            assert probe.value("redis_tile38_read_only") == 0.0
            assert probe.value("redis_tile38_http_transport") == 1.0
            # Tile38 has no databases.
            assert probe.values("redis_db_keys") == {}

    asyncio.run(scenario())


def test_what_redis_8_tells() -> None:
    found = reading().read(
        info(
            SERVER,
            ("Clients", {"active_clients": 3}),
            ("Memory", {"used_memory_peak_time": 1764474045, "mem_replica_full_sync_buffer": 7}),
            ("Memory", {"mem_cluster_slot_migration_input_buffer_peak": 8, "used_memory_hash_templates": 9}),
            ("Persistence", {"rdb_saves_consecutive_failures": 2, "backup_in_progress": 1}),
            ("Stats", {"expired_keys_active": 10, "slowlog_commands_count": 4, "hash_templates": 5}),
            ("Stats", {"slowlog_commands_time_ms_sum": "12.50", "avg_pipeline_length_cnt": 6}),
            (
                "Replication",
                {
                    "role": "slave",
                    "master_host": "h",
                    "master_port": 1,
                    "master_link_up_since_seconds": 334,
                    "master_current_sync_attempts": 1,
                    "total_disconnect_time_sec": 11,
                    "replica_full_sync_buffer_peak": 12,
                },
            ),
        )
    )

    assert found["redis_active_clients"] == 3.0
    assert found["redis_memory_used_peak_timestamp_seconds"] == 1764474045.0
    assert found["redis_mem_cluster_slot_migration_input_buffer_peak_bytes"] == 8.0
    assert found["redis_rdb_saves_consecutive_failures"] == 2.0
    assert found["redis_slowlog_commands_total"] == 4.0
    assert found["redis_slowlog_commands_time_ms_total"] == 12.5
    assert found["redis_pipeline_length_count_total"] == 6.0
    assert found['redis_master_link_up_since_seconds{master_host="h", master_port="1"}'] == 334.0
    assert found["redis_disconnect_time_seconds_total"] == 11.0
    assert found["redis_replica_full_sync_buffer_peak_bytes"] == 12.0


def test_the_start_stands_still_wherever_the_run_is_named() -> None:
    subject, lines = reading(), ["redis_version:7.0.15", "uptime_in_seconds:10", "run_id:abc"]
    for at in (1000.9, 1001.1, 1000.5):
        lines.insert(0, f"cmdstat_c{at}:calls=1")
        asyncio.run(subject.reader.read("\r\n".join(lines).encode(), at))
        sample = subject.table.finish(int(at * 10))
        found = {
            str(point.series): value for point, value in zip(sample.layout.points, sample.values, strict=True)
        }
        assert found["redis_start_time_seconds"] == 990.0
