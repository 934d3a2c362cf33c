"""What a receiver reads out of requests, by the protobuf library."""

import struct
from collections.abc import Iterable, Mapping

from exporter.model.labels import Labels
from exporter.model.sample import is_stale
from exporter.remote.protocol import snappy
from exporter.remote.protocol.prometheus_pb2 import WriteRequest as RequestV1
from exporter.remote.protocol.write_v2_pb2 import Request as RequestV2
from exporter.remote.write.encoder import WriteRequest

Received = dict[Labels, list[tuple[int, float]]]
"""By series its samples: timestamp in milliseconds and value; the stale marker is `STALE`."""


def _pairs(names_and_values: Iterable[str]) -> Labels:
    texts = list(names_and_values)
    names = texts[0::2]
    assert names == sorted(set(names)), "labels are in order, each name once"
    return Labels(dict(zip(names, texts[1::2], strict=True)))


def read_v1(body: bytes) -> Iterable[tuple[Labels, int, float]]:
    request = RequestV1()
    request.ParseFromString(snappy.decompress(body, 64 << 20))
    for series in request.timeseries:
        labels = _pairs(text for label in series.labels for text in (label.name, label.value))
        for sample in series.samples:
            yield labels, sample.timestamp, sample.value


def read_v2(body: bytes) -> Iterable[tuple[Labels, int, float]]:
    request = RequestV2()
    request.ParseFromString(snappy.decompress(body, 64 << 20))
    assert request.symbols[0] == ""
    for series in request.timeseries:
        labels = _pairs(request.symbols[at] for at in series.labels_refs)
        for sample in series.samples:
            yield labels, sample.timestamp, sample.value


def metadata_of_v2(body: bytes) -> Mapping[str, tuple[int, str]]:
    """By metric name the number of its type, and its help text."""
    request = RequestV2()
    request.ParseFromString(snappy.decompress(body, 64 << 20))
    return {
        _pairs(request.symbols[at] for at in series.labels_refs).name: (
            series.metadata.type,
            request.symbols[series.metadata.help_ref],
        )
        for series in request.timeseries
    }


def read(requests: Iterable[WriteRequest], received: Received | None = None) -> Received:
    """All samples of requests, in the order in which they came."""
    found: Received = {} if received is None else received
    for request in requests:
        reader = read_v2 if request.message.name.startswith("io.") else read_v1
        samples = list(reader(request.body)) if request.samples else []
        assert len(samples) == request.samples
        for labels, moment, value in samples:
            found.setdefault(labels, []).append((moment, value))
    return found


def bits(received: Received) -> dict[Labels, list[tuple[int, str]]]:
    """The same with values that can be compared, NaNs included."""
    return {
        labels: [
            (moment, "stale" if is_stale(value) else struct.pack("<d", value).hex())
            for moment, value in samples
        ]
        for labels, samples in received.items()
    }
