"""Rows of the store become requests that hold every sample of every pass, once and in order."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config.relabeling import RelabelSection
from exporter.model.labels import Labels
from exporter.model.sample import STALE, Absence, Family, Kind, Layout, Point, Sample
from exporter.remote.write.encoder import Encoder, WriteRequest
from exporter.remote.write.message import Message
from exporter.remote.write.message_v1 import MessageV1
from exporter.remote.write.message_v2 import MessageV2
from exporter.remote.write.transform import transform_by
from exporter.store import Store
from exporter.store.row_reader import RowReader
from tests.remote.write.reading import Received, bits, metadata_of_v2, read

CALLS = Family("redis_calls_total", Kind.COUNTER, "Calls of commands.", ("cmd",))
UP = Family("redis_up", Kind.GAUGE, "Whether it answers.")
BASE = Labels({"instance": "one:6379", "job": "redis"})
T0 = 1_700_000_000_000
PROTOCOLS = pytest.mark.parametrize("message", [MessageV1(), MessageV2()], ids=lambda one: one.name)


def point(number: int) -> Point:
    return Point(CALLS, "", Labels({"cmd": f"cmd{number}"})) if number else Point(UP, "", Labels())


class Sender:
    """A store, and what would be sent of it."""

    def __init__(self, message: Message, max_samples: int = 2000, **external: str) -> None:
        self.store = Store(retention_ms=3_600_000)
        self.reader = RowReader(self.store)
        self.encoder = Encoder(message, transform_by(external, []), max_samples)
        self.requests: list[WriteRequest] = []

    def append(self, moment: int, layout: Layout, values: Sequence[float | None], source: str = "s") -> None:
        self.store.append(Sample(source, T0 + moment, layout, values))

    def send(self, most_rows: int = 1000, oldest_ms: int = 0) -> Received:
        """What arrives of what is new."""
        requests = list(self.encoder.requests(self.reader.read(most_rows), oldest_ms))
        self.reader.ack()
        self.requests += requests
        return read(requests)


def series(number: int) -> Labels:
    return Labels([*point(number).series, *BASE])


@PROTOCOLS
def test_a_value_that_does_not_move_is_a_sample_of_each_row(message: Message) -> None:
    sender = Sender(message)
    layout = Layout([point(0), point(1)], BASE)
    for moment in (0, 1000, 2000):
        sender.append(moment, layout, [1.0, moment / 1000])
    assert sender.send() == {
        series(0): [(T0, 1.0), (T0 + 1000, 1.0), (T0 + 2000, 1.0)],
        series(1): [(T0, 0.0), (T0 + 1000, 1.0), (T0 + 2000, 2.0)],
    }
    sender.append(3000, layout, [1.0, 2.0])
    assert sender.send() == {series(0): [(T0 + 3000, 1.0)], series(1): [(T0 + 3000, 2.0)]}
    assert sender.send() == {}


@PROTOCOLS
def test_a_series_that_ends_is_marked_stale_once(message: Message) -> None:
    sender = Sender(message)
    layout = Layout([point(0), point(1)], BASE)
    for moment, value in enumerate([5.0, None, None, 7.0]):
        sender.append(moment * 1000, layout, [1.0, value])
    assert (
        bits(sender.send())[series(1)]
        == bits({series(1): [(T0, 5.0), (T0 + 1000, STALE), (T0 + 3000, 7.0)]})[series(1)]
    )


@PROTOCOLS
def test_series_of_another_layout_end_with_its_first_row(message: Message) -> None:
    sender = Sender(message)
    sender.append(0, Layout([point(0), point(1), point(2)], BASE), [1.0, 2.0, None])
    sender.send()
    sender.append(1000, Layout([point(3), point(0)], BASE), [4.0, 1.0])
    assert bits(sender.send()) == bits(
        {
            series(1): [(T0 + 1000, STALE)],
            series(3): [(T0 + 1000, 4.0)],
            series(0): [(T0 + 1000, 1.0)],
        }
    )


@PROTOCOLS
def test_a_source_that_is_removed_ends_all_its_series(message: Message) -> None:
    sender = Sender(message)
    sender.append(0, Layout([point(0)], BASE), [1.0])
    sender.send()
    sender.store.delete("s")
    assert bits(sender.send()) == bits({series(0): [(T0 + 1, STALE)]})


@PROTOCOLS
def test_what_a_count_stood_at_is_sent_for_the_row_before_and_nothing_else_twice(message: Message) -> None:
    sender = Sender(message)
    layout = Layout([point(0), point(1)], BASE)
    told = Absence(frozenset([CALLS]))
    sender.store.append(Sample("s", T0, layout, [1.0, None], told))
    assert sender.send() == {series(0): [(T0, 1.0)]}
    sender.store.append(Sample("s", T0 + 1000, layout, [1.0, 3.0], told))
    assert sender.send() == {series(1): [(T0, 0.0), (T0 + 1000, 3.0)], series(0): [(T0 + 1000, 1.0)]}


@PROTOCOLS
def test_no_request_holds_more_than_it_may(message: Message) -> None:
    sender = Sender(message, max_samples=7)
    large, small = Layout([point(n) for n in range(20)], BASE), Layout([point(n) for n in range(3)], BASE)
    for moment in range(4):
        sender.append(moment * 1000, large, [float(moment)] * 20, "large")
        sender.append(moment * 1000, small, [float(moment)] * 3, "small")
    received = sender.send()
    assert max(request.samples for request in sender.requests) <= 7
    assert sum(request.samples for request in sender.requests) == 4 * 23
    assert [moment for moment, _ in received[series(19)]] == [T0 + at * 1000 for at in range(4)]
    # A row counts as sent with the request that holds the last of it.
    until = {source: at for request in sender.requests for source, at in request.sent_until.items()}
    assert until == {"large": T0 + 3000, "small": T0 + 3000}
    assert all(request.sent_until.get("large") != T0 for request in sender.requests[:2])


@PROTOCOLS
def test_what_is_too_old_is_left_out_and_counted(message: Message) -> None:
    sender = Sender(message)
    for moment in range(4):
        sender.append(moment * 1000, Layout([point(0)], BASE), [1.0])
    assert sender.send(oldest_ms=T0 + 2000) == {series(0): [(T0 + 2000, 1.0), (T0 + 3000, 1.0)]}
    assert sender.encoder.too_old_samples == 2


@PROTOCOLS
def test_external_labels_are_added_where_a_series_has_none_of_the_name(message: Message) -> None:
    sender = Sender(message, cluster="a", job="other")
    sender.append(0, Layout([point(0)], BASE), [1.0])
    assert list(sender.send()) == [series(0).with_({"cluster": "a"})]


@PROTOCOLS
def test_relabelling_drops_series_and_renames_labels(message: Message) -> None:
    configs = [
        RelabelSection(source_labels=("cmd",), regex="cmd1", action="drop"),
        RelabelSection(source_labels=("cluster",), target_label="replica"),
        RelabelSection(regex="cluster", action="labeldrop"),
    ]
    sender = Sender(message)
    sender.encoder = Encoder(message, transform_by({"cluster": "a"}, configs), 2000)
    layout = Layout([point(0), point(1), point(2)], BASE)
    for moment, value in enumerate([1.0, None, 2.0]):
        sender.append(moment, layout, [1.0, value, value])
    received = sender.send()
    assert list(received) == [series(0).with_({"replica": "a"}), series(2).with_({"replica": "a"})]
    assert len(received[series(2).with_({"replica": "a"})]) == 3


def test_version_2_tells_types_and_help_texts() -> None:
    sender = Sender(MessageV2())
    sender.append(0, Layout([point(0), point(1)], BASE), [1.0, 2.0])
    sender.send()
    assert metadata_of_v2(sender.requests[0].body) == {
        "redis_up": (2, "Whether it answers."),
        "redis_calls_total": (1, "Calls of commands."),
    }


@PROTOCOLS
def test_values_of_every_kind_arrive_as_they_are(message: Message) -> None:
    values = [0.0, -0.0, float("inf"), float("-inf"), float("nan"), 5e-324, 1.7976931348623157e308]
    sender = Sender(message)
    layout = Layout([point(n) for n in range(len(values))], BASE)
    sender.append(0, layout, values)
    wanted = {series(n): [(T0, value)] for n, value in enumerate(values)}
    assert bits(sender.send()) == bits(wanted)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([MessageV1(), MessageV2()]), st.integers(1, 30))
def test_whatever_sources_write_arrives_once_and_in_order(
    rng: random.Random, message: Message, max_samples: int
) -> None:
    sender = Sender(message, max_samples)
    wanted: Received = {}
    received: Received = {}
    alive: dict[str, dict[Labels, bool]] = {}
    moments = dict.fromkeys("ab", 0)
    layouts = {name: Layout([point(0)], Labels({**BASE.as_dict(), "source": name})) for name in "ab"}
    for _ in range(rng.randint(1, 40)):
        name = rng.choice("ab")
        if rng.random() < 0.3:
            points = layouts[name].points
            kept = (
                list(points) if rng.random() < 0.6 else rng.sample(list(points), rng.randint(0, len(points)))
            )
            kept += [point(n) for n in rng.sample(range(8), 3) if point(n) not in kept]
            layouts[name] = Layout(kept, layouts[name].base)
        moments[name] += rng.randint(1, 5) * 1000
        layout = layouts[name]
        values = [rng.choice([None, 0.0, 1.0, rng.random()]) for _ in range(len(layout))]
        sender.append(moments[name], layout, values, name)
        before = alive.setdefault(name, {})
        now = {layout.labels(at): value for at, value in enumerate(values) if value is not None}
        for labels in [*[one for one in before if one not in now], *now]:
            wanted.setdefault(labels, []).append((T0 + moments[name], now.get(labels, STALE)))
        alive[name] = dict.fromkeys(now, True)
        if rng.random() < 0.3:
            for labels, samples in sender.send(rng.randint(1, 5)).items():
                received.setdefault(labels, []).extend(samples)
    for _ in range(50):
        for labels, samples in sender.send(3).items():
            received.setdefault(labels, []).extend(samples)
    assert bits(received) == bits(wanted)
