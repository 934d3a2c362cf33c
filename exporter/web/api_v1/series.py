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
from exporter.web.api_v1.reply import Answer, BadDataError, api

_ALWAYS = 1 << 62


def routes(store: Store, clock: Clock) -> Sequence[Route]:
    """The routes that list series, labels and families."""

    async def series(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        if not parameters.texts("match[]"):
            raise BadDataError("no match[] parameter provided")
        found = sorted(set(_select(store, parameters)))
        return _limited([labels.as_dict() for labels in found], parameters)

    async def labels(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        names = {name for found in _select(store, parameters) for name, _ in found}
        return _limited(sorted(names), parameters)

    async def label_values(request: Request) -> Answer:
        parameters = await Parameters.of(request, clock)
        name = request.path_params["name"]
        values = {found.get(name) for found in _select(store, parameters)} - {""}
        return _limited(sorted(values), parameters)

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


def _select(store: Store, parameters: Parameters) -> Iterator[Labels]:
    """The labels of the series that any selector picks and that have a sample in the time asked for."""
    start, end = parameters.time_ms("start", -_ALWAYS), parameters.time_ms("end", _ALWAYS)
    selectors: Iterable[Sequence[Matcher]] = parameters.selectors() or [()]
    for matchers in selectors:
        for series in store.find(matchers):
            if series.has_samples(start, end):
                yield series.labels


def _limited(found: Sequence[Any], parameters: Parameters) -> Answer:
    """As many as were asked for, and a warning where there are more."""
    limit = parameters.limit()
    if limit is None or len(found) <= limit:
        return Answer(found)
    return Answer(found[:limit], warnings=["results truncated due to limit"])


def _families(store: Store) -> Iterator[Family]:
    for block in store.blocks:
        yield from {point.family for point in block.layout.points}


def _metadata(family: Family) -> dict[str, str]:
    return {"type": family.kind.value, "help": family.help, "unit": ""}
