"""`/scrape` and `/probe`: one server on demand, as redis_exporter has it: relabelling works unchanged.

Only configured servers are asked, and those that `web.probe_allow` matches. Credentials come from the
configuration of the one server that they belong to: what a URL carries is dropped, and a server that is not
configured gets none. Of keys those can be asked for that the configuration names, or `web.probe_keys`.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.config.samplers.keys import WITHIN_A_PASS, KeysSection, StreamsSection
from exporter.metrics import Exposition, Format, gzip_parts
from exporter.metrics.exposition import ExposedGroup
from exporter.metrics.namespace import DEFAULT_NAMESPACE, rename
from exporter.model.key_choice import KeyChoice
from exporter.model.labels import EMPTY
from exporter.model.target import Target
from exporter.samplers.registry import SAMPLERS, declared_families
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.sampling.base import SettingsT
from exporter.store import Store
from exporter.web.asked_target import ProbeError, find_target
from exporter.web.directory import Targets
from exporter.web.metrics import groups_of
from exporter.web.probe_keys import AllowedKeys, RefusedKeysError, asked_keys

_PATHS: Final = ("/scrape", "/probe")
_MAX_PROBES: Final = 20
# A probe that comes so soon after a pass shows that pass.
_FRESH_SECONDS: Final = 1.0
# What Prometheus says about its own deadline, and what is left for the way back.
_DEADLINE_HEADER: Final = "x-prometheus-scrape-timeout-seconds"
_WAY_BACK_SECONDS: Final = 0.5
_INSTANCE: Final = "instance"
_MAX_AGENT: Final = 100


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """Settings of probes; read anew for each one.

    `allow` are regular expressions for `host:port`, `keys` what requests may name besides the keys of the
    configuration; `plans` the samplers of servers that are not configured; `namespace` what names of metrics
    begin with, and `is_open` whether there are probes at all.
    """

    allow: Sequence[str]
    keys: Sequence[KeyChoice]
    plans: Sequence[SamplerPlan]
    timeout_seconds: float
    namespace: str = DEFAULT_NAMESPACE
    is_open: bool = True


class Probes:
    """Answers `/scrape` and `/probe`."""

    def __init__(
        self,
        targets: Targets,
        settings: Callable[[], ProbeSettings],
        store: Store,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._targets = targets
        self._settings = settings
        self._store = store
        self._clock = clock
        self._room = asyncio.Semaphore(_MAX_PROBES)
        # Of configured servers that are asked about, since counts that begin are shown as they were first.
        self._pages: WeakKeyDictionary[TargetRunner, dict[Format, Exposition]] = WeakKeyDictionary()
        self._errors = Counter(
            "redis_target_scrape_request_errors",
            "Requests to /scrape and /probe that were refused.",
            registry=registry,
        )

    def routes(self) -> Sequence[BaseRoute]:
        """The routes."""
        return [Route(path, self._answer) for path in _PATHS]

    async def _answer(self, request: Request) -> Response:
        try:
            body, form = await self._probe(request)
            body = rename(body, self._settings().namespace)
        except (ProbeError, RefusedKeysError) as error:
            self._errors.inc()
            return PlainTextResponse(f"{error}\n", error.status)
        headers = {"content-type": form.value, "vary": "accept, accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            body = gzip_parts([body])
        return Response(body, headers=headers)

    async def _probe(self, request: Request) -> tuple[bytes, Format]:
        accept = request.headers.get("accept", "")
        form = Format.OPENMETRICS if "application/openmetrics-text" in accept else Format.TEXT
        settings = self._settings()
        if not settings.is_open:
            raise ProbeError(404, "probes are switched off here (web.probes)")
        asked = request.query_params.get("target", "")
        runner, target = find_target(asked, self._targets.runners, settings.allow)
        extra = _extra_plans(request.query_params, settings, runner)
        if self._room.locked():
            raise ProbeError(503, f"{_MAX_PROBES} probes are under way already")
        async with self._room:
            with suppress(TimeoutError):
                async with asyncio.timeout(_deadline(request, settings)):
                    if runner is not None:
                        await self._refresh(runner)
                    if runner is not None and not extra:
                        return _ended(self._page_of(runner, form, request), form), form
                    return await self._page(runner, target, settings, extra, form), form
        raise ProbeError(504, f"{target.address} did not answer in time")

    async def _refresh(self, runner: TargetRunner) -> None:
        """Sample a configured server now, with those samplers that run most often."""
        now = self._clock.now()
        statuses = runner.status.samplers
        shortest = min((plan.interval_seconds for plan in runner.plans), default=0.0)
        due = [
            plan.spec.name
            for plan in runner.plans
            if plan.interval_seconds <= shortest
            and not plan.spec.own_deadline
            and now - statuses[plan.spec.name].attempted_at > _FRESH_SECONDS
        ]
        await _run(runner, due)

    def _page_of(self, runner: TargetRunner, form: Format, request: Request) -> Sequence[bytes]:
        """The page of a configured server, about which somebody may ask again and again."""
        pages = self._pages.setdefault(runner, {})
        page = pages.get(form)
        if page is None:
            sources, store = runner.sources, self._store
            page = Exposition(lambda: store.groups_of(sources), form, _hidden(runner.target))
            pages[form] = page
        host, port = request.client or ("", 0)
        agent = request.headers.get("user-agent", "")[:_MAX_AGENT]
        page.scrapers.note(host, port, agent, self._clock.monotonic())
        return page.render()

    async def _page(
        self,
        runner: TargetRunner | None,
        target: Target,
        settings: ProbeSettings,
        extra: Sequence[SamplerPlan],
        form: Format,
    ) -> bytes:
        plans = list(extra)
        groups: list[ExposedGroup] = []
        if runner is None:
            plans += [plan for plan in settings.plans if not _is_in(plan, extra)]
        else:
            # What the request asks for takes the place of what is configured.
            asked = {f"{target.instance}/{plan.spec.name}" for plan in extra}
            groups += [group for group in groups_of(self._store, [runner]) if group.source not in asked]
        if plans:
            groups += await self._sample_once(target, plans, settings, runner)
        return _ended(Exposition(lambda: groups, form, _hidden(target)).render(), form)

    async def _sample_once(
        self,
        target: Target,
        plans: Sequence[SamplerPlan],
        settings: ProbeSettings,
        watching: TargetRunner | None,
    ) -> Sequence[ExposedGroup]:
        """Run samplers once, over connections of their own.

        `watching` is the runner of the server, if it is configured.
        """
        store = Store()
        runner = TargetRunner(
            replace(target, labels=EMPTY),
            plans,
            store=store,
            clock=self._clock,
            timeout_seconds=settings.timeout_seconds,
            facts=None if watching is None else watching.facts.shared(),
        )
        try:
            await _run(runner, [plan.spec.name for plan in plans])
        finally:
            await runner.close()
        # What was written within the same millisecond does not count.
        store.append(runner.status.sample(self._clock.now() + 0.001))
        status = runner.status.source
        with_status = watching is None
        return [group for group in groups_of(store, [runner]) if with_status or group.source != status]


async def _run(runner: TargetRunner, names: Sequence[str]) -> None:
    """Run first what decides whether the server is up, since the others go by what it finds out.

    Where it is up, all others run at once.
    """
    if runner.health_sampler in names:
        await runner.check_health()
        if not runner.status.up:
            return
    await runner.run(*(name for name in names if name != runner.health_sampler))


def _deadline(request: Request, settings: ProbeSettings) -> float:
    """Seconds for the whole probe: what Prometheus gives it, else that of two passes."""
    text = request.headers.get(_DEADLINE_HEADER, "")
    usual = settings.timeout_seconds * 2
    if not re.fullmatch(r"\d{1,6}(\.\d{1,9})?", text):
        return usual
    return min(usual, max(0.1, float(text) - _WAY_BACK_SECONDS))


def _extra_plans(
    parameters: Mapping[str, str], settings: ProbeSettings, runner: TargetRunner | None
) -> Sequence[SamplerPlan]:
    """The samplers that the parameters ask for, of a server that is watched or not."""
    plans = settings.plans if runner is None else runner.plans
    own_keys, own_streams = _settings(plans, KeysSection), _settings(plans, StreamsSection)
    shown = AllowedKeys.of(settings.keys, own_keys)
    counted = AllowedKeys.of(settings.keys, own_keys, counted=True)
    read = AllowedKeys.of(settings.keys, own_streams)
    keys = {
        "check": asked_keys(parameters, "check-keys", shown),
        "check_single": asked_keys(parameters, "check-single-keys", shown),
        "count": asked_keys(parameters, "count-keys", counted),
    }
    streams = {
        "check": asked_keys(parameters, "check-streams", read),
        "check_single": asked_keys(parameters, "check-single-streams", read),
    }
    wanted = (("keys", keys, KeysSection()), ("streams", streams, StreamsSection()))
    return [
        _plan(name, choices, default, settings) for name, choices, default in wanted if any(choices.values())
    ]


def _settings(plans: Iterable[SamplerPlan], kind: type[SettingsT]) -> SettingsT | None:
    return next((plan.settings for plan in plans if isinstance(plan.settings, kind)), None)


def _plan(
    name: str, choices: Mapping[str, object], default: KeysSection | StreamsSection, settings: ProbeSettings
) -> SamplerPlan:
    """A plan with the configured limits, and the choices of the request."""
    spec = next(spec for spec in SAMPLERS if spec.name == name)
    configured: Any = next((plan.settings for plan in settings.plans if plan.spec is spec), default)
    # Its walk has to end within the probe: the deadline bounds it, not the number of keys.
    section = configured.model_copy(update={**choices, "max_scanned": WITHIN_A_PASS})
    return SamplerPlan(spec, section, 0.0, settings.timeout_seconds)


def _is_in(plan: SamplerPlan, others: Iterable[SamplerPlan]) -> bool:
    return any(plan.spec is other.spec for other in others)


def _ended(parts: Iterable[bytes], form: Format) -> bytes:
    """The whole page, with OpenMetrics' end mark."""
    return b"".join([*parts, b"# EOF\n"] if form is Format.OPENMETRICS else parts)


def _hidden(target: Target) -> Collection[str]:
    """The labels that all series of a target have: they are left to the relabelling."""
    return {_INSTANCE, *(name for name, _ in target.labels.pairs)}.difference(_own_labels())


def _own_labels() -> Collection[str]:
    """The labels that samplers themselves write: to hide one of these would make series alike."""
    return {name for family in declared_families() for name in family.label_names}
