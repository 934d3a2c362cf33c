"""Remote write 1.0: `prometheus.WriteRequest`, with all labels of each series written out.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from exporter.model.sample import Family, Layout
from exporter.remote.write.message import KINDS, EncodedLayout, metric_name
from exporter.remote.write.protobuf import (
    SAMPLE_BYTES,
    SAMPLE_HEAD,
    field,
    labels_fields,
    number_field,
    varint,
)
from exporter.remote.write.transform import Transform

_SERIES: Final = b"\x0a"
_METADATA: Final = 3


class MessageV1:
    """Implements `Message`. A request is its series one after the other, so that it begins with nothing."""

    name: str = "prometheus.WriteRequest"
    counts_written: bool = False
    headers: Mapping[str, str] = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }

    def encode_layout(self, layout: Layout, transform: Transform) -> EncodedLayout:
        """Encode all of each series but the value and the timestamp of its sample."""
        heads: list[bytes] = []
        unsent: set[int] = set()
        for index in range(len(layout)):
            pairs = transform(layout.labels(index))
            if pairs is None:
                unsent.add(index)
                heads.append(b"")
                continue
            labels = labels_fields(pairs)
            heads.append(_SERIES + varint(len(labels) + SAMPLE_BYTES) + labels + SAMPLE_HEAD)
        return EncodedLayout(heads, unsent)

    def begin(self) -> "MessageV1":
        """Begin a request."""
        return self

    def heads(self, layout: EncodedLayout) -> Sequence[bytes]:
        """Return the series as they were encoded."""
        return layout.series

    def finish(self, rows: Iterable[bytes]) -> bytes:
        """Return the rows one after the other."""
        return b"".join(rows)

    def metadata(self, families: Iterable[Family]) -> bytes | None:
        """Return a request of the types and help texts of metrics."""
        return b"".join(
            field(
                _METADATA,
                number_field(1, KINDS[family.kind])
                + field(2, metric_name(family).encode())
                + field(4, family.help.encode()),
            )
            for family in families
        )
