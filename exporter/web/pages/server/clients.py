"""The table of clients: how many have which name, and what is known of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.web.pages.page_queries import Found
from exporter.web.pages.server.expressions import Expressions
from exporter.web.pages.server.figures import count_figure

_SORTS: Final = (("name", "name"), ("user", "user"), ("library", "library"), ("host", "host"))
_NONE: Final = "none"
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class ClientRow:
    """Clients of one name; `share` is their part of all, 0 to 1."""

    name: str
    count: str
    share: float


@dataclass(frozen=True, slots=True)
class ClientTable:
    """Clients by name, most first; `others`: the most frequent values of what else they are told apart by."""

    rows: Sequence[ClientRow]
    left_out: int
    total: str
    others: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def client_expressions(expressions: Expressions) -> Sequence[str]:
    """What is to be asked for `read_clients`."""
    return [expressions.gauge(f"redis_clients_by_{sort}") for sort, _ in _SORTS]


def read_clients(found: Sequence[Found], most: int) -> ClientTable:
    """Return so many names, from what the expressions came to."""
    counts = [_counts(one, label) for one, (_, label) in zip(found, _SORTS, strict=True)]
    by_name = counts[0]
    total = sum(count for _, count in by_name)
    rows = [
        ClientRow("no name" if name == _NONE else name, count_figure(count), count / total if total else 0.0)
        for name, count in by_name[:most]
    ]
    others = [
        (sort, [(value, count_figure(count)) for value, count in one[:_MOST_NAMED]])
        for one, (sort, _) in zip(counts[1:], _SORTS[1:], strict=True)
        if one
    ]
    return ClientTable(rows, len(by_name) - len(rows), count_figure(total), others)


def _counts(found: Found, label: str) -> list[tuple[str, float]]:
    """The values of a label with the number of their clients, most first."""
    counts = []
    for series in found.series:
        version = series.labels.get("version") if label == "library" else ""
        counts.append((f"{series.labels.get(label)} {version}".rstrip(), series.points[-1][1]))
    return sorted(counts, key=lambda pair: (-pair[1], pair[0]))
