"""Everything that the daemon's web server answers to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from exporter.assembly import Alerting, Core, Watching
from exporter.jobs import JobScheduler
from exporter.notify.alertmanager import AlertForwarder
from exporter.prepared import InForce
from exporter.readiness import Readiness
from exporter.reload import plan_samplers
from exporter.reloader import Reloader
from exporter.settings import Settings
from exporter.web import (
    api_v2,
    cluster_nodes,
    events,
    federate,
    health,
    keyspace,
    lifecycle,
    queues,
    sd,
    slowlog,
    unavailable,
)
from exporter.web import jobs as jobs_api
from exporter.web.alert_rows import AlertRows
from exporter.web.api_v1 import (
    cardinality,
    configuration,
    expressions,
    features,
    query,
    read,
    rules,
    series,
    status,
    targets,
)
from exporter.web.api_v1.reading import ReadSource
from exporter.web.app import build_web_app
from exporter.web.middleware import Entrance
from exporter.web.pages import routes as pages
from exporter.web.pages.context import PageContext
from exporter.web.pages.not_found import NotFound
from exporter.web.pages.page_queries import PageQueries
from exporter.web.pages.rendering import Renderer
from exporter.web.probe import Probes, ProbeSettings

# What they find takes more than the one pass that a probe has.
_BACKGROUND_SAMPLERS: Final = frozenset({"queues", "keyspace"})


@dataclass(frozen=True, slots=True)
class Alertmanagers:
    """Receivers of the alerts of the rules: the daemon itself, and those that it forwards them to."""

    settings: Settings
    forwarder: AlertForwarder

    @property
    def urls(self) -> Sequence[str]:
        """Their URLs, without passwords."""
        return [self.settings.external_url, *self.forwarder.urls]


def probe_settings(in_force: InForce) -> ProbeSettings:
    """The settings of `/scrape` and `/probe` by the configuration in force."""
    config = in_force.config
    plans = [plan for plan in plan_samplers(config) if plan.spec.name not in _BACKGROUND_SAMPLERS]
    web = config.web
    timeout_seconds = config.global_.sample_timeout.seconds
    return ProbeSettings(web.probe_allow, web.probe_keys, plans, timeout_seconds, web.namespace, web.probes)


def build_routes(
    core: Core,
    alerting: Alerting,
    watching: Watching,
    settings: Settings,
    reloader: Reloader,
    readiness: Readiness,
    jobs: JobScheduler,
) -> Sequence[BaseRoute]:
    """All routes but `/metrics`; the first that fits a request counts."""
    clock, groups = core.clock, alerting.rules
    alerts = AlertRows(groups, alerting.manager, alerting.environment, clock)
    frame = pages.frame_of(watching.target_manager, groups, core.in_force)
    context = PageContext(
        core.store,
        watching.target_manager,
        groups,
        alerting.manager,
        alerts,
        core.events,
        PageQueries(core.queries),
        core.in_force,
        settings,
        clock,
        Renderer(clock, frame),
        reloader,
        core.peers,
    )
    probes = Probes(
        watching.target_manager,
        partial(probe_settings, core.in_force),
        core.store,
        clock,
        core.own.registry,
    )
    found = [
        *lifecycle.routes(readiness, reloader),
        *pages.routes(context),
        *api_v2.routes(alerting.manager, clock, core.events),
        *health.routes(groups, watching.target_manager, alerts.why_quiet, core.peers, core.in_force),
        *_prometheus_api(core, alerting, watching),
        *_daemon_api(core, reloader, Alertmanagers(settings, alerting.forwarder)),
        *probes.routes(),
        *cluster_nodes.routes(watching.target_manager, core.in_force),
        *_target_api(core, watching),
        *jobs_api.routes(jobs, clock),
    ]
    return [*found, NotFound(context.renderer, found)]


def _prometheus_api(core: Core, alerting: Alerting, watching: Watching) -> Sequence[BaseRoute]:
    """Queries, series, rules and targets, as Prometheus has them."""
    store, clock, queries = core.store, core.clock, core.queries
    return [
        *query.routes(queries.engine, clock, queries.executor, queries.budget),
        *expressions.routes(clock),
        *series.routes(store, clock, queries.executor, queries.budget, queries.history),
        *federate.routes(store, clock, queries.executor, queries.budget, alerting.environment),
        *read.routes(
            ReadSource(store, queries.history, alerting.environment),
            clock,
            queries.executor,
            queries.budget,
        ),
        *rules.routes(alerting.rules, clock),
        *cardinality.routes(store, clock, queries.executor),
        *targets.routes(watching.target_manager, store, clock, queries.executor),
    ]


def _daemon_api(core: Core, reloader: Reloader, alertmanagers: Alertmanagers) -> Sequence[BaseRoute]:
    """The daemon itself and its configuration, as Prometheus has them."""
    return [
        *status.routes(core.store, core.clock, reloader, core.queries.budget, core.history),
        *features.routes(core.in_force),
        *configuration.routes(core.in_force, alertmanagers),
    ]


def _target_api(core: Core, watching: Watching) -> Sequence[BaseRoute]:
    """The targets, and what was found on them."""
    target_manager, clock = watching.target_manager, core.clock
    return [
        *sd.routes(target_manager, lambda: core.in_force.config.shard),
        *queues.routes(target_manager, clock),
        *keyspace.routes(target_manager, clock),
        *slowlog.routes(target_manager, clock, core.events),
        *events.routes(core.events, clock),
        *unavailable.routes(target_manager, clock),
    ]


def build_site(core: Core, watching: Watching, routes: Sequence[BaseRoute]) -> ASGIApp:
    """The whole of the web: `/metrics` and these routes, behind authentication."""
    return build_web_app(watching.page, routes, [Middleware(Entrance, access=core.access)])
