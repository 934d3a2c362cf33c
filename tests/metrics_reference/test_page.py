"""docs/metrics.md: fresh, complete, and with something to say of every metric."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from exporter.metrics_reference.entries import Entry, unit_of
from exporter.metrics_reference.groups import OWN_TITLE, grouped_entries
from exporter.metrics_reference.page import page
from exporter.metrics_reference.usage import Usage
from exporter.model.sample import Kind
from exporter.rules.load import load_rule_files
from exporter.samplers.registry import declared_families
from exporter.shipped import shipped_rules

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def groups() -> Mapping[str, Sequence[Entry]]:
    """The entries by the titles of the parts of the page."""
    return dict(grouped_entries())


@pytest.fixture(scope="module")
def entries(groups: Mapping[str, Sequence[Entry]]) -> list[Entry]:
    return list(itertools.chain.from_iterable(groups.values()))


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_family_that_a_sampler_declares_is_there_once(groups: Mapping[str, Sequence[Entry]]) -> None:
    declared = sorted(family.name for family in declared_families())
    described = sorted(entry.name for title, part in groups.items() if title != OWN_TITLE for entry in part)
    assert described == declared
    assert len(set(described)) == len(described)


def test_something_is_said_of_every_metric(entries: list[Entry]) -> None:
    silent = [entry.name for entry in entries if not entry.meaning.endswith(".") or not entry.source]
    assert silent == []


def test_the_daemons_own_metrics_are_there_with_their_labels(
    groups: Mapping[str, Sequence[Entry]],
) -> None:
    own = {entry.name: entry for entry in groups[OWN_TITLE]}
    assert len(own) > 50
    assert own["redis_vigil_discovery_problem"].labels == ("source", "reason")
    assert own["alertmanager_notifications_total"].labels == ("integration",)
    assert own["redis_vigil_loop_lag_seconds"].kind is Kind.HISTOGRAM
    assert "redis_vigil_state_up" in own


def test_every_metric_that_a_shipped_rule_reads_is_there(entries: list[Entry]) -> None:
    names = {entry.name for entry in entries}
    names |= {entry.name + suffix for entry in entries for suffix in ("_bucket", "_sum", "_count")}
    read = {
        name
        for file in load_rule_files(shipped_rules())
        for group in file.groups
        for rule in group.rules
        for name in rule.expression.metric_names
        if name.startswith(("redis_", "alertmanager_"))
    }
    assert len(read) > 60
    assert read - names == set()


def test_rules_and_panels_that_read_a_metric_are_named() -> None:
    usage = Usage()
    assert "[RedisDown](runbooks/availability.md#redisdown)" in usage.rules("redis_up", Kind.GAUGE)
    assert "`redis:memory_used:ratio`" in usage.rules("redis_memory_used_bytes", Kind.GAUGE)
    assert "Instance: " in usage.panels("redis_memory_used_bytes", Kind.GAUGE)
    # By the series of a histogram.
    assert usage.panels("redis_ping_duration_seconds", Kind.HISTOGRAM)
    assert usage.rules("redis_hz", Kind.GAUGE) == ""


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("redis_clients_oldest_age_seconds", "seconds"),
        ("redis_slowlog_pattern_duration_seconds_total", "seconds"),
        ("redis_keyspace_scan_last_completed_timestamp_seconds", "seconds since the epoch"),
        ("redis_keyspace_pattern_memory_growth_bytes_per_hour", "bytes per hour"),
        ("redis_queue_jobs", ""),
    ],
)
def test_the_unit_is_what_the_name_ends_with(name: str, unit: str) -> None:
    assert unit_of(name) == unit
