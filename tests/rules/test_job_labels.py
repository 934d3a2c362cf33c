"""What was saved before series had a job goes on with one."""

import pytest

from exporter.model.labels import Labels
from exporter.promql import parse
from exporter.rules.job_labels import JobLabels, keeps_job
from tests.rules.world import read

RULES = """
groups:
- name: g
  rules:
  - {alert: Down, expr: redis_up == 0}
  - {alert: Sum, expr: sum by (instance) (redis_up) == 0}
"""


@pytest.mark.parametrize(
    ("expr", "kept"),
    [
        ("redis_up == 0", True),
        ("rate(redis_commands_total[5m]) > 1 and on (instance) redis_up", True),
        ("sum without (cmd) (redis_commands_total) / redis_up", True),
        ("sum by (instance) (redis_up)", False),
        ("redis_up * on (instance) redis_up", False),
        ("vector(1)", False),
    ],
)
def test_which_rules_keep_the_job(expr: str, kept: bool) -> None:
    assert keeps_job(parse(expr).root) is kept


@pytest.mark.parametrize(
    ("labels", "job"),
    [
        ({"alertname": "Down", "instance": "a"}, "cache"),
        ({"alertname": "Down", "instance": "found later"}, "redis"),
        ({"alertname": "Down", "instance": "a", "job": "other"}, "other"),
        ({"alertname": "Down"}, ""),
        ({"alertname": "Sum", "instance": "a"}, ""),
        ({"alertname": "Posted", "instance": "a"}, ""),
    ],
)
def test_which_alerts_get_one(labels: dict[str, str], job: str) -> None:
    jobs = JobLabels([read(RULES)], {"a": "cache"}, "redis")
    assert jobs.of_alert(Labels(labels)).get("job") == job
