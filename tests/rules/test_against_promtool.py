"""Random incidents: promtool finds the same alerts firing at the same moments."""

import asyncio
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from exporter.promql import Engine
from exporter.rules.alerting import AlertingRule
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.load import load_rule_files
from exporter.rules.unit_tests.schema import SeriesSection
from exporter.rules.unit_tests.series import SeriesFeed
from exporter.store import Store
from tests.peers import require_program
from tests.rules.world import ListeningSink

# Prometheus 2 counts a sample at the very beginning of a range, 3 does not: with these no sample is there.
_STEP_MS = 61_000
_RANGE = "150s"
_STEPS = 30
_WAITS_AND_KEEPS = (("0s", "0s"), ("0s", "2m"), ("1m", "0s"), ("3m", "2m"))
_EXPRESSIONS = (
    "m > 5",
    f"rate(m[{_RANGE}]) > 0.02",
    "m",
    "max by (i) (m) > 5",
    "m > 5 or m < 2",
    "absent(m > 8)",
)


def _rules() -> dict[str, Any]:
    """A group with every combination of expression, `for` and `keep_firing_for`."""
    rules: list[dict[str, Any]] = [{"record": "high", "expr": "m > 5"}]
    for number, expression in enumerate([*_EXPRESSIONS, "high"]):
        for wait, keep in _WAITS_AND_KEEPS:
            name = f"A{number}_{wait}_{keep}"
            rules.append({"alert": name, "expr": expression, "for": wait, "keep_firing_for": keep})
    for rule in rules[1:]:
        rule["annotations"] = {"value": "{{ $value }} {{ $value | humanize }} {{ $labels.i }}"}
        rule["labels"] = {"level": "{{ if gt $value 8.0 }}top{{ end }}"}
    return {"groups": [{"name": "g", "rules": rules}]}


def _series(chance: random.Random) -> list[dict[str, str]]:
    """Some series whose values jump, are left out, or end."""
    words = []
    for _ in range(3):
        values: list[str] = []
        while len(values) < _STEPS:
            word = chance.choice(("_", "stale", *(str(chance.randrange(10)) for _ in range(6))))
            values += [word] * chance.choice((1, 1, 2, 4))
        words.append(" ".join(values[:_STEPS]))
    return [{"series": f'm{{i="{number}"}}', "values": text} for number, text in enumerate(words)]


async def _firing(path: Path, series: list[dict[str, str]]) -> list[dict[str, list[dict[str, Any]]]]:
    """What fires, by rule, at each step."""
    store = Store()
    environment = Environment(Engine(store, default_step_ms=_STEP_MS), store, ListeningSink())
    (file,) = load_rule_files([path])
    group = RuleGroup(file.groups[0], environment)
    feed = SeriesFeed([SeriesSection(**one) for one in series], start_ms=0, interval_ms=_STEP_MS)
    steps = []
    for step in range(_STEPS):
        feed.write(store, step * _STEP_MS)
        await group.evaluate(step * _STEP_MS)
        assert [rule.status.last_error for rule in group.rules if rule.status.last_error] == []
        steps.append({rule.spec.name: _alerts(rule) for rule in group.alerting_rules})
    return steps


def _alerts(rule: AlertingRule) -> list[dict[str, Any]]:
    return [
        {
            "exp_labels": alert.labels.without("alertname").as_dict(),
            "exp_annotations": dict(alert.annotations),
        }
        for alert in rule.active.values()
        if alert.is_firing
    ]


@pytest.mark.peers("promtool")
def test_random_incidents_end_as_in_promtool(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps(_rules()))
    tests = []
    for seed in range(6):
        series = _series(random.Random(seed))
        cases = [
            {"eval_time": f"{step * _STEP_MS // 1000}s", "alertname": name, "exp_alerts": alerts}
            for step, by_rule in enumerate(asyncio.run(_firing(rules, series)))
            for name, alerts in by_rule.items()
        ]
        assert any(case["exp_alerts"] for case in cases)
        tests.append(
            {"name": f"seed {seed}", "interval": "61s", "input_series": series, "alert_rule_test": cases}
        )
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "61s", "tests": tests}
    (tmp_path / "test.yml").write_text(json.dumps(document))
    command = [str(require_program("promtool")), "test", "rules", str(tmp_path / "test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]
