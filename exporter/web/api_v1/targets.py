"""`targets` and `scrape_pools`: what the daemon watches, and what it knows about the metrics of each."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from exporter.clock import Clock, to_milliseconds
from exporter.errors import QueryError
from exporter.model.duration import format_duration
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeExecutor, CooperativeTask
from exporter.web.api_v1.moments import write_moment
from exporter.web.api_v1.parameters import Parameters, read_selector
from exporter.web.api_v1.reply import Answer, BadDataError, api
from exporter.web.api_v1.series import describe_family
from exporter.web.directory import Targets


def routes(watched: Targets, store: Store, clock: Clock, executor: CooperativeExecutor) -> Sequence[Route]:
    """The routes about targets; a job stands for what Prometheus calls a scrape pool."""

    async def targets(request: Request) -> Answer:
        # As in Prometheus only the URL counts, and every other state is none.
        state = request.query_params.get("state", "").lower()
        job = request.query_params.get("scrapePool", "")
        shown = [runner for runner in watched.runners if state in ("", "any", "active")]
        active = (_encode_target(runner) for runner in shown if job in ("", _job(runner)))
        # What relabelling has dropped is not kept.
        counts: dict[str, int] | None = {} if state in ("", "any", "dropped") else None
        return Answer({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": counts})

    async def scrape_pools(_: Request) -> Answer:
        return Answer({"scrapePools": sorted({_job(runner) for runner in watched.runners})})

    async def metadata(request: Request) -> Answer:
        wanted = _Wanted(await Parameters.of(request, clock))
        found = list(watched.runners)
        return Answer(await executor.run(lambda task: list(wanted.of(found, store, task))))

    return (
        Route("/api/v1/targets", api(targets), methods=["GET"]),
        Route("/api/v1/targets/metadata", api(metadata), methods=["GET"]),
        Route("/api/v1/scrape_pools", api(scrape_pools), methods=["GET"]),
    )


class _Wanted:
    """The descriptions of metrics that a request wants. Raises `BadDataError` for bad parameters."""

    def __init__(self, parameters: Parameters) -> None:
        limit, selector = parameters.number("limit"), parameters.text("match_target")
        self._limit = None if limit is None or limit < 0 else limit
        self._metric = parameters.text("metric")
        try:
            self._matchers = read_selector(selector) if selector else ()
        except QueryError as error:
            raise BadDataError(f'invalid parameter "match_target": {error}') from error

    def of(
        self, runners: Sequence[TargetRunner], store: Store, task: CooperativeTask
    ) -> Iterator[dict[str, Any]]:
        """The descriptions; as in Prometheus the limit is looked at between two targets."""
        count = 0
        for runner in runners:
            labels = runner.target.series_labels
            if self._limit is not None and count >= self._limit:
                return
            if not all(matcher.matches(labels) for matcher in self._matchers):
                continue
            task.yield_control()
            groups = store.groups_of(runner.sources)
            families = {point.family for group in groups for point in group.layout.points}
            for family in sorted(families, key=lambda family: family.name):
                if self._metric in ("", family.name):
                    name = {} if self._metric else {"metric": family.name}
                    yield {"target": labels.as_dict(), **name, **describe_family(family)}
                    count += 1


def _job(runner: TargetRunner) -> str:
    return runner.target.series_labels.get(JOB_LABEL)


def _encode_target(runner: TargetRunner) -> dict[str, Any]:
    status = runner.status.samplers.get("info")
    labels = runner.target.series_labels
    health = {True: "up", False: "down", None: "unknown"}[runner.status.up]
    attempted_at = status.attempted_at if status else 0.0
    return {
        "discoveredLabels": {
            "__address__": str(runner.target.address),
            "__scrape_interval__": _interval(runner),
            "__scrape_timeout__": _timeout(runner),
            **labels.without(INSTANCE_LABEL).as_dict(),
        },
        "labels": labels.as_dict(),
        "scrapePool": _job(runner),
        "scrapeUrl": str(runner.target.address),
        "globalUrl": str(runner.target.address),
        "lastError": status.message if status else "",
        "lastScrape": write_moment(to_milliseconds(attempted_at)),
        "lastScrapeDuration": status.duration_seconds if status else 0.0,
        "health": health,
        "scrapeInterval": _interval(runner),
        "scrapeTimeout": _timeout(runner),
    }


def _interval(runner: TargetRunner) -> str:
    seconds = min((plan.interval_seconds for plan in runner.plans), default=0.0)
    return format_duration(to_milliseconds(seconds))


def _timeout(runner: TargetRunner) -> str:
    seconds = min((plan.timeout_seconds for plan in runner.plans), default=0.0)
    return format_duration(to_milliseconds(seconds))
