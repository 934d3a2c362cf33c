"""The rules in force, written for a Prometheus: it tells the same alerts on the same data."""

import asyncio
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from exporter.promql import Engine
from exporter.rule_export import rule_texts
from exporter.rule_export.files import prometheus_file
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.load import load_rule_files
from exporter.rules.tailoring import tailor
from exporter.rules.unit_tests.schema import SeriesSection
from exporter.rules.unit_tests.series import SeriesFeed
from exporter.store import Store
from tests.peers import require_program
from tests.rules.tailoring.wanted import entries_of
from tests.rules.world import ListeningSink

_STEP_MS = 61_000
_STEPS = 25
_SERIES = (
    ("m", "prod", 1),
    ("m", "prod", 2),
    ("m", "dev", 2),
    ("m", "", 3),
    ("n", "prod", 2),
    ("n", "dev", 4),
)
_ALERTS = ("Plain", "Sum", "Made", "Either", "Off")
_RULES = """\
# Ours.
groups:
  - name: ours
    rules:
      - record: half
        expr: m / 2
      # In the selector.
      - alert: Plain
        expr: half > 2  # in halves
        for: 2m
        labels: {level: "{{ if gt $value 4.0 }}top{{ end }}"}
        annotations: {value: "{{ $value }} of {{ $labels.env }}"}
      - alert: Sum
        expr: sum by (env) (m) > 9
      - alert: Made
        expr: label_replace(m, "env", "prod", "i", "1") > 5
      - alert: Either
        expr: |
          m > 7
          or on (i) max without (env) (n) > 4
      - alert: Off
        expr: m > 1
"""
_WANTED = """\
rules:
  Plain:
    - {where: {env: prod}, threshold: 3, for: 1m}
    - {where: 'env=~"d.*"', threshold: 1, labels: {team: web}}
  Sum: {where: 'env!="prod"', threshold: 4, annotations: {more: "{{ $value }}"}}
  Made:
    - {where: {env: prod, i: "1"}, threshold: 2}
    - {where: 'env="prod",i=~"2|3"', threshold: 3}
    - {threshold: 8}
  Either: {where: {i: "2"}, severity: critical}
  Off: {enabled: false}
"""


def _series(chance: random.Random) -> list[dict[str, str]]:
    """Series whose values jump, are left out, or end."""
    found = []
    for name, env, number in _SERIES:
        values: list[str] = []
        while len(values) < _STEPS:
            word = chance.choice(("_", "stale", *(str(chance.randrange(12)) for _ in range(8))))
            values += [word] * chance.choice((1, 2, 4))
        labels = f'env="{env}",' if env else ""
        found.append({"series": f'{name}{{{labels}i="{number}"}}', "values": " ".join(values[:_STEPS])})
    return found


async def _firing(groups: list[Any], series: list[dict[str, str]]) -> list[dict[str, list[dict[str, Any]]]]:
    """What fires, by the name of the alert, at each step."""
    store = Store()
    environment = Environment(Engine(store, default_step_ms=_STEP_MS), store, ListeningSink())
    running = [RuleGroup(group, environment) for group in groups]
    feed = SeriesFeed([SeriesSection(**one) for one in series], start_ms=0, interval_ms=_STEP_MS)
    steps = []
    for step in range(_STEPS):
        feed.write(store, step * _STEP_MS)
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in _ALERTS}
        for group in running:
            await group.evaluate(step * _STEP_MS)
            for rule in group.alerting_rules:
                assert not rule.status.last_error
                found[rule.spec.name] += [
                    {
                        "exp_labels": alert.labels.without("alertname").as_dict(),
                        "exp_annotations": dict(alert.annotations),
                    }
                    for alert in rule.active.values()
                    if alert.is_firing
                ]
        steps.append(found)
    return steps


@pytest.mark.peers("promtool")
def test_promtool_finds_the_same_alerts_in_the_written_files(tmp_path: Path) -> None:
    (tmp_path / "ours.yml").write_text(_RULES)
    files = tailor(load_rule_files([tmp_path / "ours.yml"]), entries_of(_WANTED))
    (texts,) = rule_texts(files)
    name, text = prometheus_file(texts)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text(text)
    assert "# In the selector.\n" in text
    tests, fired = [], set()
    for seed in range(5):
        series = _series(random.Random(seed))
        steps = asyncio.run(_firing([group for file in files for group in file.groups], series))
        cases = [
            {"eval_time": f"{step * _STEP_MS // 1000}s", "alertname": alert, "exp_alerts": alerts}
            for step, by_name in enumerate(steps)
            for alert, alerts in by_name.items()
        ]
        fired |= {case["alertname"] for case in cases if case["exp_alerts"]}
        tests.append(
            {"name": f"seed {seed}", "interval": "61s", "input_series": series, "alert_rule_test": cases}
        )
    assert fired == {"Plain", "Sum", "Made", "Either"}
    document = {"rule_files": [f"out/{name}"], "evaluation_interval": "61s", "tests": tests}
    (tmp_path / "test.yml").write_text(json.dumps(document))
    command = [str(require_program("promtool")), "test", "rules", str(tmp_path / "test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]
