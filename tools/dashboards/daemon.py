"""The daemon's own health, a part of the dashboard of alerts."""

from tools.dashboards.panels import About, PanelBuilder, Query, graph, number
from tools.dashboards.selectors import best, of, own, own_rate
from tools.dashboards.thresholds import above, below

_NO_DAEMON = "Prometheus does not scrape the daemon itself"


def reload() -> PanelBuilder:
    """Whether the configuration in force is that on disk."""
    text = "1: the last reload went well. Normal: 1. Otherwise: the old configuration runs on; see the log."
    query = f"min({own('redis_vigil_config_last_reload_successful')})"
    return number(
        About("Configuration", "short", text, _NO_DAEMON), Query(query, "reload"), limits=below(1, 1)
    )


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [
        _failing(),
        _ages(),
        _durations(),
        _rules(),
        _rule_times(),
        _state(),
        _targets(),
        _store(),
        _process(),
        _loop(),
    ]


def _failing() -> PanelBuilder:
    text = (
        "Samplers that fail, by reason. Normal: none. Otherwise: timeout: the server is slow; permission: "
        "its ACL refuses a command; authentication: the password is wrong."
    )
    query = best(of("redis_vigil_sampler_error"), "sampler", "reason")
    about = About("Failing samplers", "short", text, "No sampler fails")
    return graph(about, Query(f"{query} > 0", "{{instance}} {{sampler}} {{reason}}"), width=8)


def _ages() -> PanelBuilder:
    text = "Time since each sampler last succeeded. Normal: below its interval."
    query = f"max by (sampler) ({of('redis_vigil_sample_age_seconds')})"
    about = About("Age of samples", "s", text, _NO_DAEMON)
    return graph(about, Query(query, "{{sampler}}"), width=8)


def _durations() -> PanelBuilder:
    text = (
        "How long samplers take, the slowest server each. Normal: milliseconds; the keyspace scan may be "
        "long."
    )
    query = f"max by (sampler) ({of('redis_vigil_sampler_duration_seconds')})"
    about = About("Duration of samplers", "s", text, _NO_DAEMON)
    return graph(about, Query(query, "{{sampler}}"), width=8)


def _rules() -> PanelBuilder:
    text = (
        "Rules that failed, and slots that came too late. Normal: 0. Otherwise: the page /rules says which."
    )
    failures = own_rate("redis_vigil_rule_evaluation_failures_total", function="increase")
    missed = own_rate("redis_vigil_rule_group_iterations_missed_total", function="increase")
    return graph(
        About("Failing and late rules", "short", text, "The daemon runs no rules"),
        Query(f"sum({failures})", "failures"),
        Query(f"sum({missed})", "missed slots"),
        width=8,
        limits=above(1),
    )


def _rule_times() -> PanelBuilder:
    text = "How long the slowest groups of rules take. Normal: far below their interval."
    # The label is "file;group": the name of the group is enough.
    seconds = own("redis_vigil_rule_group_last_duration_seconds")
    named = f'label_replace({seconds}, "group", "$1", "rule_group", ".*;(.+)")'
    query = f"topk(5, max by (group) ({named}))"
    about = About("Duration of rules", "s", text, "The daemon runs no rules")
    return graph(about, Query(query, "{{group}}"), width=8)


def _state() -> PanelBuilder:
    text = (
        "Changes that are not in the state database yet, and transactions that failed. Normal: 0. "
        "Otherwise: the disk is full or slow; a restart would forget what is pending."
    )
    return graph(
        About("State database", "short", text, "storage.path is not set: state is kept in memory only"),
        Query(f"sum({own('redis_vigil_state_pending_writes')})", "pending"),
        Query(f"sum({own_rate('redis_vigil_state_failures_total', function='increase')})", "failures"),
        width=8,
    )


def _targets() -> PanelBuilder:
    text = "Servers by what the daemon knows of them. Normal: all up."
    query = f"sum by (state) ({own('redis_vigil_targets')})"
    about = About("Servers", "short", text, _NO_DAEMON)
    return graph(about, Query(query, "{{state}}"), width=8, stacked=True)


def _store() -> PanelBuilder:
    text = "Memory that the samples take. Normal: steady after storage.retention has passed once."
    about = About("Samples in memory", "bytes", text, _NO_DAEMON)
    return graph(about, Query(f"sum({own('redis_vigil_store_bytes')})", "samples"), width=8)


def _process() -> PanelBuilder:
    text = (
        "Share of a core that the daemon takes. Normal: a few percent. Otherwise: fewer series, longer "
        "intervals."
    )
    return graph(
        About("Processor time", "percentunit", text, _NO_DAEMON),
        Query(f"sum({own_rate('process_cpu_seconds_total')})", "cpu"),
        width=8,
        limits=above(0.8),
    )


def _loop() -> PanelBuilder:
    text = (
        "Share of the time that the event loop stood still, in moments of 0.1 s and more. Normal: 0. "
        "Otherwise: everything is late; the log says where it stood."
    )
    return graph(
        About("Event loop", "percentunit", text, _NO_DAEMON),
        Query(f"sum({own_rate('redis_vigil_loop_stall_seconds_total')})", "stood still"),
        width=24,
        limits=above(0.02),
    )
