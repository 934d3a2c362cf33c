"""The daemon itself."""

import asyncio
import errno
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final
from unittest import mock

from exporter.errors import StateError, VigilError
from exporter.events import Event, EventKind
from exporter.events.log import MAX_WAITING
from exporter.state.state_store import SqliteStateStore
from tests.crossings.stage import Scene, Stage, Within
from tests.fast.mailbox import PEER

# A rule of one's own that cannot be evaluated once both servers of a scene have a limit.
RULES: Final = """
groups:
  - name: own
    rules:
      - record: fails
        expr: 'sum(redis_up) / on () (redis_memory_max_bytes{instance=~"rule-failing-.+"} > 0)'
"""
ROUTING: Final = """
route:
  receiver: pager
  group_by: [alertname, instance]
  group_wait: 10s
  group_interval: 1m
  routes:
    - {matchers: [instance="notifications-failing"], receiver: broken}
receivers: [{name: pager}, {name: broken}]
"""
UNSENT_ROUTING: Final = """
route:
  receiver: chat
  group_by: [alertname, instance]
  group_wait: 10s
  group_interval: 1m
  routes:
    - {matchers: [alertname="RedisDown"], receiver: pager}
receivers:
  - {name: chat}
  - {name: pager, pagerduty_configs: [{routing_key: key-of-the-service}]}
"""
CONFIG: Final[Mapping[str, Any]] = {
    "samplers": {"queues": {"max_queues": 1, "lists": [{"key": "jobs:{name}"}]}},
    "alerting": {"alertmanagers": ["{hook}"]},
    "storage": {"path": "data"},
    "otlp": {"endpoint": "{hook}/otlp", "interval": "30s"},
    "peers": [{"url": "{hook}/peer", "name": "europe"}],
    "remote_write": [
        {"url": "{hook}/behind", "name": "behind"},
        {"url": "{hook}/refuses", "name": "refuses"},
    ],
}
DISK_CONFIG: Final[Mapping[str, Any]] = {"storage": {"path": "data", "retention": "10m"}}
_ALL: Final[Mapping[str, str]] = {}


async def _sampler_failing(stage: Stage) -> AsyncGenerator[None]:
    server = await stage.altered()
    yield
    server.replies["SLOWLOG"] = b"+what?\r\n"
    yield
    server.replies.clear()


async def _reload_failed(stage: Stage) -> AsyncGenerator[None]:
    yield
    good = stage.daemon.config_path.read_text()
    stage.daemon.config_path.write_text("global: [what?]")
    try:
        await stage.daemon.app.reload()
    except VigilError:
        pass
    else:
        raise AssertionError("no error")
    yield
    stage.daemon.config_path.write_text(good)
    await stage.daemon.app.reload()


async def _discovery_failing(stage: Stage) -> AsyncGenerator[None]:
    seed = stage.start("--cluster-enabled", "yes")
    stage.config["discovery"] = {
        "cluster": [{"urls": [seed.url], "name": "lonely", "refresh_interval": "15s"}]
    }
    yield
    seed.kill()
    yield
    seed.start()


async def _rule_failing(stage: Stage) -> AsyncGenerator[None]:
    servers = [stage.start() for _ in range(2)]
    for number, server in enumerate(servers):
        stage.watch(server, str(number))
    yield
    for server in servers:
        server.command("CONFIG", "SET", "maxmemory", "100mb")
    yield
    for server in servers:
        server.command("CONFIG", "SET", "maxmemory", 0)


async def _rules_late(stage: Stage) -> AsyncGenerator[None]:
    yield
    group = next(one for one in stage.daemon.app.alerting.rules.groups if one.spec.key.name == "redis-load")
    evaluate = group.evaluate

    async def evaluate_slowly(at_ms: int) -> None:
        await asyncio.sleep(20)
        await evaluate(at_ms)

    vars(group)["evaluate"] = evaluate_slowly
    yield
    del vars(group)["evaluate"]


