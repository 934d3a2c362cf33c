"""Every query of every panel: PromQL, on metrics and labels that somebody declares."""

import re
from pathlib import Path

import pytest

from exporter.promql import parse
from exporter.promql.syntax.nodes import Aggregate, VectorSelector, walk
from exporter.rules.check import catalogue_of
from exporter.rules.label_flow import labels_of
from exporter.samplers.registry import declared_families
from tests.dashboards.boards import FILES, fill, load, panels, queries

# The daemon's own metrics come from live objects: the test in tests/live looks for each of them on its page.
OWN = {
    "alertmanager_alerts": {"state"},
    "alertmanager_notification_latency_seconds_count": {"integration"},
    "alertmanager_notification_latency_seconds_sum": {"integration"},
    "alertmanager_notifications_failed_total": {"integration", "reason"},
    "alertmanager_notifications_suppressed_total": {"reason"},
    "alertmanager_notifications_total": {"integration"},
    "alertmanager_silences": {"state"},
    "process_cpu_seconds_total": set(),
    "prometheus_remote_storage_highest_timestamp_in_seconds": set(),
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds": {"remote_name", "url"},
    "prometheus_remote_storage_samples_dropped_total": {"remote_name", "url", "reason"},
    "prometheus_remote_storage_samples_failed_total": {"remote_name", "url"},
    "prometheus_remote_storage_samples_retried_total": {"remote_name", "url"},
    "prometheus_remote_storage_samples_total": {"remote_name", "url"},
    "redis_vigil_build_info": {"version"},
    "redis_vigil_config_last_reload_successful": set(),
    "redis_vigil_events_bytes": set(),
    "redis_vigil_events_dropped_total": {"reason"},
    "redis_vigil_events_stored": set(),
    "redis_vigil_events_total": {"kind"},
    "redis_vigil_events_waiting": set(),
    "redis_vigil_history_bytes": set(),
    "redis_vigil_history_damaged_blocks_total": set(),
    "redis_vigil_history_lost_rows_total": set(),
    "redis_vigil_history_lowest_timestamp_seconds": set(),
    "redis_vigil_history_maintenance_failures_total": set(),
    "redis_vigil_history_wal_bytes": set(),
    "redis_vigil_history_wal_corruptions_total": set(),
    "redis_vigil_history_wal_failures_total": set(),
    "redis_vigil_loop_stall_seconds_total": set(),
    "redis_vigil_otlp_dropped_items_total": {"signal", "reason"},
    "redis_vigil_otlp_failed_requests_total": {"signal", "reason"},
    "redis_vigil_otlp_queue_bytes": {"signal"},
    "redis_vigil_otlp_sent_items_total": {"signal"},
    "redis_vigil_rule_evaluation_failures_total": {"rule_group"},
    "redis_vigil_rule_group_iterations_missed_total": {"rule_group"},
    "redis_vigil_rule_group_last_duration_seconds": {"rule_group"},
    "redis_vigil_state_failures_total": set(),
    "redis_vigil_state_pending_writes": set(),
    "redis_vigil_store_bytes": set(),
    "redis_vigil_targets": {"state"},
}
RULES = {"ALERTS": {"alertname", "alertstate", "severity"}}
COMMON = {"__name__", "job", "instance"}
KNOWN = {
    name: frozenset(labels) | COMMON
    for name, labels in (*catalogue_of(declared_families()).items(), *OWN.items(), *RULES.items())
}
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@each_file
def test_every_metric_and_label_is_declared(path: Path) -> None:
    wrong = []
    for query in queries(path):
        root = parse(query.expression).root
        for node, _ in walk(root):
            if isinstance(node, VectorSelector):
                if node.name not in KNOWN:
                    wrong.append(f"{query}: nothing declares {node.name}")
                else:
                    unknown = {matcher.name for matcher in node.matchers} - KNOWN[node.name]
                    wrong += [f"{query}: {node.name} has no label {name}" for name in sorted(unknown)]
            elif isinstance(node, Aggregate) and not node.without:
                labels = labels_of(node.expr, KNOWN)
                unknown = set(node.grouping) - labels if labels is not None else set()
                wrong += [f"{query}: grouped by {name}, which is not there" for name in sorted(unknown)]
    assert wrong == []


@each_file
def test_legends_show_labels_that_are_there(path: Path) -> None:
    for query in queries(path):
        labels = labels_of(parse(query.expression).root, KNOWN)
        for name in re.findall(r"\{\{(\w+)\}\}", query.legend):
            assert labels is None or name in labels, f"{query}: legend {query.legend}"


@each_file
def test_the_series_of_a_panel_can_be_told_apart(path: Path) -> None:
    # Nothing but the labels of the legend: otherwise two lines would have the same name.
    for query in queries(path):
        labels = labels_of(parse(query.expression).root, KNOWN)
        if not query.legend or labels is None:
            continue
        shown = set(re.findall(r"\{\{(\w+)\}\}", query.legend))
        assert labels <= shown, f"{query}: legend {query.legend}"


@each_file
def test_keys_of_tables_are_labels_of_every_column(path: Path) -> None:
    for panel in panels(load(path)):
        if panel["type"] != "table":
            continue
        renamed = panel["transformations"][1]["options"]["renameByName"]
        keys = {name for name in renamed if not name.startswith("Value")}
        found = [labels_of(parse(fill(target["expr"])).root, KNOWN) for target in panel["targets"]]
        assert keys == set().union(*(labels for labels in found if labels is not None)), panel["title"]


def test_a_query_with_an_unknown_metric_would_be_found() -> None:
    assert "redis_no_such_metric" not in KNOWN
    assert "db" in KNOWN["redis_db_keys"]
    assert "le" in KNOWN["redis_ping_duration_seconds_bucket"]
