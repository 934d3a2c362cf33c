"""`series`, `labels`, `label/<name>/values` and `metadata`: what the store holds."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock
from exporter.errors import QueryError
from exporter.history.source import HistorySource
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.quoting import quote
from exporter.model.sample import Family, Kind
from exporter.promql import MemoryAccount, MemoryBudget
from exporter.promql.disposal import drop
from exporter.promql.memory import SERIES_BYTES
from exporter.promql.pieces import PIECE, sort_pieces
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.encode import encode_json
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import TRUNCATED, Answer, BadDataError, api
from exporter.web.api_v1.samples import Samples

_ALWAYS = 1 << 63
_CHUNK = 500
# What the labels of a series take while they are listed.
_LABELS_BYTES = 700
_ESCAPE: Final = re.compile(r"_([0-9A-Fa-f]{1,6})_|__")
_ESCAPED: Final = re.compile(r"(?:[^_]|_[0-9A-Fa-f]{1,6}_|__)*", re.DOTALL)
_SURROGATES: Final = range(0xD800, 0xE000)


def routes(
    store: Store,
    clock: Clock,
    executor: CooperativeExecutor,
    budget: MemoryBudget | None = None,
    history: HistorySource | None = None,
) -> Sequence[Route]:
    """Return the routes that list series, labels and families, those of the history too.

    Long lists run cooperatively with the event loop, and count against the budget.
    """
    lists = _Lists(Samples(store, history), clock, executor, budget or MemoryBudget())
    methods = ["GET", "POST"]
    return (
        Route("/api/v1/series", api(lists.series), methods=methods),
        Route("/api/v1/labels", api(lists.labels), methods=methods),
        Route("/api/v1/label/{name}/values", api(lists.label_values), methods=["GET"]),
        Route("/api/v1/metadata", api(lists.metadata), methods=["GET"]),
    )


class _Lists:
    """The endpoints that list what is in the store."""

    def __init__(
        self, samples: Samples, clock: Clock, executor: CooperativeExecutor, budget: MemoryBudget
    ) -> None:
        self._samples = samples
        self._clock = clock
        self._executor = executor
        self._budget = budget

    async def series(self, request: Request) -> Answer:
        """List the series of selectors."""
        parameters = await Parameters.of(request, self._clock)
        parameters.refuse_malformed()
        if not parameters.texts("match[]"):
            raise BadDataError("no match[] parameter provided")
        selection = _Selection(self._samples, parameters, 'invalid parameter "match[]": ')
        limit, account = parameters.limit(), self._budget.account()

        def find(task: CooperativeTask) -> Answer:
            check = _Check(task, account)
            found = sort_pieces(_distinct(selection, check, task), attrgetter("pairs"), check.yield_control)
            warnings = [TRUNCATED] if limit is not None and limit < len(found) else []
            encoded = encode_json(map(Labels.as_dict, islice(found, limit)), check.note_text)
            drop(found, check.yield_control)
            return Answer(encoded, warnings, release=account.close)

        try:
            return await self._executor.run(find, request)
        except BaseException:
            account.close()
            raise

    async def labels(self, request: Request) -> Answer:
        """List the names of labels."""
        parameters = await Parameters.of(request, self._clock)
        selection = _Selection(self._samples, parameters)
        names = await self._executor.run(
            lambda task: {name for found in selection.labels(_Check(task)) for name, _ in found}, request
        )
        return _limited(sorted(names), parameters)

    async def label_values(self, request: Request) -> Answer:
        """List the values of a label."""
        parameters, name = await Parameters.of(request, self._clock), _label_name(request)
        selection = _Selection(self._samples, parameters)
        values = await self._executor.run(
            lambda task: {found.get(name) for found in selection.labels(_Check(task))}, request
        )
        return _limited(sorted(values - {""}), parameters)

    async def metadata(self, request: Request) -> Answer:
        """Describe the families."""
        parameters = await Parameters.of(request, self._clock)
        wanted, limit = parameters.text("metric"), parameters.number("limit")
        parameters.number("limit_per_metric")  # There is one description of each metric.
        families = {family.name: family for family in _families(self._samples.store)}
        names = [name for name in sorted(families) if wanted in ("", name)]
        names = names if limit is None or limit < 0 else names[:limit]
        return Answer({name: [describe_family(families[name])] for name in names})


def _distinct(selection: "_Selection", check: "_Check", task: CooperativeTask) -> list[Labels]:
    """The labels of a selection, each once. What was found is let go of in pieces where it is too much."""
    found: set[Labels] = set()
    try:
        for labels in selection.labels(check):
            found.add(labels)
    except QueryError:
        while found:
            for _ in range(min(PIECE, len(found))):
                found.pop()
            task.yield_control()
        raise
    return list(found)


class _Check:
    """Lets others run, and notes in an account what a list takes; `series` are those in it."""

    def __init__(self, task: CooperativeTask, account: MemoryAccount | None = None) -> None:
        self.series = 0
        self._selected = 0
        self._task = task
        self._account = account

    def yield_control(self) -> None:
        """Raises `QueryError` where the list takes too much."""
        if self._account is not None:
            self._account.set_used(self.series * _LABELS_BYTES + self._selected * SERIES_BYTES)
        self._task.yield_control()

    def note_selected(self, series: int) -> None:
        """Note so many more series that are held until all have been looked at. Raises as `yield_control`."""
        self._selected += series
        self.yield_control()

    def note_text(self, written_bytes: int) -> None:
        """Note that so many bytes of the answer have been written. Raises as `yield_control`."""
        if self._account is not None:
            self._account.add_text(written_bytes)
        self._task.yield_control()


class _Selection:
    """The series that any selector of a request picks and that have a sample in the time asked for."""

    def __init__(self, samples: Samples, parameters: Parameters, prefix: str = "") -> None:
        self._samples = samples
        parameters.limit()  # A bad one is refused before anything else is.
        self._start = parameters.time_ms("start", -_ALWAYS)
        self._end = parameters.time_ms("end", _ALWAYS)
        self._selectors: Iterable[Sequence[Matcher]] = parameters.selectors(prefix=prefix) or [()]

    def labels(self, check: "_Check") -> Iterator[Labels]:
        """Their labels; some may come twice."""
        with self._samples.between(self._start, self._end) as find:
            for matchers in self._selectors:
                for number, series in enumerate(find(matchers, check.note_selected)):
                    if number % _CHUNK == 0:
                        check.yield_control()
                    if series.has_samples(self._start, self._end):
                        check.series += 1
                        yield series.labels


def _limited(found: Sequence[Any], parameters: Parameters) -> Answer:
    """As many as were asked for, and a warning where there are more."""
    limit = parameters.limit()
    if limit is None or len(found) <= limit:
        return Answer(found)
    return Answer(found[:limit], warnings=[TRUNCATED])


def _families(store: Store) -> Iterator[Family]:
    for group in store.groups:
        yield from {point.family for point in group.layout.points}


def describe_family(family: Family) -> dict[str, str]:
    """A family as the API describes it."""
    kind = "unknown" if family.kind is Kind.UNTYPED else family.kind.value
    return {"type": kind, "help": family.help, "unit": ""}


def _label_name(request: Request) -> str:
    """The name in the path. Raises `BadDataError` for an empty one, and for bytes that are no UTF-8."""
    name = unescape_name(request.path_params["name"])
    try:
        unquote_to_bytes(request.scope.get("raw_path", b"")).decode()
    except UnicodeDecodeError:
        name = ""
    if not name:
        raise BadDataError(f"invalid label name: {quote(request.path_params['name'][:100])}")
    return name


def unescape_name(text: str) -> str:
    """The name that a path holds: `U__a_2e_b` is `a.b`, as names are written where not all characters can be.

    What is no such notation is a name as it is. Source: `UnescapeName` of github.com/prometheus/common,
    model/metric.go.
    """
    if not text.startswith("U__"):
        return text
    inner = text.removeprefix("U__")
    if not _ESCAPED.fullmatch(inner):
        return text
    try:
        return _ESCAPE.sub(_unescape, inner)
    except (ValueError, OverflowError):
        return text


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else ord("_")
    if code in _SURROGATES:
        raise ValueError(match[0])
    return chr(code)
