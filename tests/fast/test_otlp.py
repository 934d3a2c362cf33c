"""The daemon sends by OTLP what its page shows: every series of a real server, and its own."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.events import Event, EventKind
from tests.fast.daemon import FastDaemon, run_fast
from tests.notify.http_listener import HttpListener, Reply
from tests.remote.otlp.receiver import DataPoint, Key, points_of, records_of
from tests.servers import RealServer

StartServer = Callable[..., RealServer]
# What the daemon says of itself moves between the page and what is sent.
OWN = "redis-vigil"


def page_series(text: str) -> dict[Key, float]:
    """The series of the page that belong to a server, without the label `instance`."""
    return {
        (
            sample.name,
            frozenset((name, value) for name, value in sample.labels.items() if name != "instance"),
        ): (sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "instance" in sample.labels
    }


def sent_series(points: list[DataPoint]) -> dict[Key, float]:
    return {
        key: value
        for point in points
        if point.resource["service.name"] != OWN and not point.is_end
        for key, value in point.series()
    }


def normal(key: Key) -> Key:
    """Bounds and ranks in one notation; the parser gives the names of all counts the same ending."""
    name, labels = key
    return name.removesuffix("_total"), frozenset(
        (label, f"{float(value):g}" if label in ("le", "quantile") and value != "+Inf" else value)
        for label, value in labels
    )


def test_what_is_sent_is_what_the_page_shows(start_server: StartServer) -> None:
    server = start_server()
    server.command("CONFIG", "SET", "slowlog-log-slower-than", "0")
    server.command("SET", "a", "1")
    server.command("LPUSH", "queue", "1", "2")

    async def story() -> None:
        async with HttpListener() as receiver:
            config = {"otlp": {"endpoint": receiver.url, "interval": "1h"}}
            async with FastDaemon(config, server) as daemon:
                await daemon.pass_time("2m")
                page = page_series((await daemon.get("/metrics")).text)
                for _ in range(20):
                    seen = len(receiver.requests)
                    with daemon.loop.working():
                        await daemon.app.otlp.collect()
                    before, page = page, page_series((await daemon.get("/metrics")).text)
                    if page == before:
                        # Nothing was sampled meanwhile.
                        break
                await daemon.wait_until(lambda: points_of(*receiver.requests[seen:]), within="30s")
                points = points_of(*receiver.requests[seen:])
                sent = {normal(key): value for key, value in sent_series(points).items()}
                shown = {normal(key): value for key, value in page.items()}
                assert shown.keys() - sent.keys() == set()
                assert sent.keys() - shown.keys() == set()
                assert {key: (value, sent[key]) for key, value in shown.items() if sent[key] != value} == {}
                assert len(shown) > 300
                resources = {point.resource["service.name"]: point.resource for point in points}
                assert resources.keys() == {"redis", OWN}
                assert resources["redis"]["db.system.name"] in ("redis", "valkey")
                assert resources["redis"]["service.instance.id"] == server.instance
                assert resources["redis"]["server.port"] == server.port
                own = {point.metric.name for point in points if point.resource["service.name"] == OWN}
                assert {"redis_vigil_build_info", "redis_vigil_job_runs_total"} <= own

    run_fast(story())


def test_a_reload_sends_elsewhere_and_a_receiver_that_is_away_misses_nothing(
    start_server: StartServer,
) -> None:
    server = start_server()

    async def story() -> None:
        async with (
            HttpListener(Reply(503)) as one,
            HttpListener() as other,
            FastDaemon({"otlp": {"endpoint": one.url, "interval": "15s"}}, server) as daemon,
        ):
            await daemon.wait_until(lambda: len(one.requests) > 2, within="5m")
            await daemon.reload({"otlp": {"endpoint": other.url, "interval": "15s"}})
            await daemon.pass_time("3m")
            times = sorted(
                {point.at for point in points_of(*other.requests) if point.metric.name == "redis_up"}
            )
            assert len(times) >= 10
            assert max(later - earlier for earlier, later in pairwise(times)) < 20_000
            await daemon.reload({"otlp": {}})
            seen = len(other.requests)
            await daemon.pass_time("2m")
            assert len(other.requests) == seen

    run_fast(story())


@pytest.mark.parametrize(
    ("logs", "names"),
    [
        ({}, {"redis_vigil.alert", "redis_vigil.failover"}),
        ({"alerts": False}, {"redis_vigil.failover"}),
        ({"events": False}, {"redis_vigil.alert"}),
        ({"alerts": False, "events": False}, set()),
    ],
)
def test_alerts_and_events_are_sent_as_logs_as_configured(
    start_server: StartServer, logs: dict[str, bool], names: set[str]
) -> None:
    server = start_server()

    async def story() -> None:
        async with HttpListener() as receiver:
            config = {"otlp": {"endpoint": receiver.url, "metrics": False, "logs": logs}}
            async with FastDaemon(config, server) as daemon:
                await daemon.pass_time("20s")
                at = daemon.app.core.clock.now()
                for kind in (EventKind.ALERT, EventKind.FAILOVER):
                    event = Event.of(at, server.instance, kind, {"state": "firing", "test": "yes"})
                    # Whatever is recorded twice is sent once.
                    for _ in range(2):
                        daemon.app.core.events.record(event)
                await daemon.pass_time("20s")
            records = records_of(*receiver.requests)
            ours = [
                one for one in records if any(pair.key == "redis_vigil.test" for pair in one[1].attributes)
            ]
            assert sorted(record.event_name for _, record in ours) == sorted(names)
            assert {one["server.port"] for one, _ in ours} <= {server.port}
            assert {request.target for request in receiver.requests} <= {"/v1/logs"}

    run_fast(story())


def test_the_end_sends_the_newest_samples(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with HttpListener() as receiver:
            async with FastDaemon({"otlp": {"endpoint": receiver.url, "interval": "1h"}}, server) as daemon:
                await daemon.pass_time("1m")
                assert points_of(*receiver.requests) == []
            assert "redis_up" in {point.metric.name for point in points_of(*receiver.requests)}

    run_fast(story())
