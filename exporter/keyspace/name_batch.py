"""Names that one step of a scan has returned, and what is asked about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.keyspace.answers import FactsRequest
from exporter.keyspace.nodes import KeyGroup


@dataclass(slots=True)
class NameBatch:
    """Names of the SCAN step at `cursor`, and the request about them.

    The request is about all of them, or about the `chosen` ones (indexes) with their weights; `apart` are
    those of the chosen (positions) that are asked in any case.
    """

    cursor: bytes
    names: Sequence[bytes]
    request: FactsRequest
    groups: list[KeyGroup] | None = None
    chosen: Sequence[int] | None = None
    weights: Sequence[float] | None = None
    apart: frozenset[int] = frozenset()
    extra_rate: float = 1.0
