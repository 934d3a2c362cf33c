"""What is sent of samples by OTLP, as the protocol's own package reads it."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics import Histogram, SeriesTable
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind
from exporter.model.target import Address, Target
from exporter.remote.otlp.encoder import MetricsEncoder
from exporter.remote.otlp.payload import Payload, Requests
from exporter.remote.otlp.snapshot import ResourceSnapshot, snapshots_of
from exporter.sampling.facts import TargetFacts
from exporter.sampling.server_info import ServerInfo
from exporter.store import Store
from tests.remote.otlp.receiver import DataPoint, body_of, decode, points_of

GAUGE = Family("redis_memory_used_bytes", Kind.GAUGE, "Memory.", ("key",))
COUNTER = Family("redis_commands_processed_total", Kind.COUNTER, "Commands.")
ERRORS = Family("redis_errors_total", Kind.COUNTER, "Errors.", ("err",))
HISTOGRAM = Family("redis_latency_seconds", Kind.HISTOGRAM, "Spread.", ("op",))
SUMMARY = Family("redis_pause_seconds", Kind.SUMMARY, "Pauses.", ("op",))
PERCENTILES = Family("redis_percentiles_usec", Kind.SUMMARY, "In percent.", ("cmd",))
HIDDEN = Family("up", Kind.GAUGE, "Prometheus writes it.", exposed=False)

START = 1_700_000_000.0
AT = 1_700_000_600_000


class Server:
    """A watched server that writes what a test says; its samplers are `info` and `slowlog`."""

    def __init__(self, store: Store, instance: str = "a:6379", labels: Labels | None = None) -> None:
        self.store = store
        self.target = Target(instance, Address("a", 6379), labels=labels or Labels(), job="redis")
        self.facts = TargetFacts()
        self.started(START, "first")
        self.tables = {name: self._table(f"{instance}/{name}") for name in ("info", "slowlog")}
        self.info = self.tables["info"]
        self.slowlog = self.tables["slowlog"]

    def _table(self, source: str) -> SeriesTable:
        target = self.target
        return SeriesTable(source, target.series_labels, unexposed=target.unexposed_labels)

    def started(self, at: float, run_id: str) -> None:
        self.facts.provide(
            ServerInfo(engine="valkey", version=(9, 1, 2), run_id=run_id, started_at=at, role="master")
        )

    @property
    def sources(self) -> Sequence[str]:
        return [table.source for table in self.tables.values()]

    def write(self, at_ms: int) -> None:
        for table in self.tables.values():
            self.store.append(table.finish(at_ms))


class World:
    """A store, its servers, and an encoder."""

    def __init__(self, *instances: str, most_bytes: int = 1 << 20) -> None:
        self.store = Store()
        self.servers = [Server(self.store, instance) for instance in instances or ("a:6379",)]
        self.server = self.servers[0]
        self.encoder = MetricsEncoder()
        self.most_bytes = most_bytes

    def snapshots(self) -> list[ResourceSnapshot]:
        return asyncio.run(snapshots_of(self.store, self.servers, {"deployment.environment.name": "prod"}))

    def payloads(self, at_ms: int = AT, *, is_gzip: bool = False) -> Sequence[Payload]:
        requests = Requests(is_gzip=is_gzip, most_bytes=self.most_bytes)
        return self.encoder.encode(self.snapshots(), requests, at_ms)

    def send(self, at_ms: int = AT) -> list[DataPoint]:
        self.server.write(at_ms)
        points = points_of(*self.payloads(at_ms))
        assert self.encoder.failures == 0
        return points


def only(points: Sequence[DataPoint]) -> DataPoint:
    assert len(points) == 1, points
    return points[0]


def test_a_resource_tells_what_the_server_is_and_where() -> None:
    world = World()
    server = world.servers[0] = Server(world.store, "cache-1", Labels({"team": "shop"}))
    server.info.set(GAUGE, 5, "k")
    server.write(AT)
    point = only(points_of(*world.payloads()))
    assert point.resource == {
        "service.name": "redis",
        "service.instance.id": "cache-1",
        "service.version": "9.1.2",
        "db.system.name": "valkey",
        "server.address": "a",
        "server.port": 6379,
        "team": "shop",
        "deployment.environment.name": "prod",
    }
    # What all series have in common is the resource's, and not written with each.
    assert point.labels == {"key": "k"}


def test_a_gauge_has_its_unit_description_and_the_time_of_its_sample() -> None:
    world = World()
    world.server.info.set(GAUGE, 5.5, "k")
    point = only(world.send())
    assert (point.kind, point.value, point.at, point.start) == ("gauge", 5.5, AT, 0)
    assert (point.metric.name, point.metric.unit) == (GAUGE.name, "By")
    assert point.metric.description == "Memory."


def test_a_count_of_the_server_is_a_monotonic_sum_since_the_server_started() -> None:
    world = World()
    world.server.info.set(COUNTER, 12)
    point = only(world.send())
    assert (point.kind, point.value, point.start) == ("sum", 12, START * 1000)
    assert point.metric.sum.is_monotonic
    assert point.metric.sum.aggregation_temporality == 2, "cumulative"


def test_a_start_that_the_server_tells_in_whole_seconds_does_not_move() -> None:
    world = World()
    starts = []
    for number, seconds in enumerate((0.0, 0.9, -0.4)):
        world.server.started(START + seconds, "first")
        world.server.info.set(COUNTER, 12 + number)
        starts.append(only(world.send(AT + number * 15_000)).start)
    assert starts == [START * 1000] * 3


def test_a_clock_that_was_set_does_not_move_the_start_of_the_same_run() -> None:
    world = World()
    world.server.info.set(COUNTER, 12)
    world.send()
    world.server.started(START + 3600, "first")
    world.server.info.set(COUNTER, 13)
    assert only(world.send(AT + 15_000)).start == START * 1000


def test_a_clock_that_was_set_back_is_followed() -> None:
    world = World()
    world.server.info.set(COUNTER, 12)
    world.send()
    hour = 3_600_000
    world.store.shift(-hour)
    points = []
    for number in (1, 2):
        world.server.info.set(COUNTER, 12 + number)
        points.append(only(world.send(AT - hour + number * 15_000)))
    assert [(one.at - AT + hour, one.value) for one in points] == [(15_000, 13), (30_000, 14)]


def test_a_restart_begins_the_count_anew_even_where_it_is_higher_than_before() -> None:
    world = World()
    world.server.info.set(COUNTER, 12)
    world.send()
    restarted = START + 605
    world.server.started(restarted, "second")
    world.server.info.set(COUNTER, 500)
    assert only(world.send(AT + 15_000)).start == restarted * 1000


def test_a_count_that_is_reset_begins_after_the_point_before() -> None:
    world = World()
    for number, value in enumerate((12, 13, 2, 3)):
        world.server.info.set(COUNTER, value)
        point = only(world.send(AT + number * 15_000))
    # CONFIG RESETSTAT came after the second point, and the start stays there.
    assert (point.value, point.start) == (3, AT + 15_000)


def test_a_count_of_the_daemon_begins_when_it_is_first_seen() -> None:
    world = World()
    world.server.slowlog.set(COUNTER, 12)
    assert only(world.send()).start == AT
    world.server.slowlog.set(COUNTER, 14)
    assert only(world.send(AT + 15_000)).start == AT


def test_a_count_that_begins_with_its_first_event_started_when_it_stood_at_0() -> None:
    world = World()
    slowlog = world.server.slowlog
    slowlog.tell_all(ERRORS)
    slowlog.set(GAUGE, 1, "k")
    world.send()
    slowlog.tell_all(ERRORS)
    slowlog.set(GAUGE, 1, "k")
    slowlog.set(ERRORS, 3, "WRONGTYPE")
    begun = [one for one in world.send(AT + 15_000) if one.metric.name == ERRORS.name]
    assert (only(begun).value, only(begun).start) == (3, AT)


def test_a_histogram_has_the_count_of_each_bucket_apart() -> None:
    world = World()
    histogram = Histogram((0.1, 1))
    for seconds in (0.05, 0.5, 0.5, 7):
        histogram.observe(seconds)
    world.server.info.set_buckets(HISTOGRAM, histogram.buckets, histogram.sum, "get")
    point = only(world.send())
    assert (point.kind, point.labels, point.start) == ("histogram", {"op": "get"}, START * 1000)
    assert (point.raw.count, point.raw.sum) == (4, 8.05)
    assert list(point.raw.explicit_bounds) == [0.1, 1.0]
    assert list(point.raw.bucket_counts) == [1, 2, 1]
    assert point.metric.histogram.aggregation_temporality == 2
    assert point.metric.unit == "s"


def test_a_summary_is_one_unless_its_quantiles_are_in_percent() -> None:
    world = World()
    info = world.server.info
    info.set_quantile(SUMMARY, 0.5, 1.5, "a")
    for suffix, value in (("_sum", 9.0), ("_count", 6.0)):
        info.set(SUMMARY, value, "a", suffix=suffix)
        info.set(PERCENTILES, value, "get", suffix=suffix)
    info.set_quantile(PERCENTILES, 99.9, 2.5, "get")
    points = {one.metric.name: one for one in world.send()}
    summary = points["redis_pause_seconds"]
    assert (summary.kind, summary.raw.count, summary.raw.sum) == ("summary", 6, 9.0)
    assert [(one.quantile, one.value) for one in summary.raw.quantile_values] == [(0.5, 1.5)]
    # OTLP knows ranks from 0 to 1 only.
    assert points["redis_percentiles_usec"].labels == {"cmd": "get", "quantile": "99.9"}
    assert points["redis_percentiles_usec"].kind == "gauge"
    assert points["redis_percentiles_usec_count"].kind == "sum"


def test_what_prometheus_writes_itself_is_not_sent() -> None:
    world = World()
    world.server.info.set(HIDDEN, 1)
    assert world.send() == []


def test_a_series_that_is_gone_is_ended_once() -> None:
    world = World()
    world.server.info.set(GAUGE, 1, "a")
    world.server.info.set(GAUGE, 1, "b")
    world.send()
    ends = []
    for number in (1, 2):
        world.server.info.set(GAUGE, 2, "b")
        points = world.send(AT + number * 15_000)
        ends.append([(one.labels["key"], one.at) for one in points if one.is_end])
    assert ends == [[("a", AT + 15_000)], []]


def test_a_target_that_is_down_or_no_longer_watched_ends_its_series() -> None:
    world = World("a:1", "b:1")
    for server in world.servers:
        server.info.set(COUNTER, 7)
        server.write(AT)
    assert len(points_of(*world.payloads())) == 2
    world.store.mark_stale(world.server.info.source, AT + 15_000)
    world.servers.pop()
    ended = points_of(*world.payloads())
    assert [(one.resource["service.instance.id"], one.is_end) for one in ended] == [
        ("a:1", True),
        ("b:1", True),
    ]
    assert points_of(*world.payloads()) == []


def test_series_that_a_source_begins_anew_without_are_ended() -> None:
    world = World()
    world.server.info.set(GAUGE, 1, "a")
    world.send()
    other = SeriesTable(world.server.info.source, world.server.target.series_labels)
    world.server.tables["info"] = other
    other.set(COUNTER, 1)
    points = world.send(AT + 15_000)
    assert {(one.metric.name, one.is_end) for one in points} == {(GAUGE.name, True), (COUNTER.name, False)}


def test_a_value_without_a_newer_row_still_stands_and_time_moves_on() -> None:
    world = World()
    world.server.info.set(COUNTER, 1)
    points = [only(world.send())]
    points += [only(points_of(*world.payloads(at_ms))) for at_ms in (AT + 60_000, AT + 120_000)]
    # A pass that began before the last point was sent, and came to its end afterwards.
    world.server.info.set(COUNTER, 2)
    world.server.write(AT + 119_000)
    points.append(only(points_of(*world.payloads(AT + 180_000))))
    assert [(one.at - AT, one.value) for one in points] == [(0, 1), (60_000, 1), (120_000, 1), (120_001, 2)]


def test_requests_are_split_by_size_and_lose_nothing() -> None:
    world = World(*(f"s{number}:1" for number in range(5)), most_bytes=10_000)
    for server in world.servers:
        for number in range(150):
            server.info.set(GAUGE, number, f"key-{number}")
            server.info.set(ERRORS, number, f"E{number}")
        server.write(AT)
    payloads = world.payloads()
    points = points_of(*payloads)
    assert len(points) == 1500
    assert (
        len({(one.resource["service.instance.id"], one.metric.name, *one.labels.values()) for one in points})
        == 1500
    )
    assert [one.items for one in payloads] == [len(points_of(one)) for one in payloads]
    # A piece of one metric is the least that a request holds.
    assert len(payloads) > 5
    assert all(len(decode(one.body).resource_metrics) >= 1 for one in payloads)
    assert max(len(one.body) for one in payloads) < 20_000


def test_gzip_is_smaller_and_says_the_same() -> None:
    plain, packed = World(), World()
    for world in (plain, packed):
        for number in range(200):
            world.server.info.set(GAUGE, number, f"key-{number}")
        world.server.write(AT)
    one, other = only_payload(plain.payloads()), only_payload(packed.payloads(is_gzip=True))
    assert decode(body_of(one)) == decode(body_of(other))
    assert len(other.body) * 4 < len(one.body)


def only_payload(payloads: Sequence[Payload]) -> Payload:
    assert len(payloads) == 1
    return payloads[0]


def test_a_source_that_cannot_be_encoded_costs_that_source() -> None:
    world = World("a:1", "b:1")
    for server in world.servers:
        server.info.set(GAUGE, 1, "k")
        server.write(AT)
    snapshots = world.snapshots()
    broken = snapshots[0].groups[0]
    object.__setattr__(broken, "values", ("no number",))
    points = points_of(*world.encoder.encode(snapshots, Requests(is_gzip=False), AT))
    assert [one.resource["service.instance.id"] for one in points] == ["b:1"]
    assert world.encoder.failures == 1


rows = st.lists(
    st.dictionaries(st.tuples(st.sampled_from((GAUGE, ERRORS)), st.sampled_from("abcd")), st.integers(1, 9)),
    min_size=1,
    max_size=8,
)


@given(rows)
def test_whatever_comes_and_goes_each_row_arrives(rows: list[dict[tuple[Family, str], int]]) -> None:
    world = World()
    alive: set[tuple[str, str]] = set()
    for number, row in enumerate(rows):
        for (family, label), value in row.items():
            world.server.info.set(family, value, label)
        points = world.send(AT + number * 15_000)
        named = {(one.metric.name, *one.labels.values()): one for one in points}
        assert len(named) == len(points)
        sent = {(family.name, label): value for (family, label), value in row.items()}
        assert {key: one.value for key, one in named.items() if not one.is_end} == sent
        assert {key for key, one in named.items() if one.is_end} == alive - sent.keys()
        alive = set(sent)


# A key of Redis may hold anything, and so may what a server says.
texts = st.text(st.characters(exclude_categories=()), min_size=1, max_size=20)
numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.dictionaries(texts, numbers, min_size=1, max_size=5))
def test_all_texts_and_numbers_arrive(values: dict[str, float]) -> None:
    world = World()
    for key, value in values.items():
        world.server.info.set(GAUGE, value, key)
    points = [one for one in world.send() if not one.is_end]
    assert len(points) == len(values)
    expected = sorted(repr(value) for value in values.values())
    assert sorted(repr(one.value) for one in points) == expected


steps = st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=2, max_size=30)


@given(steps)
def test_what_a_count_gained_is_what_its_points_say(values: list[int | None]) -> None:
    """Whoever adds up the points by their start times has what was counted, as `increase` reads it."""
    world = World()
    told = 0.0
    before: DataPoint | None = None
    for number, value in enumerate(values):
        if value is not None:
            world.server.info.set(COUNTER, value)
        for point in world.send(AT + number * 15_000):
            if point.is_end:
                continue
            if before is None or point.start != before.start:
                assert before is None or point.start >= before.at
                told += point.value
            else:
                assert point.value >= before.value
                told += point.value - before.value
            before = point
    counted, last = 0.0, 0
    for value in [value for value in values if value is not None]:
        counted += value - last if value >= last else value
        last = value
    assert told == counted
