"""Remote write 2.0: `io.prometheus.write.v2.Request`, with each text once per request, and metadata.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from exporter.model.sample import Family, Layout
from exporter.remote.write.message import KINDS, EncodedLayout
from exporter.remote.write.protobuf import SAMPLE_BYTES, SAMPLE_HEAD, field, number_field, varint
from exporter.remote.write.transform import Transform

_SYMBOLS: Final = 4
_SERIES: Final = b"\x2a"
_LABELS: Final = b"\x0a"
_METADATA: Final = 5
_HELP: Final = b"\x18"

# Of a series: indexes of its labels in the symbols of its layout, that of its help text, and its type.
_Series = tuple[tuple[int, ...], int, bytes]
_UNSENT: Final[_Series] = ((), 0, b"")


class MessageV2:
    """Implements `Message`."""

    name: str = "io.prometheus.write.v2.Request"
    counts_written: bool = True
    headers: Mapping[str, str] = {
        "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "2.0.0",
    }

    def encode_layout(self, layout: Layout, transform: Transform) -> EncodedLayout:
        """Number the texts of the series of a layout."""
        symbols: dict[str, int] = {}
        found: list[_Series] = []
        unsent: set[int] = set()
        for index, point in enumerate(layout.points):
            pairs = transform(layout.labels(index))
            if pairs is None:
                unsent.add(index)
                found.append(_UNSENT)
                continue
            references = tuple([symbols.setdefault(text, len(symbols)) for pair in pairs for text in pair])
            help_reference = symbols.setdefault(point.family.help, len(symbols))
            found.append((references, help_reference, number_field(1, KINDS[point.family.kind])))
        return EncodedLayout(found, unsent, list(symbols))

    def begin(self) -> "_Body":
        """Begin a request."""
        return _Body()

    def metadata(self, families: Iterable[Family]) -> bytes | None:
        """Return nothing: requests with samples have it."""
        return None


class _Body:
    def __init__(self) -> None:
        self._symbols: dict[str, int] = {"": 0}
        # By identity; the layouts are kept, so that no other one gets the identity of one of them.
        self._heads: dict[int, tuple[EncodedLayout, Sequence[bytes]]] = {}

    def heads(self, layout: EncodedLayout) -> Sequence[bytes]:
        """Return the series with the numbers that their texts have in this request."""
        known = self._heads.get(id(layout))
        if known is None:
            known = self._heads[id(layout)] = (layout, self._encode(layout))
        return known[1]

    def _encode(self, layout: EncodedLayout) -> Sequence[bytes]:
        symbols = self._symbols
        numbers = [varint(symbols.setdefault(text, len(symbols))) for text in layout.symbols]
        return [
            _head(b"".join([numbers[at] for at in references]), kind + _HELP + numbers[help_reference])
            for references, help_reference, kind in layout.series
        ]

    def finish(self, rows: Iterable[bytes]) -> bytes:
        """Return the symbols and the rows."""
        return b"".join([*[field(_SYMBOLS, text.encode()) for text in self._symbols], *rows])


def _head(labels: bytes, metadata: bytes) -> bytes:
    inner = _LABELS + varint(len(labels)) + labels + field(_METADATA, metadata)
    return _SERIES + varint(len(inner) + SAMPLE_BYTES) + inner + SAMPLE_HEAD
