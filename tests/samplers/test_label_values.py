"""Labels whose values are known beforehand have no other on real servers."""

from exporter.rules.check import catalogue_of
from exporter.samplers.label_values import closed_label_values
from exporter.samplers.registry import SAMPLERS, declared_families
from tests.conftest import StartServer
from tests.samplers.sampling import run_async, sampling


def test_what_a_server_tells_is_among_the_values_that_there_can_be(start_server: StartServer) -> None:
    closed = closed_label_values(catalogue_of(declared_families()))
    assert closed["redis_instance_info"].keys() == {"role", "redis_mode"}
    assert "timeout" in closed["redis_vigil_sampler_error"]["reason"]
    assert "bullmq" in closed["redis_queue_jobs"]["framework"]
    primary = start_server()
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port))
    primary.client.hset("bull:mail:meta", mapping={"opts.maxLenEvents": "10000", "version": "bullmq:5.0.0"})
    primary.client.rpush("bull:mail:wait", "1")
    primary.client.hset("bull:mail:1", mapping={"name": "x", "data": "{}", "opts": "{}", "timestamp": "1"})

    async def found() -> set[tuple[str, str, str]]:
        seen = set()
        for server in (primary, replica):
            async with sampling(server, *(spec.name for spec in SAMPLERS)) as one:
                await one.run()
                await one.run()
                for group in one.store.groups:
                    for point in group.layout.points:
                        seen |= {(point.series.name, *pair) for pair in point.series.pairs}
        return seen

    seen = run_async(found)
    for metric, label, value in seen:
        allowed = closed.get(metric, {}).get(label)
        assert allowed is None or value in allowed, (metric, label, value)
    assert ("redis_instance_info", "role", "slave") in seen
    assert ("redis_queue_jobs", "state", "waiting") in seen
