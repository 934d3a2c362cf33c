"""What happens to clusters and Sentinels, and exactly the messages that are wanted of it."""

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.fast.mailbox import Message
from tests.fast.topologies import Cluster, SentinelGroup, is_linked, is_ok, is_replica
from tests.servers import RealServer


class Chapters:
    """What was told since the last look."""

    def __init__(self, daemon: FastDaemon) -> None:
        self._daemon = daemon
        self._read = 0
        self._firing: set[str] = set()

    def news(self) -> list[tuple[set[str], set[str]]]:
        """Of each message since then: what is new in it, and what is over; an event has no end."""
        messages = self._daemon.told()[self._read :]
        self._read += len(messages)
        return [news for message in messages if any(news := self._news_of(message))]

    def _news_of(self, message: Message) -> tuple[set[str], set[str]]:
        firing, over = words(message, "firing"), words(message, "resolved")
        new = firing - self._firing
        self._firing = (self._firing | firing) - over
        events = {word for word in over if word.startswith(("RedisRestarted", "RedisPromoted"))}
        return new, over - events


def words(message: Message, status: str) -> set[str]:
    """`alertname/what it is about`."""
    labels = [alert["labels"] for alert in message.alerts if alert["status"] == status]
    return {
        f"{one['alertname']}/{one.get('instance') or one.get('cluster') or one.get('master_name', '')}"
        for one in labels
    }


def assert_told(news: list[tuple[set[str], set[str]]], firing: set[str]) -> None:
    """Exactly this: in one message, or in two where the servers took longer than a message waits for more."""
    assert set().union(*(new for new, _ in news)) == firing
    assert len(news) <= 2
    assert not any(over for _, over in news)


def down(server: RealServer) -> str:
    return f"RedisDown/{server.instance}"


def promoted(server: RealServer) -> str:
    return f"RedisPromoted/{server.instance}"


def test_what_happens_to_a_cluster(start_server: StartServer) -> None:
    cluster = Cluster(start_server)
    first, second, _ = cluster.primaries
    heir, _, last = cluster.replicas
    config = {"discovery": {"cluster": [{"urls": [second.url], "name": "shop"}]}}

    async def story() -> None:
        async with FastDaemon(config) as daemon:
            told = Chapters(daemon)
            await daemon.pass_time("2m")
            assert told.news() == []

            # A replica dies and comes back; its primary has not lost it.
            last.kill()
            await daemon.pass_real_time(1.5)
            await daemon.pass_time("7m")
            assert told.news() == [({down(last)}, set())]
            last.start()
            await daemon.wait_really_until(lambda: is_linked(last), 30)
            await daemon.pass_time("4m")
            assert told.news() in (
                [(set(), {down(last)})],
                [({f"RedisRestarted/{last.instance}"}, {down(last)})],
            )

            # A primary dies, and its replica takes over: one message.
            await daemon.pass_time("10m")
            first.kill()
            await daemon.wait_really_until(lambda: not is_replica(heir) and is_ok(heir), 30)
            await daemon.pass_time("7m")
            assert_told(told.news(), {down(first), promoted(heir)})
            first.start()
            await daemon.wait_really_until(lambda: is_linked(first), 30)
            await daemon.pass_time("5m")
            assert [over for _, over in told.news()] == [{down(first)}]

            # It is given its place back by hand: nothing but that.
            first.command("CLUSTER", "FAILOVER")
            await daemon.wait_really_until(lambda: not is_replica(first) and is_linked(heir), 30)
            await daemon.pass_time("7m")
            assert told.news() == [({promoted(first)}, set())]

            # A node is added, takes slots, gives them back and is removed: nothing.
            added = cluster.start_node()
            cluster.meet(added)
            await daemon.wait_really_until(lambda: all(cluster.knows(one, 7) for one in cluster.nodes), 30)
            await daemon.pass_time("1m")
            assert daemon.value(f'redis_up{{instance="{added.instance}"}}') == 1
            cluster.move_slots(second, added, range(5461, 5471))
            await daemon.wait_really_until(lambda: is_ok(added), 30)
            await daemon.pass_time("7m")
            cluster.move_slots(added, second, range(5461, 5471))
            await daemon.pass_real_time(1.0)
            cluster.forget(added, cluster.nodes)
            await daemon.pass_time("1m")
            assert not daemon.query(f'redis_up{{instance="{added.instance}"}}')
            added.stop()
            await daemon.pass_time("7m")
            assert told.news() == []

            # A primary dies with its replica: once, critical, what the cluster is.
            first.kill()
            heir.kill()
            await daemon.wait_really_until(lambda: not is_ok(second), 30)
            await daemon.pass_time("7m")
            gone = {down(first), down(heir)}
            assert told.news() == [(gone, set()), ({"RedisClusterDown/shop"}, set())]
            first.start()
            heir.start()
            await daemon.wait_really_until(lambda: all(is_ok(one) for one in cluster.nodes), 30)
            await daemon.pass_time("5m")
            assert set().union(*(over for _, over in told.news())) == {*gone, "RedisClusterDown/shop"}
            assert {name for name, _ in daemon.firing()} <= {"RedisRestarted", "RedisPromoted"}

    run_fast(story())


def test_what_happens_to_a_primary_under_sentinel(start_server: StartServer) -> None:
    group = SentinelGroup(start_server)
    primary, replica = group.primary, group.replicas[1]
    config = {"discovery": {"sentinel": [{"urls": [one.url for one in group.sentinels]}]}}

    async def story() -> None:
        async with FastDaemon(config) as daemon:
            told = Chapters(daemon)
            await daemon.pass_time("2m")
            assert told.news() == []

            # A replica dies and comes back.
            replica.kill()
            await daemon.pass_real_time(1.5)
            await daemon.pass_time("7m")
            assert told.news() == [({down(replica)}, set())]
            replica.start()
            await daemon.wait_really_until(lambda: is_linked(replica), 30)
            await daemon.pass_time("4m")
            assert [over for _, over in told.news()] == [{down(replica)}]

            # The primary dies, one of the replicas takes over, and it comes back as a replica.
            primary.kill()
            await daemon.wait_really_until(lambda: group.promoted, 40)
            heir = group.promoted
            assert heir is not None
            await daemon.wait_really_until(lambda: group.is_settled(heir), 40)
            await daemon.pass_time("7m")
            assert_told(told.news(), {down(primary), promoted(heir)})
            primary.start()
            await daemon.wait_really_until(lambda: is_linked(primary), 40)
            await daemon.pass_time("7m")
            assert [over for _, over in told.news()] == [{down(primary)}]

            # Two of three sentinels die: the last one cannot do anything alone.
            dead = group.sentinels[:2]
            for sentinel in dead:
                sentinel.kill()
            await daemon.wait_really_until(lambda: not group.has_quorum(), 30)
            await daemon.pass_time("7m")
            assert sorted(told.news(), key=str) == sorted(
                [*(({down(one)}, set()) for one in dead), ({"RedisSentinelNoQuorum/main"}, set())], key=str
            )
            for sentinel in dead:
                sentinel.start()
            await daemon.wait_really_until(group.has_quorum, 40)
            await daemon.pass_time("4m")
            assert set().union(*(over for _, over in told.news())) == {
                *map(down, dead),
                "RedisSentinelNoQuorum/main",
            }
            assert {name for name, _ in daemon.firing()} <= {"RedisRestarted", "RedisPromoted"}

    run_fast(story())
