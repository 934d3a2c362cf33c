"""One cause each, as the series of a server or two tell it, and the one message that is wanted."""

from collections.abc import Iterable, Mapping
from typing import Final

from tests.causes.world import Cause


def cause(
    name: str, series: Mapping[str, str], fires: Iterable[str], *told: Iterable[str], minutes: float = 15
) -> Cause:
    return Cause(name, series, frozenset(fires), [frozenset(one) for one in told], minutes)


_A, _B, _C = 'instance="10.0.0.1:6379"', 'instance="10.0.0.2:6379"', 'instance="10.0.0.3:6379"'
_SHOP = 'cluster="shop"'
_M = 'master_name="m"'
_SENTINEL = f'instance="s:26379",{_M}'
_STREAM = f'{_A},framework="stream",queue="orders"'
_QUEUE = f'{_A},framework="bullmq",queue="mail"'

CAUSES: Final = [
    cause(
        "a primary dies, and nobody takes over",
        {
            f"redis_up{{{_A}}}": "1x9 0x60",
            f"redis_up{{{_B}}}": "1x70",
            f'redis_instance_info{{{_A},role="master",run_id="a",master_replid="x"}}': "1x9 stale",
            f'redis_instance_info{{{_B},role="slave",run_id="b",master_replid="x"}}': "1x70",
            f'redis_master_link_up{{{_B},master_host="10.0.0.1",master_port="6379"}}': "1x9 0x60",
        },
        {"RedisDown"},
        {"RedisDown/10.0.0.1:6379"},
    ),
    cause(
        "a replica dies",
        {
            f"redis_up{{{_A}}}": "1x70",
            f"redis_up{{{_B}}}": "1x9 0x60",
            f'redis_instance_info{{{_A},role="master",run_id="a",master_replid="x"}}': "1x70",
            f'redis_instance_info{{{_B},role="slave",run_id="b",master_replid="x"}}': "1x9 stale",
            f"redis_connected_slaves{{{_A}}}": "1x9 0x60",
        },
        {"RedisDown"},
        {"RedisDown/10.0.0.2:6379"},
    ),
    cause(
        "Sentinel replaces a primary that died",
        {
            f"redis_up{{{_A},{_M}}}": "1x9 0x60",
            f"redis_up{{{_B},{_M}}}": "1x70",
            f"redis_up{{{_C},{_M}}}": "1x70",
            f'redis_instance_info{{{_A},{_M},role="master",run_id="a",master_replid="x"}}': "1x9 stale",
            f'redis_instance_info{{{_B},{_M},role="slave",run_id="b",master_replid="x"}}': "1x9 stale",
            f'redis_instance_info{{{_B},{_M},role="master",run_id="b",master_replid="y"}}': "_x10 1x60",
            f'redis_instance_info{{{_C},{_M},role="slave",run_id="c",master_replid="y"}}': "_x10 1x60",
            f"redis_connected_slaves{{{_A},{_M}}}": "2x9 stale",
            f"redis_connected_slaves{{{_B},{_M}}}": "0x9 1x60",
            f'redis_errors_total{{{_B},{_M},err="READONLY"}}': "0x9 30x60",
        },
        {"RedisDown", "RedisPromoted"},
        {"RedisDown/10.0.0.1:6379", "RedisPromoted/10.0.0.2:6379"},
    ),
    cause(
        "a cluster fails over",
        {
            f"redis_up{{{_A},{_SHOP}}}": "1x9 0x60",
            f"redis_up{{{_B},{_SHOP}}}": "1x70",
            f"redis_up{{{_C},{_SHOP}}}": "1x70",
            f"redis_cluster_state{{{_A},{_SHOP}}}": "1x9 stale",
            f"redis_cluster_state{{{_B},{_SHOP}}}": "1x9 0 1x60",
            f"redis_cluster_state{{{_C},{_SHOP}}}": "1x9 0 1x60",
            f'redis_instance_info{{{_A},{_SHOP},role="master",run_id="a",master_replid="x"}}': "1x9 stale",
            f'redis_instance_info{{{_B},{_SHOP},role="slave",run_id="b",master_replid="x"}}': "1x9 stale",
            f'redis_instance_info{{{_B},{_SHOP},role="master",run_id="b",master_replid="y"}}': "_x10 1x60",
            f"redis_connected_slaves{{{_A},{_SHOP}}}": "1x9 stale",
            f"redis_connected_slaves{{{_B},{_SHOP}}}": "0x70",
            f'redis_errors_total{{{_B},{_SHOP},err="CLUSTERDOWN"}}': "0x9 500x60",
            f'redis_errors_total{{{_C},{_SHOP},err="CLUSTERDOWN"}}': "0x9 500x60",
        },
        {"RedisDown", "RedisPromoted", "RedisClusterInterrupted"},
        {"RedisDown/10.0.0.1:6379", "RedisPromoted/10.0.0.2:6379"},
    ),
    cause(
        "a cluster is down",
        {f"redis_up{{{one},{_SHOP}}}": "1x70" for one in (_A, _B, _C)}
        | {f"redis_cluster_state{{{one},{_SHOP}}}": "1x9 0x60" for one in (_A, _B, _C)}
        | {f"redis_cluster_slots_fail{{{one},{_SHOP}}}": "0x9 5461x60" for one in (_A, _B, _C)}
        | {f"redis_cluster_slots_pfail{{{one},{_SHOP}}}": "0x70" for one in (_A, _B, _C)}
        | {f"redis_cluster_slots_assigned{{{one},{_SHOP}}}": "16384x9 10923x60" for one in (_A, _B, _C)}
        | {f"redis_cluster_known_nodes{{{one},{_SHOP}}}": "6x70" for one in (_A, _B, _C)},
        {"RedisClusterDown", "RedisClusterSlotsUnassigned"},
        {"RedisClusterDown/shop"},
    ),
    cause(
        "a host dies with all its servers",
        {f'redis_up{{instance="10.0.0.9:{port}"}}': "1x9 0x60" for port in (6379, 6380, 6381)}
        | {f"redis_up{{{one}}}": "1x70" for one in (_A, _B, _C)},
        {"RedisDown", "RedisHostDown"},
        {"RedisHostDown/10.0.0.9"},
    ),
    cause(
        "the daemon is cut off",
        {f'redis_up{{instance="10.0.{host}.1:{port}"}}': "1x9 0x60" for host in range(5) for port in (1, 2)},
        {"RedisDown", "RedisHostDown", "RedisMostDown"},
        {"RedisMostDown"},
    ),
    cause(
        "a server restarts",
        {
            f"redis_up{{{_A}}}": "1x9 0 1x60",
            f"redis_uptime_in_seconds{{{_A}}}": "1000+15x8 stale 5+15x59",
            f'redis_errors_total{{{_A},err="LOADING"}}': "0x8 stale 20x59",
        },
        {"RedisDown", "RedisRestarted"},
        {"RedisDown/10.0.0.1:6379"},
        {"RedisRestarted/10.0.0.1:6379"},
    ),
    cause(
        "a server restarts so quickly that nobody has to be called",
        {
            f"redis_up{{{_A}}}": "1x70",
            f"redis_uptime_in_seconds{{{_A}}}": "1000+15x8 5+15x59",
            f"redis_loading_dump_file{{{_A}}}": "0x8 1 0x59",
            f'redis_errors_total{{{_A},err="LOADING"}}': "0x8 20x59",
        },
        {"RedisRestarted"},
        {"RedisRestarted/10.0.0.1:6379"},
    ),
    cause(
        "memory is full",
        {
            f"redis_up{{{_A}}}": "1x99",
            f"redis_memory_used_bytes{{{_A}}}": "700+10x29 1000x70",
            f"redis_memory_max_bytes{{{_A}}}": "1000x99",
            f'redis_instance_info{{{_A},role="master",maxmemory_policy="noeviction"}}': "1x99",
            f'redis_errors_total{{{_A},err="OOM"}}': "0x29 50+50x70",
            f"redis_total_error_replies{{{_A}}}": "0x29 50+50x70",
            f"redis_commands_processed_total{{{_A}}}": "0+500x99",
        },
        {"RedisMemoryFull", "RedisMemoryHigh", "RedisSevereErrors", "RedisErrorRateHigh"},
        {"RedisMemoryFull/10.0.0.1:6379"},
        minutes=20,
    ),
    cause(
        "clients take all connections",
        {
            f"redis_up{{{_A}}}": "1x70",
            f"redis_connected_clients{{{_A}}}": "10x9 100x60",
            f"redis_max_clients{{{_A}}}": "100x70",
            f"redis_rejected_connections_total{{{_A}}}": "0x9 10+30x60",
        },
        {"RedisConnectionsRejected", "RedisConnectionErrors", "RedisClientsHigh"},
        {"RedisConnectionsRejected/10.0.0.1:6379"},
    ),
    cause(
        "the disk is full",
        {
            f"redis_up{{{_A}}}": "1x70",
            f"redis_rdb_last_bgsave_status{{{_A}}}": "1x9 0x60",
            f'redis_errors_total{{{_A},err="MISCONF"}}': "0x9 10+50x60",
            f"redis_total_error_replies{{{_A}}}": "0x9 10+50x60",
            f"redis_commands_processed_total{{{_A}}}": "0+500x70",
        },
        {"RedisRdbSaveFailed", "RedisSevereErrors", "RedisErrorRateHigh"},
        {"RedisRdbSaveFailed/10.0.0.1:6379"},
    ),
    cause(
        "the workers of a queue die",
        {
            f"redis_up{{{_A}}}": "1x99",
            f"redis_queue_workers{{{_QUEUE}}}": "2x9 0x90",
            f"redis_queue_stale_workers{{{_QUEUE}}}": "0x9 2x90",
            f'redis_queue_jobs{{{_QUEUE},state="waiting"}}': "0x9 10+40x90",
            f'redis_queue_oldest_job_age_seconds{{{_QUEUE},method="timestamp"}}': "0x9 15+15x90",
            f"redis_queue_orphaned_jobs{{{_QUEUE}}}": "0x9 2x90",
        },
        {"RedisQueueNoWorker", "RedisQueueBacklog", "RedisQueueOrphanedJobs"},
        {"RedisQueueNoWorker/10.0.0.1:6379"},
        minutes=20,
    ),
    cause(
        "a consumer of a stream dies with an entry",
        {
            f"redis_up{{{_A}}}": "1x70",
            f'redis_queue_group_stuck_entries{{{_STREAM},group="g"}}': "0x9 1x60",
            f"redis_queue_stuck_jobs{{{_STREAM}}}": "0x9 1x60",
        },
        {"RedisStreamEntriesStuck", "RedisQueueStuckJobs"},
        {"RedisStreamEntriesStuck/10.0.0.1:6379"},
    ),
    cause(
        "the consumers of a stream do not keep up",
        {
            f"redis_up{{{_A}}}": "1x200",
            f'redis_queue_group_lag_entries{{{_STREAM},group="g"}}': "0x9 0+30x190",
            f'redis_queue_oldest_job_age_seconds{{{_STREAM},method="timestamp"}}': "0x9 0+15x190",
        },
        {"RedisStreamLagGrows", "RedisQueueOldJob"},
        {"RedisQueueOldJob/10.0.0.1:6379"},
        minutes=40,
    ),
    cause(
        "a primary dies with a queue on it",
        {
            f"redis_up{{{_A}}}": "1x29 0x60",
            f"redis_queue_workers{{{_QUEUE}}}": "0x29 stale",
            f'redis_queue_jobs{{{_QUEUE},state="waiting"}}': "5x29 stale",
            f"redis_queue_paused{{{_QUEUE}}}": "1x29 stale",
        },
        {"RedisDown"},
        {"RedisDown/10.0.0.1:6379"},
    ),
    cause(
        "two of three sentinels die",
        {
            f'redis_sentinel_master_ckquorum_status{{{_SENTINEL},message="NOQUORUM"}}': "_x9 0x60",
            f'redis_sentinel_master_ok_sentinels{{{_SENTINEL},master_address="a"}}': "3x9 1x60",
            f'redis_sentinel_master_sentinels{{{_SENTINEL},master_address="a"}}': "3x70",
            f'redis_sentinel_master_ok_slaves{{{_SENTINEL},master_address="a"}}': "1x70",
        },
        {"RedisSentinelNoQuorum", "RedisSentinelFewSentinels"},
        {"RedisSentinelNoQuorum/m"},
    ),
    cause(
        "one slow command holds up all others",
        {
            f"redis_up{{{_A}}}": "1x70",
            f'redis_slowlog_entries_total{{{_A},command="keys"}}': "0x9 15x60",
            f'redis_slowlog_duration_seconds_count{{{_A},command="keys"}}': "0x9 15x60",
            f'redis_slowlog_duration_seconds_bucket{{{_A},command="keys",le="1.0"}}': "0x70",
        },
        {"RedisSlowCommands", "RedisVerySlowCommand"},
        {"RedisVerySlowCommand/10.0.0.1:6379"},
    ),
]
