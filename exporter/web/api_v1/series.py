"""`series`, `labels`, `label/<name>/values` and `metadata`: what the store holds."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.sample import Family
from exporter.store import Store
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import TRUNCATED, Answer, BadDataError, api
from exporter.web.api_v1.turns import Turns, TurnTaker

_ALWAYS = 1 << 62
_CHUNK = 500


def routes(store: Store, clock: Clock, turn_taker: TurnTaker) -> Sequence[Route]:
    """The routes that list series, labels and families; long lists take turns with the event loop."""

    async def series(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        if not parameters.texts("match[]"):
            raise BadDataError("no match[] parameter provided")
        selection = _Selection(store, parameters)
        found = await turn_taker.run(lambda turns: sorted(set(selection.labels(turns))))
        return _limited([labels.as_dict() for labels in found], parameters)

    async def labels(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        selection = _Selection(store, parameters)
        names = await turn_taker.run(
            lambda turns: {name for found in selection.labels(turns) for name, _ in found}
        )
        return _limited(sorted(names), parameters)

    async def label_values(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        selection, name = _Selection(store, parameters), request.path_params["name"]
        values = await turn_taker.run(lambda turns: {found.get(name) for found in selection.labels(turns)})
        return _limited(sorted(values - {""}), parameters)

    async def metadata(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        wanted = parameters.text("metric")
        families = {family.name: family for family in _families(store)}
        names = [name for name in sorted(families) if wanted in ("", name)]
        return Answer({name: [_metadata(families[name])] for name in names[: parameters.limit()]})

    methods = ["GET", "POST"]
    return (
        Route("/api/v1/series", api(series), methods=methods),
        Route("/api/v1/labels", api(labels), methods=methods),
        Route("/api/v1/label/{name}/values", api(label_values), methods=["GET"]),
        Route("/api/v1/metadata", api(metadata), methods=["GET"]),
    )


class _Selection:
    """The series that any selector of a request picks and that have a sample in the time asked for."""

    def __init__(self, store: Store, parameters: Parameters) -> None:
        self._store = store
        self._start = parameters.time_ms("start", -_ALWAYS)
        self._end = parameters.time_ms("end", _ALWAYS)
        self._selectors: Iterable[Sequence[Matcher]] = parameters.selectors() or [()]

    def labels(self, turns: Turns) -> Iterator[Labels]:
        """Their labels; some may come twice."""
        for matchers in self._selectors:
            for number, series in enumerate(self._store.find(matchers)):
                if number % _CHUNK == 0:
                    turns.give_way()
                if series.has_samples(self._start, self._end):
                    yield series.labels


def _limited(found: Sequence[Any], parameters: Parameters) -> Answer:
    """As many as were asked for, and a warning where there are more."""
    limit = parameters.limit()
    if limit is None or len(found) <= limit:
        return Answer(found)
    return Answer(found[:limit], warnings=[TRUNCATED])


def _families(store: Store) -> Iterator[Family]:
    for block in store.blocks:
        yield from {point.family for point in block.layout.points}


def _metadata(family: Family) -> dict[str, str]:
    return {"type": family.kind.value, "help": family.help, "unit": ""}
