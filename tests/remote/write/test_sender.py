"""What receivers answer, and what becomes of samples then."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from exporter.remote.protocol import snappy
from exporter.remote.protocol.prometheus_pb2 import WriteRequest
from exporter.remote.write.delivery import Delivery
from tests.notify.http_listener import HANG, RESET, HttpListener, Reply
from tests.remote.write.sending import World, received, section, until, values

Story = Coroutine[Any, Any, None]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited between attempts, which takes no time."""
    found: list[float] = []

    async def pause(delivery: Delivery, seconds: float) -> bool:
        found.append(seconds)
        await asyncio.sleep(0)
        return not delivery.is_ending

    monkeypatch.setattr(Delivery, "_pause", pause)
    return found


def run(story: Callable[[World, HttpListener], Story], *replies: Reply, **settings: Any) -> World:
    """A world that sends to a listener with these answers."""
    world = World()

    async def play() -> None:
        async with HttpListener(*replies) as listener:
            await world.start(section(f"{listener.url}/write", name="r", **settings))
            try:
                await story(world, listener)
            finally:
                await world.writer.stop(1.0)

    asyncio.run(play())
    return world


def test_requests_say_what_the_specification_asks_for() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: listener.requests)
        headers = listener.requests[0].headers
        assert headers["content-type"] == "application/x-protobuf"
        assert headers["content-encoding"] == "snappy"
        assert headers["x-prometheus-remote-write-version"] == "0.1.0"
        assert headers["user-agent"].startswith("redis-vigil/")
        assert headers["x-scope-orgid"] == "7"
        assert headers["authorization"] == "Bearer s3cret"
        assert "retry-attempt" not in headers

    run(story, headers={"X-Scope-OrgID": 7}, authorization={"credentials": "s3cret"})


def test_version_2_says_so() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("samples_total"))
        headers = listener.requests[0].headers
        assert headers["content-type"] == "application/x-protobuf;proto=io.prometheus.write.v2.Request"
        assert headers["x-prometheus-remote-write-version"] == "2.0.0"
        assert values(listener) == {"one": [1.0]}
        assert world.metric("samples_failed_total") == 0

    taken = Reply(204, b"", {"X-Prometheus-Remote-Write-Samples-Written": "1"})
    run(story, taken, protobuf_message="io.prometheus.write.v2.Request")


def test_a_receiver_of_version_1_that_takes_version_2_for_its_own_is_noticed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("samples_total"))
        assert world.metric("samples_failed_total") == 1

    run(story, protobuf_message="io.prometheus.write.v2.Request")
    assert "use prometheus.WriteRequest" in caplog.text


def test_a_part_that_was_taken_is_not_counted_as_failed() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        for value in (1.0, 2.0, 3.0):
            world.append(value)
        await until(lambda: world.metric("samples_total") == 3)
        assert world.metric("samples_failed_total") == 1

    partly = Reply(400, b"one is bad", {"X-Prometheus-Remote-Write-Samples-Written": "2"})
    run(story, partly, protobuf_message="io.prometheus.write.v2.Request")


def test_what_is_refused_is_dropped_and_counted_and_the_next_is_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("samples_failed_total") == 1)
        world.append(2.0)
        await until(lambda: world.metric("samples_total") == 2)
        assert values(listener) == {"one": [1.0, 2.0]}
        assert world.metric("samples_failed_total") == 1

    run(story, Reply(400, b"out of order sample"), Reply(200))
    assert caplog.text.count("refuses samples") == 1
    assert "out of order sample" in str([record.__dict__ for record in caplog.records])


def test_429_is_sent_again_after_as_long_as_it_asks_for(pauses: list[float]) -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("samples_total") == 1)
        assert [request.body for request in listener.requests] == [listener.requests[0].body] * 3
        assert [request.headers.get("retry-attempt") for request in listener.requests] == [None, "1", "2"]
        assert world.metric("samples_retried_total") == 2
        assert world.metric("samples_failed_total") == 0

    run(story, Reply(429, headers={"Retry-After": "17"}), Reply(503), Reply(200))
    assert pauses[0] == 17.0
    assert pauses[1] < 1.0


def test_429_is_final_where_that_is_configured() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("samples_failed_total") == 1)

    run(story, Reply(429), queue_config={"retry_on_http_429": False})


@pytest.mark.parametrize(
    "fault", [Reply(500), Reply(503), RESET, HANG], ids=["500", "503", "closes", "hangs"]
)
def test_what_fails_is_sent_again_and_what_came_meanwhile_after_it(
    fault: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: len(listener.requests) >= 3)
        world.append(2.0)
        listener.answer_with(Reply(200))
        await until(lambda: world.metric("samples_total") == 2)
        last = range(len(listener.requests))[-2:]
        assert values(listener, last) == {"one": [1.0, 2.0]}
        assert world.metric("samples_failed_total") == 0

    run(story, fault, remote_timeout="400ms")
    assert caplog.text.count("remote write fails") == 1
    assert caplog.text.count("remote write works again") == 1


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("samples_total") == 1)
        assert world.metric("samples_failed_total") == 0

    run(story, Reply(200, bytes(10 << 20)))


