"""A receiver that was away for hours gets what has left memory meanwhile from the history on disk."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from exporter.model.labels import Labels
from tests.fast.daemon import FastDaemon, run_fast
from tests.notify.http_listener import HttpListener, Reply
from tests.remote.write.sending import received
from tests.servers import RealServer

StartServer = Callable[..., RealServer]


def moments(listener: HttpListener, name: str, taken: Sequence[int]) -> dict[Labels, list[int]]:
    """When the series of a metric were sampled, in the order in which that arrived."""
    found = received(listener, taken)
    return {labels: [at for at, _ in samples] for labels, samples in found.items() if labels.name == name}


def test_hours_without_the_receiver_leave_no_gap_there(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with HttpListener() as listener:
            config = {
                "global": {"sample_interval": "1m"},
                "storage": {"path": "data", "retention": "1h"},
                "remote_write": [
                    {"url": listener.url, "queue_config": {"min_backoff": "1m", "max_backoff": "5m"}}
                ],
            }
            async with FastDaemon(config, server, rules="groups: []") as daemon:
                await daemon.pass_time("10m")
                away = len(listener.requests)
                listener.answer_with(Reply(503))
                await daemon.pass_time("4h")
                back = len(listener.requests)
                assert back > away
                listener.answer_with(Reply(200))
                await daemon.pass_time("20m")
                group = next(one for one in daemon.app.core.store.groups if one.source.endswith("/info"))
                assert group.times[0] > daemon.app.core.clock.now() * 1000 - 2 * 3_600_000
                taken = [*range(away), *range(back, len(listener.requests))]
                (found,) = moments(listener, "redis_uptime_in_seconds", taken).values()
                # The first sample comes at once, ahead of the slots.
                steps = Counter(round((later - earlier) / 1000) for earlier, later in pairwise(found[1:]))
                assert set(steps) == {60}
                assert len(found) > 265
                lost = daemon.app.core.own.registry.get_sample_value(
                    "prometheus_remote_storage_samples_dropped_total",
                    {"remote_name": listener.url, "url": listener.url, "reason": "lost"},
                )
                assert lost == 0

    run_fast(story())


def test_where_a_receiver_has_got_is_kept_while_the_daemon_runs(start_server: StartServer) -> None:
    """It may be killed at any moment, and sends what the receiver lacks after the next start."""
    server = start_server()

    async def story() -> None:
        async with HttpListener() as listener:
            config = {"storage": {"path": "data"}, "remote_write": [{"url": listener.url}]}
            async with FastDaemon(config, server, rules="groups: []") as daemon:
                await daemon.pass_time("2m")
                kept = json.loads((daemon.config_path.parent / "data" / "remote_write.json").read_text())
                assert listener.url in json.dumps(kept)
                jobs = (await daemon.get("/api/jobs")).text
                assert "remote_write_positions" in jobs

    run_fast(story())
