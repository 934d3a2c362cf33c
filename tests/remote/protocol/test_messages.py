"""The messages have the numbers of the specifications: bytes written by hand mean what they say."""

import struct

from exporter.remote.protocol.prometheus_pb2 import ChunkedReadResponse, ReadRequest, WriteRequest
from exporter.remote.protocol.write_v2_pb2 import Request


def field(number: int, payload: bytes) -> bytes:
    """A field with a length, below 128 bytes."""
    return bytes([number << 3 | 2, len(payload)]) + payload


SAMPLE = b"\x09" + struct.pack("<d", 1.5) + b"\x10\xe8\x07"


def test_a_write_request_of_1_0() -> None:
    label = field(1, b"__name__") + field(2, b"redis_up")
    metadata = b"\x08\x02" + field(2, b"redis_up") + field(4, b"Whether it answers.")
    request = WriteRequest()
    request.ParseFromString(field(1, field(1, label) + field(2, SAMPLE)) + field(3, metadata))
    (series,) = request.timeseries
    assert [(one.name, one.value) for one in series.labels] == [("__name__", "redis_up")]
    assert [(one.value, one.timestamp) for one in series.samples] == [(1.5, 1000)]
    (about,) = request.metadata
    assert (about.type, about.metric_family_name, about.help) == (2, "redis_up", "Whether it answers.")


def test_a_request_of_2_0() -> None:
    metadata = b"\x08\x02\x18\x03"
    series = field(1, b"\x01\x02") + field(2, SAMPLE) + field(5, metadata)
    symbols = b"".join(field(4, one) for one in (b"", b"__name__", b"redis_up", b"Whether it answers."))
    request = Request()
    request.ParseFromString(symbols + field(5, series))
    (one,) = request.timeseries
    assert [request.symbols[at] for at in one.labels_refs] == ["__name__", "redis_up"]
    assert [(sample.value, sample.timestamp) for sample in one.samples] == [(1.5, 1000)]
    assert one.metadata.type == 2
    assert request.symbols[one.metadata.help_ref] == "Whether it answers."


def test_one_version_finds_nothing_in_what_the_other_has_written() -> None:
    old, new = WriteRequest(), Request()
    old.ParseFromString(field(4, b"") + field(5, field(1, b"\x01\x02")))
    new.ParseFromString(field(1, field(2, SAMPLE)))
    assert (len(old.timeseries), len(new.timeseries)) == (0, 0)


def test_a_read_request() -> None:
    matcher = b"\x08\x02" + field(2, b"job") + field(3, b"re.*")
    hints = b"\x08\x98\x75" + field(2, b"rate") + b"\x38\xe0\xd4\x03"
    query = b"\x08\xe8\x07\x10\xd0\x0f" + field(3, matcher) + field(4, hints)
    request = ReadRequest()
    request.ParseFromString(field(1, query) + b"\x12\x02\x01\x00")
    (one,) = request.queries
    assert (one.start_timestamp_ms, one.end_timestamp_ms) == (1000, 2000)
    assert [(m.type, m.name, m.value) for m in one.matchers] == [(2, "job", "re.*")]
    assert (one.hints.step_ms, one.hints.func, one.hints.range_ms) == (15_000, "rate", 60_000)
    assert list(request.accepted_response_types) == [1, 0]


def test_a_frame_of_a_streamed_answer() -> None:
    chunk = b"\x08\xe8\x07\x10\xd0\x0f\x18\x01" + field(4, b"\x00\x01")
    series = field(1, field(1, b"a") + field(2, b"b")) + field(2, chunk)
    response = ChunkedReadResponse()
    response.ParseFromString(field(1, series) + b"\x10\x03")
    assert response.query_index == 3
    (one,) = response.chunked_series[0].chunks
    assert (one.min_time_ms, one.max_time_ms, one.type, one.data) == (1000, 2000, 1, b"\x00\x01")
