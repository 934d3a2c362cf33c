"""`Message`: what differs between the protocols 1.0 and 2.0."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from exporter.model.sample import Family, Kind, Layout
from exporter.remote.write.transform import Transform

KINDS: Final[Mapping[Kind, int]] = {
    Kind.UNTYPED: 0,
    Kind.COUNTER: 1,
    Kind.GAUGE: 2,
    Kind.HISTOGRAM: 3,
    Kind.SUMMARY: 5,
    Kind.INFO: 6,
}
"""The numbers of types, which both protocols have in common."""


@dataclass(frozen=True, slots=True)
class EncodedLayout:
    """The series of a layout, encoded as far as that is the same in each request.

    `series` are in order of the layout, as a protocol needs them. `unsent` are the indexes of those that
    relabelling leaves out.
    """

    series: Sequence[Any]
    unsent: Set[int] = field(default_factory=frozenset)
    symbols: Sequence[str] = ()


class Message(Protocol):
    """A protocol; `counts_written`: answers say how many samples were taken."""

    name: str
    headers: Mapping[str, str]
    counts_written: bool

    def encode_layout(self, layout: Layout, transform: Transform) -> EncodedLayout:
        """Encode the series of a layout."""
        ...

    def begin(self) -> "Body":
        """Begin a request."""
        ...

    def metadata(self, families: Iterable[Family]) -> bytes | None:
        """Return a request that tells of metrics; None where each request with samples does."""
        ...


class Body(Protocol):
    """A request under way."""

    def heads(self, layout: EncodedLayout) -> Sequence[bytes]:
        """Return what stands before the value of each series of a layout in this request."""
        ...

    def finish(self, rows: Iterable[bytes]) -> bytes:
        """Return the request with these rows."""
        ...


def metric_name(family: Family) -> str:
    """Return the name by which receivers know a metric: that of all its series, without their suffix."""
    if family.kind in (Kind.HISTOGRAM, Kind.SUMMARY):
        for suffix in ("_bucket", "_sum", "_count"):
            if family.name.endswith(suffix):
                return family.name.removesuffix(suffix)
    return family.name