async def _notifications_failing(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    stage.daemon.mailbox.answers["broken"] = 400
    server.kill()
    yield
    server.start()
    stage.daemon.mailbox.answers.pop("broken")


async def _notifications_unsent(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    server.kill()
    yield
    server.start()


async def _forwarding_failing(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.daemon.mailbox.answers["api/v2/alerts"] = 500
    yield
    stage.daemon.mailbox.answers.pop("api/v2/alerts")


async def _peer_down(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.daemon.mailbox.answers[PEER] = 500
    yield
    stage.daemon.mailbox.answers.pop(PEER)


async def _otlp_failing(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.daemon.mailbox.answers["otlp/v1/metrics"] = 503
    yield
    stage.daemon.mailbox.answers.pop("otlp/v1/metrics")


async def _remote_write_behind(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.daemon.mailbox.answers["behind"] = 503
    yield
    stage.daemon.mailbox.answers.pop("behind")


async def _remote_write_losing(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.daemon.mailbox.answers["refuses"] = 400
    yield
    stage.daemon.mailbox.answers.pop("refuses")


async def _queues_over_limit(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    server.command("LPUSH", "jobs:mail", "{}")
    yield
    server.command("LPUSH", "jobs:print", "{}")
    yield
    server.command("DEL", "jobs:print")


async def _clock_jumped(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.loop.clock.set_seconds = 3600
    yield


async def _stood_still(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.loop.stand_still(45)
    yield


async def _loop_stalls(stage: Stage) -> AsyncGenerator[None]:
    yield
    stage.daemon.app.loop_watch.start()
    for _ in range(2):
        # Really: it is a thread that watches.
        time.sleep(8)  # noqa: ASYNC251
        await asyncio.sleep(1)
    stage.daemon.app.loop_watch.stop()
    yield


async def _state_failing(stage: Stage) -> AsyncGenerator[None]:
    yield
    state_store = stage.daemon.app.core.state
    assert isinstance(state_store, SqliteStateStore)
    connection = state_store._database._connection

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    vars(connection)["_transact"] = fail
    yield
    del vars(connection)["_transact"]


def _full_disk(stage: Stage) -> AbstractContextManager[object]:
    """Nothing can be appended to the write-ahead log meanwhile."""
    history = stage.daemon.app.core.history
    assert history is not None
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return mock.patch.object(history.wal, "_write", side_effect=full)


async def _history_failing(stage: Stage) -> AsyncGenerator[None]:
    yield
    with _full_disk(stage):
        yield


async def _history_losing(stage: Stage) -> AsyncGenerator[None]:
    yield
    with _full_disk(stage):
        await stage.daemon.pass_time("30m")
    stage.crosses_now()
    yield


async def _block_gone(stage: Stage) -> AsyncGenerator[None]:
    yield
    directory = stage.daemon.config_path.parent / "data"
    while not (blocks := list(directory.glob("history-*.block"))):
        await stage.daemon.pass_time("1m")
    stage.crosses_now()
    blocks[0].unlink()
    yield


async def _events_failing(stage: Stage) -> AsyncGenerator[None]:
    yield
    events = stage.daemon.app.core.events
    database = events._database

    def fail(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        database._note_failure(error)
        raise StateError(str(error))

    with mock.patch.object(database, "_transact", fail):
        at = stage.daemon.app.core.clock.now()
        for number in range(MAX_WAITING + 100):
            events.record(Event.of(at, "", EventKind.SCAN, {"state": str(number)}))
        yield


async def _series_dropped(stage: Stage) -> AsyncGenerator[None]:
    server = stage.start()
    keys = {"check": ["big:*"], "max_keys": 20_000, "interval": "60s"}
    stage.watch_url(server.url, samplers={"keys": keys, "keyspace": {"enabled": False}})
    yield
    server.command("DEBUG", "POPULATE", 11_000, "big", 10)
    yield
    server.command("FLUSHALL")


SCENES: Final = (
    Scene(
        "altered replies: SLOWLOG is answered with what is no slow log",
        _sampler_failing,
        {"VigilSamplerFailing": Within("16m", "3m")},
    ),
    Scene(
        "the configuration is overwritten with what is none, and reloaded",
        _reload_failed,
        {"VigilReloadFailed": Within("1m", "3m")},
        labels=_ALL,
    ),
    Scene(
        "the only seed of a cluster is killed",
        _discovery_failing,
        {"VigilDiscoveryFailing": Within("6m", "3m")},
        labels=_ALL,
    ),
    Scene(
        "a rule of one's own matches many servers to many",
        _rule_failing,
        {"VigilRuleFailing": Within("6m", "7m")},
        labels=_ALL,
    ),
    Scene(
        "a receiver answers with 400",
        _notifications_failing,
        {"VigilNotificationsFailing": Within("1m", "12m")},
        labels=_ALL,
        besides=frozenset({"RedisDown", "RedisRestarted"}),
    ),
    Scene(
        "an Alertmanager answers with 500",
        _forwarding_failing,
        {"VigilForwardingFailing": Within("3m", "7m")},
        labels=_ALL,
    ),
    Scene(
        "another daemon answers with 500",
        _peer_down,
        {"VigilPeerDown": Within("7m", "3m")},
        labels=_ALL,
    ),
    Scene(
        "a receiver of OTLP answers with 503",
        _otlp_failing,
        {"VigilOtlpFailing": Within("7m", "14m")},
        labels=_ALL,
    ),
    Scene(
        "a receiver of remote write answers with 503",
        _remote_write_behind,
        {"VigilRemoteWriteBehind": Within("13m", "3m")},
        labels=_ALL,
    ),
    Scene(
        "a receiver of remote write answers with 400",
        _remote_write_losing,
        {"VigilRemoteWriteLosing": Within("7m", "13m")},
        labels=_ALL,
    ),
    Scene(
        "every transaction of the state database fails",
        _state_failing,
        {"VigilStateFailing": Within("6m", "7m")},
        labels=_ALL,
    ),
    Scene(
        "nothing can be written to the file of the events, and more come than can wait",
        _events_failing,
        {"VigilEventsFailing": Within("6m", "4m"), "VigilEventsLosing": Within("1m", "13m")},
        labels=_ALL,
    ),
    Scene(
        "nothing can be written to the write-ahead log",
        _history_failing,
        {"VigilHistoryFailing": Within("6m", "5m")},
        labels=_ALL,
    ),
    Scene(
        "a block of the history is deleted",
        _block_gone,
        {"VigilStorageDamaged": Within("90s", "63m")},
        labels=_ALL,
    ),
    Scene(
        "keys of one's own choice, 11,000 of them, make more series than a sampler may have",
        _series_dropped,
        {"VigilSeriesDropped": Within("2m", "63m")},
        labels=_ALL,
    ),
    Scene(
        "a second queue is found where max_queues is 1",
        _queues_over_limit,
        {"VigilQueuesOverLimit": Within("3m", "20m")},
        labels=_ALL,
        besides=frozenset({"RedisQueueOldJob"}),
    ),
)
DISK: Final = (
    Scene(
        "the disk has room again, after longer than memory reaches",
        _history_losing,
        {"VigilHistoryLosing": Within("1m", "13m")},
        labels=_ALL,
    ),
)
UNSENT: Final = (
    Scene(
        "a server dies that only a receiver in PagerDuty is told of, and no Alertmanager is configured",
        _notifications_unsent,
        {"VigilNotificationsUnsent": Within("90s", "66m")},
        labels=_ALL,
        besides=frozenset({"RedisDown", "RedisRestarted"}),
    ),
)
CLOCK: Final = (
    Scene(
        "the machine's clock is set on by an hour",
        _clock_jumped,
        {"VigilClockJumped": Within("1m", "12m")},
        labels=_ALL,
    ),
)
STANDSTILL: Final = (
    Scene("nothing runs for 45 seconds", _stood_still, {"VigilStoodStill": Within("2m", "12m")}, labels=_ALL),
)
STALLS: Final = (
    Scene(
        "twice what the event loop does takes eight seconds",
        _loop_stalls,
        {"VigilLoopStalls": Within("2m", "12m")},
        labels=_ALL,
    ),
)
LATE: Final = (
    Scene(
        "a group of rules takes 20 s to evaluate",
        _rules_late,
        {"VigilRulesLate": Within("12m", "13m")},
        labels=_ALL,
    ),
)
