"""Charts of rules whose durations are computed."""

from exporter.alert_charts import AlertChart
from exporter.model.labels import Labels
from tests.rules.world import World, make_group, only_rule


def test_a_chart_asks_with_the_durations_of_the_rule_and_not_with_the_step_of_the_chart() -> None:
    rule = only_rule(make_group(World(), "- {alert: A, expr: 'max_over_time(a[step() + 1m * 2]) > 5'}"))
    chart = AlertChart(rule, Labels({"alertname": "A"}), "A", "page", ())
    assert chart.expressions == ["max_over_time(a[2m])"]
