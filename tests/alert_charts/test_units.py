"""The unit of what a rule watches."""

import pytest

from exporter.alert_charts import unit_of
from exporter.charts import Unit
from tests.rules.world import World, make_group, only_rule


@pytest.mark.parametrize(
    ("expr", "unit"),
    [
        ("used_bytes > 5", Unit.BYTES),
        ("max by (job) (used_bytes) - on (job) min by (job) (free_bytes) > 5", Unit.BYTES),
        ("avg_over_time(used_bytes[5m]) > 5 or used_bytes > 9", Unit.BYTES),
        ("time() - saved_timestamp_seconds > 5", Unit.SECONDS),
        ("hits:ratio < 0.5", Unit.RATIO),
        ("used_bytes / max_bytes > 0.9", Unit.NUMBER),
        ("resets(uptime_in_seconds[10m]) > 0", Unit.NUMBER),
        ("rate(sent_bytes[5m]) > 5", Unit.NUMBER),
        ("count(used_bytes > 5) > 1", Unit.NUMBER),
        ("used_bytes > 5 or lag_seconds > 5", Unit.NUMBER),
        ("vector(1)", Unit.NUMBER),
    ],
)
def test_the_unit_is_that_of_the_metric_unless_something_else_is_made_of_it(expr: str, unit: Unit) -> None:
    assert unit_of(only_rule(make_group(World(), f"- {{alert: A, expr: '{expr}'}}"))) is unit


def test_what_the_annotations_print_wins() -> None:
    rule = "- {alert: A, expr: 'x > 0.5', annotations: {summary: '{{ $value | humanizePercentage }}'}}"
    assert unit_of(only_rule(make_group(World(), rule))) is Unit.RATIO
