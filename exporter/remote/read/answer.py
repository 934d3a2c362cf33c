"""The two answers of remote read: samples in one message, or chunks in a stream of frames.

Source: storage/remote/codec.go and chunked.go of github.com/prometheus/prometheus, prompb/remote.proto.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from exporter.model.labels import Labels
from exporter.model.series import ReadableSeries
from exporter.remote.protocol import prometheus_pb2 as pb
from exporter.remote.protocol.varint import uvarint
from exporter.remote.read.frames import write_frame
from exporter.remote.read.request import ReadRequestError
from exporter.remote.read.series_reader import SeriesReader

MAX_SAMPLES: Final = 50_000_000
"""The most samples in one answer that is no stream: `--storage.remote.read-sample-limit`."""

MAX_FRAME_BYTES: Final = 1 << 20
"""About the most in one frame: `--storage.remote.read-max-bytes-in-frame`."""

# What a chunk takes besides its data: times, type, lengths.
_CHUNK_BYTES: Final = 24
# Tags of fields that hold messages: `ReadResponse.results` and `QueryResult.timeseries`, both number 1.
_FIELD_1: Final = b"\x0a"

Check = Callable[[], None]


def query_frames(
    index: int, series: Sequence[ReadableSeries], reader: SeriesReader, external_labels: Labels, check: Check
) -> Iterator[bytes]:
    """Yield the answer to a query of a stream, frame by frame; series are in order of their labels.

    A frame holds chunks of one series. `check` is called after each piece of work.
    """
    for one in series:
        labels = _labels_of(one.labels, external_labels)
        frame, size = _new_frame(index, labels)
        for piece in reader.read(one):
            for times, values in piece.chunks():
                data = times.encode(values)
                frame.chunked_series[0].chunks.add(
                    min_time_ms=times.first_ms, max_time_ms=times.last_ms, type=pb.Chunk.XOR, data=data
                )
                size += len(data) + _CHUNK_BYTES
                if size >= MAX_FRAME_BYTES:
                    yield write_frame(frame.SerializeToString())
                    frame, size = _new_frame(index, labels)
            check()
        if frame.chunked_series[0].chunks:
            yield write_frame(frame.SerializeToString())


def _new_frame(index: int, labels: Sequence[pb.Label]) -> tuple[pb.ChunkedReadResponse, int]:
    frame = pb.ChunkedReadResponse(query_index=index)
    frame.chunked_series.add(labels=labels)
    return frame, frame.ByteSize()


def query_result(
    series: Sequence[ReadableSeries],
    reader: SeriesReader,
    external_labels: Labels,
    count: "SampleCount",
    check: Check,
) -> Iterator[bytes]:
    """Yield a `QueryResult` in pieces, one for each series. Raises `ReadRequestError` by `count`."""
    for one in series:
        message = pb.TimeSeries(labels=_labels_of(one.labels, external_labels))
        for piece in reader.read(one):
            count.add(len(piece.times))
            add = message.samples.add
            for at_ms, value in zip(piece.times, piece.values, strict=True):
                add(timestamp=at_ms, value=value)
            check()
        if message.samples:
            encoded = message.SerializeToString()
            yield _FIELD_1 + uvarint(len(encoded)) + encoded


def read_response(results: Sequence[Sequence[bytes]], check: Check) -> bytearray:
    """Return the `ReadResponse` of all results, of each its pieces.

    `check` is called between two pieces: to copy a hundred megabytes in one go takes too long.
    """
    heads = [_FIELD_1 + uvarint(sum(map(len, result))) for result in results]
    message = bytearray(sum(map(len, heads)) + sum(sum(map(len, result)) for result in results))
    at = 0
    for head, result in zip(heads, results, strict=True):
        for piece in (head, *result):
            message[at : at + len(piece)] = piece
            at += len(piece)
            check()
    return message


class SampleCount:
    """How many samples an answer holds."""

    def __init__(self, limit: int = MAX_SAMPLES) -> None:
        self.limit = limit
        self.samples = 0

    def add(self, samples: int) -> None:
        """Raises `ReadRequestError` where they are too many."""
        self.samples += samples
        if self.samples > self.limit:
            raise ReadRequestError(f"exceeded sample limit ({self.limit})")


def _labels_of(labels: Labels, external_labels: Labels) -> Sequence[pb.Label]:
    """All labels in order of their names; where a series has one of the same name, its own counts."""
    merged = sorted({**dict(external_labels.pairs), **dict(labels.pairs)}.items())
    return [pb.Label(name=name, value=value) for name, value in merged]
