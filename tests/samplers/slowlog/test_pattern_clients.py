"""Who runs the slow commands of a pattern, on a real server."""

import redis

from tests.conftest import StartServer
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer

_CLIENT = "redis_slowlog_pattern_last_client_info"
_SLOW = ("--slowlog-log-slower-than", "0")


def ask(server: RealServer, name: str, times: int) -> None:
    with redis.Redis(port=server.port, client_name=name) as client:
        for number in range(times):
            client.hgetall(f"session:{number}")


def test_the_last_client_of_a_pattern_is_told_and_no_other(start_server: StartServer) -> None:
    server = start_server(*_SLOW)

    async def scenario() -> None:
        async with sampling(server, "slowlog") as probe:
            await probe.run()
            ask(server, "web", 8)
            await probe.run()
            first = [dict(labels) for labels in probe.values(_CLIENT)]
            ask(server, "report", 3)
            await probe.run()
            second = [dict(labels) for labels in probe.values(_CLIENT)]

            for told, name in ((first, "web"), (second, "report")):
                (client,) = [labels for labels in told if labels["pattern"] == "HGETALL session:{id}"]
                assert (client["client_name"], client["client_host"]) == (name, "127.0.0.1")

    run_async(scenario)
