"""`/federate`: the newest samples of the series that a Prometheus wants to take over."""

from collections.abc import Iterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import Clock, to_milliseconds
from exporter.errors import QueryError
from exporter.metrics import Format
from exporter.metrics.federation import FederatedSample, FederationText
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.promql import MemoryAccount, MemoryBudget
from exporter.promql.expression import DEFAULT_LOOKBACK_MS
from exporter.promql.memory import SERIES_BYTES
from exporter.promql.pieces import sort_pieces
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.parameters import read_selector
from exporter.web.directory import ExternalLabels
from exporter.web.json_pieces import PiecesResponse, gather

PATH: Final = "/federate"
# After how many series others may have a turn.
_PIECE: Final = 500


def routes(
    store: Store,
    clock: Clock,
    executor: CooperativeExecutor,
    budget: MemoryBudget,
    external: ExternalLabels,
) -> Sequence[Route]:
    """Return the route, which runs cooperatively with the event loop and counts against the budget."""
    return (Route(PATH, _Federation(store, clock, executor, budget, external).page, methods=["GET"]),)


class _Federation:
    """The endpoint."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        executor: CooperativeExecutor,
        budget: MemoryBudget,
        external: ExternalLabels,
    ) -> None:
        self._store = store
        self._clock = clock
        self._executor = executor
        self._budget = budget
        self._external = external

    async def page(self, request: Request) -> Response:
        """Answer with all series that any of `match[]` picks and that have not ended."""
        try:
            selectors = [read_selector(text) for text in request.query_params.getlist("match[]")]
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400)
        text = _text_for(request.headers.get("accept", ""), self._external.external_labels)
        now_ms, account = to_milliseconds(self._clock.now()), self._budget.account()

        def write(task: CooperativeTask) -> list[bytes]:
            check = _Check(task, account)
            found = _newest(self._store, selectors, now_ms, check)
            ordered = sort_pieces(found, lambda one: (one.labels.name, one.labels.pairs), check.yield_control)
            return list(check.count(gather(text.texts(check.through(ordered)))))

        try:
            pieces = await self._executor.run(write, request, self._budget.timeout_seconds)
        except QueryError as error:
            account.close()
            return PlainTextResponse(f"{error}\n", 503)
        except BaseException:
            account.close()
            raise
        return PiecesResponse(
            pieces, release=account.close, media_type=text.content_type, headers={"vary": "Accept"}
        )


class _Check:
    """Lets others run, and notes in an account what the page takes."""

    def __init__(self, task: CooperativeTask, account: MemoryAccount) -> None:
        self._task = task
        self._account = account
        self.series = 0

    def yield_control(self) -> None:
        """Raises `QueryError` where all queries together take too much."""
        self._account.set_used(self.series * SERIES_BYTES)
        self._task.yield_control()

    def through(self, samples: Sequence[FederatedSample]) -> Iterator[FederatedSample]:
        """The same samples, with breaks."""
        for number, sample in enumerate(samples):
            if number % _PIECE == 0:
                self.yield_control()
            yield sample

    def count(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces, whose bytes count."""
        for piece in pieces:
            self._account.add_text(len(piece))
            yield piece


def _newest(
    store: Store, selectors: Sequence[Sequence[Matcher]], now_ms: int, check: _Check
) -> list[FederatedSample]:
    """The newest sample of each series, not older than the look-back; none where it has ended."""
    found: dict[Labels, FederatedSample] = {}
    for matchers in selectors:
        for number, series in enumerate(store.find(matchers, lambda _: check.yield_control())):
            if number % _PIECE == 0:
                check.yield_control()
            # Unlike that of a query, the look-back includes its first moment.
            point = series.point_at(now_ms, DEFAULT_LOOKBACK_MS + 1)
            if point is None:
                continue
            known = found.get(series.labels)
            if known is None or known.at_ms < point[0]:
                found[series.labels] = FederatedSample(series.labels, *point)
                check.series = len(found)
    return list(found.values())


def _text_for(accept: str, external_labels: Labels) -> FederationText:
    form = Format.OPENMETRICS if "application/openmetrics-text" in accept else Format.TEXT
    return FederationText(form, external_labels, takes_utf8="escaping=allow-utf-8" in accept)
