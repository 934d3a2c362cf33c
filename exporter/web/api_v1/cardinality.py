"""`status/tsdb`: how many series there are, of which metrics and with which labels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any, Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.model.labels import METRIC_NAME
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import Answer, BadDataError, api

_DEFAULT_LIMIT: Final = 10
_MOST: Final = 10_000
_CHUNK: Final = 500


def routes(store: Store, clock: Clock, executor: CooperativeExecutor) -> Sequence[Route]:
    """The route, whose counting runs cooperatively with the event loop."""

    async def head(request: Request) -> Answer:
        limit = _limit(await Parameters.of(request, clock))
        return Answer(await executor.run(lambda task: _count(store, task).answer(store, limit, task)))

    return (Route("/api/v1/status/tsdb", api(head), methods=["GET"]),)


def _limit(parameters: Parameters) -> int:
    refusal = "limit must be a positive number"
    try:
        limit = parameters.number("limit")
    except BadDataError:
        raise BadDataError(refusal) from None
    if limit is not None and limit < 1:
        raise BadDataError(refusal)
    if limit is not None and limit > _MOST:
        raise BadDataError(f"limit must not exceed {_MOST}")
    return limit or _DEFAULT_LIMIT


class _Counts:
    """The number of series of each pair of a label and its value."""

    def __init__(self) -> None:
        self.series = 0
        self.pairs: Counter[tuple[str, str]] = Counter()

    def answer(self, store: Store, limit: int, task: CooperativeTask) -> dict[str, Any]:
        """The answer of the API, with so many entries in each list.

        Memory is counted as Prometheus does it: the bytes of a label's values, once for every series.
        """
        values, memory, metrics = Counter[str](), Counter[str](), Counter[str]()
        for number, ((name, value), count) in enumerate(self.pairs.items()):
            if number % _CHUNK == 0:
                task.yield_control()
            values[name] += 1
            memory[name] += len(value.encode("utf-8", "replace")) * count
            if name == METRIC_NAME:
                metrics[value] = count
        task.yield_control()
        pairs = (("=".join(pair), count) for pair, count in self._most_common(limit))
        task.yield_control()
        return {
            "headStats": {
                "numSeries": self.series,
                "numLabelPairs": len(self.pairs),
                "chunkCount": sum(len(group.segments) for group in store.groups),
                **_span(store),
            },
            "seriesCountByMetricName": _largest(metrics.items(), limit),
            "labelValueCountByLabelName": _largest(values.items(), limit),
            "memoryInBytesByLabelName": _largest(memory.items(), limit),
            "seriesCountByLabelValuePair": _largest(pairs, limit),
        }

    def _most_common(self, limit: int) -> list[tuple[tuple[str, str], int]]:
        return nsmallest(limit, self.pairs.items(), key=lambda item: (-item[1], item[0]))


def _count(store: Store, task: CooperativeTask) -> _Counts:
    counts = _Counts()
    for series in store.find(()):
        if counts.series % _CHUNK == 0:
            task.yield_control()
        counts.series += 1
        counts.pairs.update(series.labels)
    return counts


def _span(store: Store) -> dict[str, int]:
    """The first and last moment of which there are samples, in milliseconds; 0 where there are none."""
    spans = [(group.times[0], group.times[-1]) for group in store.groups if group.times]
    return {
        "minTime": min((first for first, _ in spans), default=0),
        "maxTime": max((last for _, last in spans), default=0),
    }


def _largest(counts: Iterable[tuple[str, int]], limit: int) -> list[dict[str, Any]]:
    largest = nsmallest(limit, counts, key=lambda item: (-item[1], item[0]))
    return [{"name": name, "value": count} for name, count in largest]
