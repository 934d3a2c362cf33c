"""Self metrics are read from the daemon's parts at each scrape; nothing is counted twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from exporter.discovery.manager import Discovery
from exporter.promql import MemoryBudget
from exporter.rules.environment import Environment
from exporter.rules.manager import RuleManager
from exporter.samplers.target_manager import TargetManager
from exporter.store import MemoryLimiter, Store


class Listening(Protocol):
    """The counts of the web server."""

    @property
    def connections(self) -> int:
        """The number of open connections."""
        ...

    @property
    def refused(self) -> Mapping[int, int]:
        """The number of refused connections and requests, by HTTP status."""
        ...


class Concurrency(Protocol):
    """The counts of queries by HTTP: running, waiting, refused."""

    running: int
    waiting: int
    timed_out_total: int
    cancelled_total: int


class Followed(Protocol):
    """A file that is taken up when it changes."""

    @property
    def is_current(self) -> bool:
        """Whether what is in force is what stands in the file."""
        ...

    def look(self) -> None:
        """Take up what has changed."""
        ...


class Discovering(Protocol):
    """A part that looks for servers."""

    @property
    def discovery(self) -> Discovery:
        """The discovery by the plan in force."""
        ...

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many servers are not watched, by why."""
        ...


class Reloading(Protocol):
    """A part that reads the configuration again."""

    @property
    def restart_needed(self) -> Sequence[str]:
        """The keys whose values in the files hold only after a restart."""
        ...