def test_backoff_doubles_up_to_its_limit(pauses: list[float]) -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: len(pauses) >= 7)

    run(story, Reply(503), queue_config={"min_backoff": "1s", "max_backoff": "8s"})
    for pause, wanted in zip(pauses, (1, 2, 4, 8, 8, 8, 8), strict=False):
        assert wanted * 0.5 <= pause <= wanted * 1.5


def test_what_has_grown_too_old_while_it_was_tried_is_dropped(pauses: list[float]) -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: pauses)
        world.clock.at += 120
        await until(lambda: world.metric("samples_dropped_total", reason="too_old") == 1)
        assert world.metric("samples_total") == 0

    run(story, Reply(503), queue_config={"sample_age_limit": "1m"})


def test_a_receiver_that_hangs_keeps_no_other_waiting() -> None:
    world = World()

    async def play() -> None:
        async with HttpListener(HANG) as hanging, HttpListener() as good:
            await world.start(section(hanging.url), section(good.url))
            for value in range(5):
                world.append(float(value))
                await until(partial(_has, good, value + 1))
            began = asyncio.get_running_loop().time()
            await world.writer.stop(0.2)
            assert asyncio.get_running_loop().time() - began < 5
            assert values(good) == {"one": [0.0, 1.0, 2.0, 3.0, 4.0]}

    asyncio.run(play())


def test_what_has_not_been_sent_is_sent_at_the_end() -> None:
    world = World()

    async def play() -> None:
        async with HttpListener() as listener:
            await world.start(section(listener.url, queue_config={"batch_send_deadline": "1h"}))
            world.append(1.0)
            await asyncio.sleep(0.05)
            assert not listener.requests
            await world.writer.stop(20)
            assert values(listener) == {"one": [1.0]}

    asyncio.run(play())


def test_another_url_gets_what_waits_for_the_one_before() -> None:
    world = World()

    async def play() -> None:
        async with HttpListener(Reply(503)) as old, HttpListener() as new:
            slow = {"min_backoff": "1h", "max_backoff": "1h"}
            await world.start(section(old.url, name="r", queue_config=slow))
            world.append(1.0)
            await until(lambda: old.requests)
            world.append(2.0)
            world.writer.apply([section(new.url, name="r")], {"cluster": "a"})
            await until(lambda: world.metric("samples_total", url=new.url) == 2)
            found = received(new)
            clusters = {labels.get("cluster"): [value for _, value in one] for labels, one in found.items()}
            # The first was encoded before the reload.
            assert clusters == {"": [1.0], "a": [2.0]}
            await world.writer.stop(1)

    asyncio.run(play())


def test_a_receiver_that_is_taken_out_gets_nothing_more_and_its_metrics_go() -> None:
    world = World()

    async def play() -> None:
        async with HttpListener() as listener:
            await world.start(section(listener.url))
            world.append(1.0)
            await until(lambda: listener.requests)
            world.writer.apply([], {})
            world.append(2.0)
            await asyncio.sleep(0.1)
            assert values(listener) == {"one": [1.0]}
            await world.writer.stop(1)

    asyncio.run(play())
    assert world.metric("samples_total") == 0
    assert world.metric("highest_timestamp_in_seconds") == world.clock.at


def test_many_sources_are_sent_over_several_shards_each_in_order() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        for number in range(60):
            world.append(float(number), f"source {number % 6}")
        await until(lambda: world.metric("samples_total") == 60)
        moments = [moment for request in listener.requests for moment in _moments(request.body)]
        assert len(set(moments)) == 60

    run(story, queue_config={"max_samples_per_send": 3, "min_shards": 4})


def _has(listener: HttpListener, count: int) -> bool:
    return len(values(listener).get("one", ())) == count


def _moments(body: bytes) -> list[int]:
    request = WriteRequest()
    request.ParseFromString(snappy.decompress(body, 1 << 20))
    return [series.samples[0].timestamp for series in request.timeseries]


def test_types_and_help_texts_are_told_now_and_then() -> None:
    async def story(world: World, listener: HttpListener) -> None:
        world.append(1.0)
        await until(lambda: world.metric("metadata_total") == 1)
        bodies = [snappy.decompress(request.body, 1 << 20) for request in listener.requests]
        told = []
        for body in bodies:
            request = WriteRequest()
            request.ParseFromString(body)
            told += [(one.metric_family_name, one.type, one.help) for one in request.metadata]
        assert told == [("redis_up", 2, "Whether it answers.")]

    run(story, metadata_config={"send_interval": "1m"})


def test_no_secret_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()

    async def play() -> None:
        async with HttpListener(Reply(503)) as listener:
            url = listener.url.replace("//", "//user:hunter2@") + "/write?token=hunter3"
            await world.start(section(url, headers={"X-Key": "hunter4"}))
            world.append(1.0)
            await until(lambda: len(listener.requests) > 2)
            await world.writer.stop(0.1)

    asyncio.run(play())
    shown = str([record.__dict__ for record in caplog.records if record.name.startswith("exporter")])
    labels = str([sample for family in world.registry.collect() for sample in family.samples])
    assert "remote write fails" in shown
    assert "hunter" not in shown + labels
