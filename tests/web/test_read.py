"""Remote read answers Prometheus' own requests, with samples or with chunks."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import google_crc32c
import httpx
import pytest
from starlette.types import ASGIApp

from exporter.errors import QueryError
from exporter.history.source import HistorySource
from exporter.metrics.own import OwnMetrics
from exporter.model.labels import EMPTY, Labels
from exporter.model.sample import STALE, Family, Kind, Layout, Point, Sample
from exporter.promql import MemoryBudget
from exporter.remote.protocol import prometheus_pb2 as pb
from exporter.remote.protocol import snappy
from exporter.remote.read import answer
from exporter.store import Store
from exporter.web.api_v1 import read, reading
from exporter.web.api_v1.cooperative import CooperativeExecutor
from exporter.web.api_v1.reading import ReadSource
from exporter.web.app import build_web_app
from exporter.web.metrics import MetricsEndpoint
from exporter.web.origin import OriginGuard
from tests.clocks import FrozenClock
from tests.history.remembered_blocks import RememberedBlocks, block_of
from tests.remote.read.xor_decoder import decode, pattern
from tests.web.asgi import request
from tests.web.directory import Current, External

STEP = 15_000
# No type of a matcher.
UNKNOWN: Final[Any] = 17
KEYS = Family("redis_db_keys", Kind.GAUGE, "Keys.", ("db",))
LAYOUT = Layout([Point(KEYS, "", Labels({"db": db})) for db in "210"], Labels({"instance": "a:1"}))
COUNT = 300
Found = Mapping[tuple[int, Labels], Sequence[tuple[int, int]]]
"""Samples by query and series; values as their bits."""


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(clock: FrozenClock) -> Store:
    return store_from(clock, 0)


def store_from(clock: FrozenClock, first: int) -> Store:
    store = Store()
    for number in range(first, COUNT):
        gone = None if number == COUNT - 1 else 5.0
        at_ms = clock.at_ms - (COUNT - 1 - number) * STEP
        store.append(Sample("a", at_ms, LAYOUT, [float(number), 7.0, gone]))
    return store


def app(
    store: Store,
    clock: FrozenClock,
    *,
    external: Labels = EMPTY,
    memory: int = 1 << 30,
    blocks: RememberedBlocks | None = None,
) -> ASGIApp:
    history = HistorySource(store, blocks) if blocks is not None else None
    source = ReadSource(store, history, External(external))
    routes = read.routes(source, clock, CooperativeExecutor(), MemoryBudget(memory))
    return build_web_app(MetricsEndpoint(store, lambda: (), OwnMetrics(), clock, Current()), routes)


def query(clock: FrozenClock, *matchers: tuple[Any, str, str], minutes: float = 1e3) -> pb.Query:
    return pb.Query(
        start_timestamp_ms=clock.at_ms - round(minutes * 60_000),
        end_timestamp_ms=clock.at_ms + 60_000,
        matchers=[pb.LabelMatcher(type=op, name=name, value=value) for op, name, value in matchers],
    )


def message(*queries: pb.Query, accepted: Sequence[Any] = ()) -> bytes:
    asked = pb.ReadRequest(queries=queries, accepted_response_types=accepted)
    return snappy.compress(asked.SerializeToString())


def post(site: ASGIApp, body: bytes, **headers: str) -> httpx.Response:
    given = {"content-type": "application/x-protobuf", "content-encoding": "snappy", **headers}
    return request(site, "POST", "/api/v1/read", content=body, headers=given)


def found_in(response: httpx.Response) -> Found:
    """What either answer holds."""
    assert response.status_code == 200, response.text
    if response.headers["content-type"].startswith("application/x-streamed"):
        return _found_in_frames(response.content)
    assert response.headers["content-encoding"] == "snappy"
    results = pb.ReadResponse.FromString(snappy.decompress(response.content, 1 << 30)).results
    return {
        (index, _labels(series.labels)): [(one.timestamp, pattern(one.value)) for one in series.samples]
        for index, result in enumerate(results)
        for series in result.timeseries
    }


def _found_in_frames(content: bytes) -> Found:
    found: dict[tuple[int, Labels], list[tuple[int, int]]] = {}
    while content:
        size = shift = 0
        while True:
            byte, content = content[0], content[1:]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        checksum, frame, content = content[:4], content[4 : 4 + size], content[4 + size :]
        assert google_crc32c.value(frame) == int.from_bytes(checksum, "big")
        parsed = pb.ChunkedReadResponse.FromString(frame)
        (series,) = parsed.chunked_series
        samples = found.setdefault((parsed.query_index, _labels(series.labels)), [])
        for chunk in series.chunks:
            decoded = decode(chunk.data)
            assert (decoded[0][0], decoded[-1][0]) == (chunk.min_time_ms, chunk.max_time_ms)
            samples += decoded
    return found


def _labels(pairs: Sequence[pb.Label]) -> Labels:
    names = [pair.name for pair in pairs]
    assert names == sorted(set(names))
    return Labels({pair.name: pair.value for pair in pairs})


TYPES = [pb.ReadRequest.SAMPLES, pb.ReadRequest.STREAMED_XOR_CHUNKS]


@pytest.mark.parametrize("kind", TYPES)
def test_all_samples_of_all_series_come_in_order_of_labels(
    store: Store, clock: FrozenClock, kind: int
) -> None:
    asked = query(clock, (pb.LabelMatcher.RE, "db", "[012]"))
    found = found_in(post(app(store, clock), message(asked, accepted=[kind])))
    assert [labels.get("db") for _, labels in found] == ["0", "1", "2"]
    by_db = {labels.get("db"): samples for (_, labels), samples in found.items()}
    times = [clock.at_ms - (COUNT - 1 - number) * STEP for number in range(COUNT)]
    assert by_db["2"] == [(at, pattern(float(number))) for number, at in enumerate(times)]
    assert by_db["1"] == [(at, pattern(7.0)) for at in times]
    # The last one says that the series has ended.
    assert by_db["0"] == [*((at, pattern(5.0)) for at in times[:-1]), (times[-1], pattern(STALE))]


@pytest.mark.parametrize("kind", TYPES)
def test_several_queries_are_answered_each(store: Store, clock: FrozenClock, kind: int) -> None:
    equal = pb.LabelMatcher.EQ
    queries = [query(clock, (equal, "db", db), minutes=1) for db in ("1", "nowhere", "2")]
    found = found_in(post(app(store, clock), message(*queries, accepted=[kind])))
    assert [(index, labels.get("db"), len(samples)) for (index, labels), samples in found.items()] == [
        (0, "1", 5),
        (2, "2", 5),
    ]


@pytest.mark.parametrize("kind", TYPES)
def test_hints_narrow_the_time(store: Store, clock: FrozenClock, kind: int) -> None:
    asked = query(clock, (pb.LabelMatcher.EQ, "db", "1"))
    asked.hints.start_ms, asked.hints.end_ms = clock.at_ms - 2 * STEP, clock.at_ms - STEP
    (samples,) = found_in(post(app(store, clock), message(asked, accepted=[kind]))).values()
    assert [at for at, _ in samples] == [clock.at_ms - 2 * STEP, clock.at_ms - STEP]


@pytest.mark.parametrize("kind", TYPES)
def test_external_labels_are_added_and_may_be_asked_for(store: Store, clock: FrozenClock, kind: int) -> None:
    external = Labels({"zone": "z", "instance": "outer"})
    matchers = [(pb.LabelMatcher.EQ, "zone", "z"), (pb.LabelMatcher.EQ, "db", "1")]
    found = found_in(
        post(app(store, clock, external=external), message(query(clock, *matchers), accepted=[kind]))
    )
    assert [str(labels) for _, labels in found] == ['redis_db_keys{db="1", instance="a:1", zone="z"}']
    other = message(query(clock, (pb.LabelMatcher.EQ, "zone", "other")), accepted=[kind])
    assert not found_in(post(app(store, clock, external=external), other))


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_on_disk_is_read_as_if_it_were_in_memory(store: Store, clock: FrozenClock, kind: int) -> None:
    body = message(query(clock), accepted=[kind])
    middle = clock.at_ms - 150 * STEP
    blocks = RememberedBlocks([block_of(store, 0, middle), block_of(store, middle, clock.at_ms)])
    newest = store_from(clock, COUNT - 20)
    whole = found_in(post(app(store, clock), body))
    assert found_in(post(app(newest, clock, blocks=blocks), body)) == whole
    assert len(whole) == 3


@pytest.mark.parametrize(
    ("accepted", "is_streamed"),
    [([], False), ([0], False), ([1], True), ([1, 0], True), ([0, 1], False), ([7, 1], True)],
)
def test_the_first_type_that_is_known_is_taken(
    store: Store, clock: FrozenClock, accepted: list[int], is_streamed: bool
) -> None:
    response = post(app(store, clock), message(query(clock), accepted=accepted))
    kind = response.headers["content-type"]
    streamed = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
    assert kind == (streamed if is_streamed else "application/x-protobuf")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff\xff not snappy", "snappy"),
        (snappy.compress(b"\xff\xff\xff"), "no prometheus.ReadRequest"),
        (snappy.compress(bytes(2 << 20)), "more than"),
        (b"x" * (2 << 20), "longer than"),
        (message(accepted=[9]), "response types"),
        (
            message(pb.Query(matchers=[pb.LabelMatcher(type=pb.LabelMatcher.RE, name="a", value="(")])),
            "regexp",
        ),
        (message(pb.Query(matchers=[pb.LabelMatcher(type=UNKNOWN, name="a")])), "invalid matcher type"),
        (message(*[pb.Query()] * 1001), "1000 queries"),
        (message(pb.Query(matchers=[pb.LabelMatcher(name="a")] * 10_001)), "10000 matchers"),
    ],
)
def test_what_is_no_request_is_refused_in_words(
    store: Store, clock: FrozenClock, body: bytes, said: str
) -> None:
    response = post(app(store, clock), body)
    assert response.status_code == 400
    assert said in response.text
    assert response.text.count("\n") == 1


def test_too_many_samples_in_one_message_are_refused(
    store: Store, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer.SampleCount.__init__, "__defaults__", (COUNT - 1,))
    asked = query(clock, (pb.LabelMatcher.EQ, "db", "1"))
    response = post(app(store, clock), message(asked))
    assert (response.status_code, response.text) == (400, f"exceeded sample limit ({COUNT - 1})\n")
    # A stream is bounded by what is written at a time.
    assert found_in(post(app(store, clock), message(asked, accepted=[1])))


@pytest.mark.parametrize("kind", TYPES)
def test_memory_is_bounded(store: Store, clock: FrozenClock, kind: int) -> None:
    site = app(store, clock, memory=100_000)
    for _ in range(read.MAX_CONCURRENCY + 1):
        # More often than there are places: each is given back.
        response = post(site, message(query(clock), accepted=[kind]))
        assert response.status_code == 503
        assert "query.memory_limit" in response.text


def test_a_long_series_comes_in_several_frames(
    store: Store, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "MAX_FRAME_BYTES", 100)
    monkeypatch.setattr(reading, "_BATCH_BYTES", 50)
    asked = query(clock, (pb.LabelMatcher.EQ, "db", "2"))
    response = post(app(store, clock), message(asked, accepted=[1]))
    (samples,) = found_in(response).values()
    assert len(samples) == COUNT


def test_others_wait_while_too_many_read(store: Store, clock: FrozenClock) -> None:
    site = app(store, clock)

    async def read_all() -> list[int]:
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
            body = message(query(clock), accepted=[1])
            asked = [client.post("/api/v1/read", content=body) for _ in range(3 * read.MAX_CONCURRENCY)]
            return [response.status_code for response in await asyncio.gather(*asked)]

    assert asyncio.run(read_all()) == [200] * 3 * read.MAX_CONCURRENCY


def test_it_is_a_read_to_the_guard_of_origins(store: Store, clock: FrozenClock) -> None:
    site = OriginGuard(app(store, clock))
    assert post(site, message(query(clock))).status_code == 200
    assert request(site, "GET", "/api/v1/read").status_code == 405


def test_a_client_that_goes_leaves_its_place(
    store: Store, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BATCH_BYTES", 1)
    site = app(store, clock)
    body = message(query(clock), accepted=[1])

    async def go_after(frames: int) -> int:
        """How many frames were sent to somebody who goes after so many."""
        sent, gone, is_asked = 0, asyncio.Event(), False

        async def receive() -> dict[str, Any]:
            nonlocal is_asked
            if is_asked:
                await gone.wait()
                return {"type": "http.disconnect"}
            is_asked = True
            return {"type": "http.request", "body": body}

        async def send(part: Any) -> None:
            nonlocal sent
            sent += part["type"] == "http.response.body"
            if sent == frames:
                gone.set()
            await asyncio.sleep(0)

        scope = {"type": "http", "method": "POST", "path": "/api/v1/read", "query_string": b"", "headers": []}
        await site({**scope, "root_path": ""}, receive, send)
        return sent

    async def scenario() -> list[int]:
        return [await asyncio.wait_for(go_after(1), 10) for _ in range(2 * read.MAX_CONCURRENCY)]

    # The two other series are not sent, nor that the stream is whole; and nobody's place is taken afterwards.
    assert set(asyncio.run(scenario())) == {1}


def test_what_goes_wrong_within_a_stream_cuts_it_off(
    store: Store, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "_BATCH_BYTES", 1)
    frames = answer.query_frames

    def failing(*arguments: Any) -> Iterator[bytes]:
        yield next(frames(*arguments))
        raise QueryError("the clock was set while series were read: ask again")

    monkeypatch.setattr(reading, "query_frames", failing)
    with pytest.raises(AssertionError):
        # httpx notices that the answer has no end.
        post(app(store, clock), message(query(clock), accepted=[1]))
    assert "a remote read was cut off" in caplog.text


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (-(1 << 63), (1 << 63) - 1, 3),
        (0, 0, 0),
        ((1 << 63) - 1, -(1 << 63), 0),
        (-5, -1, 0),
    ],
)
def test_any_time_may_be_asked_for(
    store: Store, clock: FrozenClock, kind: int, start: int, end: int, count: int
) -> None:
    asked = pb.Query(start_timestamp_ms=start, end_timestamp_ms=end)
    assert len(found_in(post(app(store, clock), message(asked, accepted=[kind])))) == count
    blocks = RememberedBlocks([block_of(store, 0, clock.at_ms)])
    newest = store_from(clock, COUNT - 20)
    found = found_in(post(app(newest, clock, blocks=blocks), message(asked, accepted=[kind])))
    assert len(found) == count


@pytest.mark.parametrize("kind", TYPES)
def test_no_queries_are_an_empty_answer(store: Store, clock: FrozenClock, kind: int) -> None:
    assert found_in(post(app(store, clock), message(accepted=[kind]))) == {}