class PartsCollector(Collector):
    """Collects from the store, the targets and the rules."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        store: Store,
        limiter: MemoryLimiter,
        environment: Environment,
        target_manager: TargetManager,
        rules: RuleManager,
        targets: Discovering,
        web: Listening,
        access: Followed,
        reloader: Reloading,
        queries: tuple[Concurrency, MemoryBudget],
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._environment = environment
        self._target_manager = target_manager
        self._rules = rules
        self._targets = targets
        self._web = web
        self._access = access
        self._reloader = reloader
        self._queries = queries
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """All families."""
        yield from self._collect_store()
        yield from self._collect_targets()
        yield from self._collect_rules()
        yield from self._collect_discovery()
        yield from self._collect_web()
        yield from self._collect_config()

    def _collect_store(self) -> Iterator[Metric]:
        store = self._store
        yield _gauge("redis_vigil_store_series", "Series held in memory.", store.series_count)
        yield _gauge(
            "redis_vigil_store_bytes", "About how much memory the samples take.", self._limiter.used_bytes
        )
        yield from self._collect_limiter()
        yield CounterMetricFamily(
            "redis_vigil_store_out_of_order_samples",
            "Samples that were dropped since their time did not move on.",
            store.out_of_order,
        )

    def _collect_limiter(self) -> Iterator[Metric]:
        limiter = self._limiter
        yield _gauge(
            "redis_vigil_store_limit_bytes", "How much memory samples may take.", limiter.limit_bytes
        )
        retention = GaugeMetricFamily(
            "redis_vigil_store_retention_seconds",
            "How long samples are kept, as far as memory allows: those that rules read (class=required), and "
            "others (class=other).",
            labels=["class"],
        )
        retention.add_metric(["required"], limiter.required_retention_ms / 1000)
        retention.add_metric(["other"], limiter.other_retention_ms / 1000)
        yield retention
        yield CounterMetricFamily(
            "redis_vigil_store_evicted_samples",
            "Samples that were dropped before their retention, since memory was short.",
            limiter.evicted_samples,
        )
        yield from _deprecated(limiter)

    def _collect_targets(self) -> Iterator[Metric]:
        states = {"up": 0, "down": 0, "unknown": 0}
        for runner in self._target_manager.runners:
            states[{True: "up", False: "down", None: "unknown"}[runner.status.up]] += 1
        targets = GaugeMetricFamily("redis_vigil_targets", "Targets by state.", labels=["state"])
        for state, count in states.items():
            targets.add_metric([state], count)
        yield targets
        left_out = GaugeMetricFamily(
            "redis_vigil_targets_left_out",
            "Servers that are configured or found, and not watched here: relabelling drops them, another "
            "shard has them, or what relabelling makes of them is refused.",
            labels=["by"],
        )
        for cause, count in self._targets.left_out.items():
            left_out.add_metric([cause], count)
        yield left_out

    def _collect_discovery(self) -> Iterator[Metric]:
        discovery = self._targets.discovery
        failures = CounterMetricFamily(
            "redis_vigil_discovery_failures",
            "Times that a source of servers could not tell which there are.",
            labels=["source"],
        )
        for source, failed in discovery.failures.items():
            failures.add_metric([source], failed)
        refused = CounterMetricFamily(
            "redis_vigil_discovery_refused",
            "Groups and servers that could not be taken of what a source lists, each time it is asked.",
            labels=["source"],
        )
        for source, count in discovery.refused.items():
            refused.add_metric([source], count)
        problems = GaugeMetricFamily(
            "redis_vigil_discovery_problem",
            "Why a source of servers cannot tell which there are: 1 for the reason in force.",
            labels=["source", "reason"],
        )
        for source, reason in discovery.problems.items():
            problems.add_metric([source, reason.value], 1)
        targets = GaugeMetricFamily(
            "redis_vigil_discovery_targets", "Servers that a source has named last.", labels=["source"]
        )
        for source, count in discovery.counts.items():
            targets.add_metric([source], count)
        yield from (failures, refused, problems, targets)

    def _collect_web(self) -> Iterator[Metric]:
        web = self._web
        yield _gauge("redis_vigil_http_connections", "Open connections to the web server.", web.connections)
        refused = CounterMetricFamily(
            "redis_vigil_http_refused",
            "Connections and requests over a bound, by HTTP status; 408 did not come in time or stayed idle.",
            labels=["code"],
        )
        for code, count in web.refused.items():
            refused.add_metric([str(code)], count)
        yield refused
        yield from self._collect_queries()

    def _collect_queries(self) -> Iterator[Metric]:
        executor, budget = self._queries
        queries = GaugeMetricFamily(
            "redis_vigil_queries", "Queries by HTTP that run, and that wait for a place.", labels=["state"]
        )
        queries.add_metric(["running"], executor.running)
        queries.add_metric(["waiting"], executor.waiting)
        yield queries
        refused = CounterMetricFamily(
            "redis_vigil_queries_refused",
            "Queries by HTTP that were given up: for want of memory, of a place in time, or of a client.",
            labels=["reason"],
        )
        refused.add_metric(["memory"], budget.refused_total)
        refused.add_metric(["queue"], executor.timed_out_total)
        refused.add_metric(["client_gone"], executor.cancelled_total)
        yield refused
        yield _gauge("redis_vigil_query_bytes", "About how much memory queries take.", budget.used_bytes)
        yield _gauge(
            "redis_vigil_query_limit_bytes", "How much memory queries may take together.", budget.limit_bytes
        )

    def _collect_config(self) -> Iterator[Metric]:
        self._access.look()
        yield _gauge(
            "redis_vigil_web_config_last_reload_successful",
            "Whether the web-config.yml, and the certificates that it names, could be used as they are now; "
            "else the former ones go on.",
            self._access.is_current,
        )
        yield _gauge(
            "redis_vigil_config_restart_needed",
            "Keys of the configuration that have been changed and hold only after a restart.",
            len(self._reloader.restart_needed),
        )

    def _collect_rules(self) -> Iterator[Metric]:
        evaluations = _counter("redis_vigil_rule_evaluations", "Evaluations of rules, by group.")
        failures = _counter("redis_vigil_rule_evaluation_failures", "Evaluations of rules that failed.")
        missed = _counter(
            "redis_vigil_rule_group_iterations_missed",
            "Evaluations of groups left out for being late.",
        )
        duration = GaugeMetricFamily(
            "redis_vigil_rule_group_last_duration_seconds",
            "How long the last evaluation of a group took.",
            labels=["rule_group"],
        )
        for group in self._rules.groups:
            name = [str(group.spec.key)]
            statuses = [rule.status for rule in group.rules]
            evaluations.add_metric(name, sum(status.evaluations_total for status in statuses))
            failures.add_metric(name, sum(status.failures_total for status in statuses))
            missed.add_metric(name, group.missed_total)
            duration.add_metric(name, group.evaluation_seconds)
        yield from (evaluations, failures, missed, duration)
        yield CounterMetricFamily(
            "redis_vigil_alert_state_failures",
            "Times that the state of alerts could not be saved.",
            self._environment.state_failures_total,
        )
        failed = self._environment.sink_failures_total
        yield CounterMetricFamily(
            "redis_vigil_alert_send_failures", "Times that a group's alerts could not be sent on.", failed
        )
        yield CounterMetricFamily(
            "redis_vigil_alert_handover_failures",
            "Deprecated: use redis_vigil_alert_send_failures_total.",
            failed,
        )


def _deprecated(limiter: MemoryLimiter) -> Iterator[Metric]:
    """The metrics of the memory limiter under their names of release 0.1, for one release."""
    history = GaugeMetricFamily(
        "redis_vigil_store_history_seconds",
        "Deprecated: use redis_vigil_store_retention_seconds.",
        labels=["samples"],
    )
    history.add_metric(["needed"], limiter.required_retention_ms / 1000)
    history.add_metric(["other"], limiter.other_retention_ms / 1000)
    yield history
    yield CounterMetricFamily(
        "redis_vigil_store_shed_values",
        "Deprecated: use redis_vigil_store_evicted_samples_total.",
        limiter.evicted_samples,
    )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value)


def _counter(name: str, text: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=["rule_group"])
