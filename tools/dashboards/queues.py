"""Queues: do jobs wait, and does anybody work on them?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tools.dashboards import variables
from tools.dashboards.columns import Column, Key, rows_by
from tools.dashboards.frame import Group, assemble, url_of
from tools.dashboards.panels import About, PanelBuilder, Query, graph, number
from tools.dashboards.selectors import QUEUE, best, of, or_zero, rate_of
from tools.dashboards.thresholds import Limits, above

_NO_QUEUES = "No queue was found: see samplers.queues in config.yml"
_NO_STREAMS = "No stream with a group was found"
_LABELS = ("framework", "queue", "db")
_BY = "instance, framework, queue, db"
_NAME = "{{instance}} {{framework}} {{queue}} {{db}}"
WAITING = 'state=~"waiting|prioritized|paused"'
"""The states of jobs that could be worked on now."""


def queues() -> Dashboard:
    """The dashboard."""
    return assemble(
        "queues",
        "Queues",
        "Depth, age, rates and workers of job queues and streams, whatever their framework.",
        [
            Group("Now", [_waiting(), _oldest(), _dead(), _orphaned(), _stale_workers(), _paused()]),
            Group("Queues", [_queues()]),
            Group("Backlog", [_depth(), _age(), _drain(), _failures()]),
            Group("Throughput", [_added(), _finished()]),
            Group("Workers", [_workers(), _troubles()]),
            Group("Stream groups", [_lag(), _pending(), _pending_age(), _consumers()]),
        ],
        [variables.framework, variables.queue],
    )


def _each(metric: str, *matchers: str) -> str:
    return best(of(f"redis_queue_{metric}", QUEUE, *matchers), *_LABELS)


def _jobs(state: str) -> str:
    """Jobs by queue: states and priorities summed up."""
    return f"sum by ({_BY}) ({best(of('redis_queue_jobs', QUEUE, state), *_LABELS, 'state', 'priority')})"


def _total(title: str, text: str, expression: str, limits: Limits) -> PanelBuilder:
    query = Query(or_zero(f"sum({expression})"), title.lower())
    return number(About(title, "short", text, _NO_QUEUES), query, limits=limits)


def _waiting() -> PanelBuilder:
    text = (
        "Jobs that wait and could run now. Normal: near 0, or falling. Otherwise: more workers, or faster "
        "jobs."
    )
    return _total("Waiting", text, _jobs(WAITING), above(1000, 10_000))


def _oldest() -> PanelBuilder:
    text = (
        "Age of the oldest job that waits. Normal: seconds. Otherwise: its queue's workers are stuck or "
        "too few."
    )
    query = Query(or_zero(f"max({_each('oldest_job_age_seconds')})"), "oldest")
    return number(About("Oldest job", "s", text, _NO_QUEUES), query, limits=above(60, 300), decimals=0)


def _dead() -> PanelBuilder:
    text = (
        "Jobs that have used up their attempts. Normal: 0. Otherwise: look at their errors, then retry them."
    )
    return _total("Dead letters", text, _jobs('state="dead"'), above(1, 10))


def _orphaned() -> PanelBuilder:
    text = "Jobs in work whose worker is gone. Normal: 0. Otherwise: a worker was killed; put them back."
    return _total("Orphans", text, _each("orphaned_jobs"), above(1, 10))


def _stale_workers() -> PanelBuilder:
    text = (
        "Workers that are registered and have not been heard for too long. Normal: 0. Otherwise: they hang "
        "or were killed."
    )
    return _total("Stale workers", text, _each("stale_workers"), above(1, 5))


def _paused() -> PanelBuilder:
    text = (
        "Queues that are paused or held back by a rate limit. Normal: 0, unless somebody wants it so. Alerts "
        "on old jobs and missing workers leave them out."
    )
    held_back = f"{_each('paused')} == 1 or {_each('rate_limited_seconds')} > bool 0"
    return _total("Held back", text, held_back, above(1))


def _queues() -> PanelBuilder:
    text = (
        "One row per queue. Normal: no backlog or one that shrinks, workers everywhere, nothing dead or "
        "orphaned. A dash means that the framework does not tell."
    )
    link = url_of("queues", "instance", queue="${__value.raw}")
    keys = [
        Key("instance", "Instance"),
        Key("framework", "Framework"),
        Key("queue", "Queue", link),
        Key("db", "Database"),
    ]
    columns = [
        Column("Waiting", _jobs(WAITING), "short", above(1000, 10_000)),
        Column("Active", _jobs('state=~"active|reserved|intermediate"'), "short"),
        Column("Delayed", _jobs('state=~"delayed|scheduled|deferred|aggregating"'), "short"),
        Column("Failed", _jobs('state=~"failed|retry"'), "short", above(10)),
        Column("Dead", _jobs('state="dead"'), "short", above(1, 10)),
        Column("Oldest", _each("oldest_job_age_seconds"), "s", above(60, 300)),
        Column("Drained in", f"{_each('drain_seconds')} < Inf", "s", above(600, 3600)),
        Column("Workers", _each("workers"), "short"),
        Column("Orphans", _each("orphaned_jobs"), "short", above(1)),
    ]
    return rows_by(About("Queues", "short", text, "–"), keys, columns, sort="Waiting")


def _depth() -> PanelBuilder:
    text = (
        "Jobs that wait, by queue. Normal: bumps that go down again. A ramp: the workers are fewer than "
        "the jobs need, or stuck."
    )
    about = About("Depth", "short", text, _NO_QUEUES)
    return graph(about, Query(_jobs(WAITING), _NAME), limits=above(1000))


def _age() -> PanelBuilder:
    text = "Age of the oldest job that waits, by queue: what users feel. Normal: seconds, whatever the depth."
    about = About("Oldest job", "s", text, _NO_QUEUES)
    return graph(about, Query(_each("oldest_job_age_seconds"), _NAME), limits=above(300))


def _drain() -> PanelBuilder:
    text = (
        "Time until the backlog is done at the rates of the last minutes. Normal: minutes. Nothing is "
        "drawn while a backlog grows: then there is no end in sight."
    )
    missing = "No backlog shrinks: each is empty or grows, or its framework does not count"
    about = About("Time to drain", "s", text, missing)
    return graph(about, Query(f"{_each('drain_seconds')} < Inf", _NAME), limits=above(3600))


def _failures() -> PanelBuilder:
    text = (
        "Failed and dead jobs that are kept. Normal: near 0, steady. Otherwise: look at the errors of the "
        "jobs."
    )
    about = About("Failed and dead letters", "short", text, "No framework here keeps failed jobs")
    return graph(
        about,
        Query(_jobs('state=~"failed|retry"'), f"{_NAME} failed"),
        Query(_jobs('state="dead"'), f"{_NAME} dead"),
        limits=above(10),
    )


def _added() -> PanelBuilder:
    text = "Jobs added per second. Normal: follows your traffic. Plain lists do not count what passes them."
    about = About("Added", "cps", text, "No framework here counts what is added")
    query = best(rate_of("redis_queue_jobs_added_total", QUEUE), *_LABELS)
    return graph(about, Query(query, _NAME))


def _finished() -> PanelBuilder:
    text = "Jobs finished per second, by outcome. Normal: as many as are added, few failed."
    about = About("Finished", "cps", text, "No framework here counts what is finished")
    query = best(rate_of("redis_queue_jobs_finished_total", QUEUE), *_LABELS, "outcome")
    return graph(about, Query(query, f"{_NAME} {{{{outcome}}}}"))


def _workers() -> PanelBuilder:
    text = "Workers that are alive, by queue; * are those of all queues. Normal: as many as you run."
    about = About("Workers", "short", text, "No framework here registers its workers")
    return graph(about, Query(_each("workers"), _NAME))


def _troubles() -> PanelBuilder:
    text = (
        "Orphaned: in work, and the worker is gone. Stuck: in work for too long. Overdue: delayed, and "
        "the moment has passed. Normal: 0. Otherwise: restart the workers and the scheduler, and put the "
        "jobs back."
    )
    return graph(
        About("Jobs in trouble", "short", text, "No framework here tells of such jobs"),
        Query(_each("orphaned_jobs"), f"{_NAME} orphaned"),
        Query(_each("stuck_jobs"), f"{_NAME} stuck"),
        Query(_each("overdue_jobs"), f"{_NAME} overdue"),
        limits=above(1),
    )


def _group(metric: str) -> str:
    return best(of(f"redis_queue_group_{metric}", QUEUE), *_LABELS, "group")


_GROUP = "{{instance}} {{framework}} {{queue}} {{db}} {{group}}"


def _lag() -> PanelBuilder:
    text = (
        "Entries that a group has not been given yet; where many streams are one queue also what is left in "
        "the worst of them, by name. Normal: near 0. Otherwise: more consumers."
    )
    about = About("Lag of groups", "short", text, _NO_STREAMS)
    worst = best(of("redis_queue_worst_member_entries", QUEUE), *_LABELS, "member")
    return graph(
        about,
        Query(_group("lag_entries"), _GROUP),
        Query(worst, f"{_NAME} {{{{member}}}}"),
        limits=above(100),
    )


def _pending() -> PanelBuilder:
    text = (
        "Entries that were given and not acknowledged, and those of them that are stuck. Normal: as many "
        "as are in work. Stuck: a consumer has died; let another one claim them (XAUTOCLAIM)."
    )
    return graph(
        About("Pending entries", "short", text, _NO_STREAMS),
        Query(_group("pending_entries"), _GROUP),
        Query(_group("stuck_entries"), f"{_GROUP} stuck"),
    )


def _pending_age() -> PanelBuilder:
    text = "Age of the oldest entry that was not acknowledged. Normal: as long as a job takes."
    about = About("Oldest pending entry", "s", text, _NO_STREAMS)
    return graph(about, Query(_group("oldest_pending_age_seconds"), _GROUP), limits=above(300))


def _consumers() -> PanelBuilder:
    text = (
        "Consumers of groups, gone ones included. Normal: steady; delete gone ones with XGROUP DELCONSUMER."
    )
    about = About("Consumers", "short", text, _NO_STREAMS)
    return graph(about, Query(_group("consumers"), _GROUP))
