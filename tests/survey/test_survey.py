"""Who belongs to whom, whichever server is named."""

import asyncio
from collections.abc import Sequence

from exporter.config.targets import TargetSection
from exporter.config.url import parse_server_url
from exporter.survey import Findings, Named, survey
from tests.cli.flavours import flavour, load_case
from tests.conftest import StartServer
from tests.fast.topologies import is_linked, wait_for
from tests.servers import RealServer, free_port

# A primary waits for further replicas else.
AT_ONCE = ("--repl-diskless-sync-delay", "0")


def named(urls: Sequence[str]) -> Sequence[Named]:
    sections = [TargetSection(url=parse_server_url(url)) for url in urls]
    return [Named(section, section) for section in sections]


def look(*urls: str) -> Findings:
    return asyncio.run(survey(named(urls)))


def start_pair(start_server: StartServer) -> tuple[RealServer, RealServer]:
    primary = start_server(*AT_ONCE)
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port))
    wait_for(lambda: is_linked(replica), "the replica follows")
    return primary, replica


def test_a_primary_and_its_replica_are_one_whoever_is_named(start_server: StartServer) -> None:
    primary, replica = start_pair(start_server)
    for urls in ([primary.url], [replica.url], [replica.url, primary.url]):
        (found,) = look(*urls).replications
        assert str(found.server.address) == primary.url
        assert [(str(one.address), one.problem) for one in found.replicas] == [(replica.url, "")]


def test_a_replica_that_was_named_keeps_that_name(start_server: StartServer) -> None:
    primary, replica = start_pair(start_server)
    (found,) = look(primary.url, f"redis://localhost:{replica.port}").replications
    assert [str(one.address) for one in found.replicas] == [f"redis://localhost:{replica.port}"]


def test_a_replica_whose_primary_is_gone_stands_alone(start_server: StartServer) -> None:
    primary, replica = start_pair(start_server)
    primary.stop()
    (found,) = look(replica.url).replications
    assert str(found.server.address) == replica.url
    assert found.problem.startswith(f"its primary cannot be asked: redis://127.0.0.1:{primary.port}: ")


def test_a_replica_with_another_password_cannot_be_asked(start_server: StartServer) -> None:
    primary = start_server(*AT_ONCE)
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port), "--requirepass", "other")
    wait_for(lambda: is_linked(replica), "the replica follows")
    (found,) = look(primary.url).replications
    (one,) = found.replicas
    assert "Authentication required" in one.problem


def test_where_one_does_not_answer_nothing_is_known_of_the_others(empty_server: RealServer) -> None:
    gone = f"redis://127.0.0.1:{free_port()}"
    findings = look(empty_server.url, gone)
    assert [str(one.section.url) for one in findings.unanswered] == [gone]
    assert findings.replications == ()


def test_what_looks_through_no_keys_says_so() -> None:
    async def scenario() -> Findings:
        async with flavour(load_case("strict")) as port:
            return await survey(named([f"redis://127.0.0.1:{port}"]))

    (found,) = asyncio.run(scenario()).replications
    assert found.server.queues.is_denied
    assert found.server.queues.problem.startswith("NOPERM")
