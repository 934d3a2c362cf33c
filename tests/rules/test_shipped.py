"""The rule files that come with the daemon."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector

from exporter.remote.write.metrics import WriteMetrics
from exporter.rules.check import catalogue_of, check_rule_files
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from exporter.rules.unit_tests import run_test_file
from exporter.samplers.registry import declared_families
from tests.peers import require_program

_PROJECT = Path(__file__).parents[2]
_RULES = sorted((_PROJECT / "rules").glob("*.yml"))
_TESTS = sorted((_PROJECT / "rules" / "tests").glob("*_test.yml"))
_PAGES = "https://github.com/redis-vigil/redis-vigil/blob/main/"
_SEVERITIES = {"critical", "warning", "info"}
# The dead man's switch always fires.
_SWITCH = "VigilWatchdog"

each_rule_file = pytest.mark.parametrize("path", _RULES, ids=lambda path: path.stem)


def alerts_of(path: Path) -> list[AlertSpec]:
    return [
        rule
        for file in load_rule_files([path])
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, AlertSpec)
    ]


def test_every_rule_file_has_its_tests() -> None:
    assert _RULES
    assert [path.stem for path in _TESTS] == [f"{path.stem}_test" for path in _RULES]


@pytest.mark.parametrize("path", _TESTS, ids=lambda path: path.stem)
def test_its_tests_pass(path: Path) -> None:
    assert list(run_test_file(path).failures) == []


@pytest.mark.parametrize("path", _TESTS, ids=lambda path: path.stem)
def test_its_tests_pass_with_names_dropped_late_as_well(path: Path) -> None:
    assert list(run_test_file(path, delayed_name_removal=True).failures) == []


@pytest.mark.peers("promtool")
def test_promtool_takes_them_all() -> None:
    promtool = require_program("promtool")
    for command, paths in (("check", _RULES), ("test", _TESTS)):
        done = subprocess.run(
            [promtool, command, "rules", *paths], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr


@each_rule_file
def test_every_alert_says_what_it_is_and_what_to_do(path: Path) -> None:
    for alert in alerts_of(path):
        assert (
            {"severity"} <= dict(alert.label_texts).keys() <= {"severity", "kind", "target_host", "command"}
        )
        assert dict(alert.label_texts).get("kind", "event") == "event"
        severity = dict(alert.label_texts)["severity"]
        assert severity == "none" if alert.name == _SWITCH else severity in _SEVERITIES
        annotations = dict(alert.annotation_texts)
        assert annotations.keys() == {"summary", "description", "recommendation", "runbook_url"}
        assert all(annotations.values())


@each_rule_file
def test_every_runbook_link_leads_somewhere(path: Path) -> None:
    for alert in alerts_of(path):
        url = dict(alert.annotation_texts)["runbook_url"]
        page, _, anchor = url.removeprefix(_PAGES).partition("#")
        assert anchor == alert.name.lower()
        headings = re.findall(r"^## (\w+)$", (_PROJECT / page).read_text(), re.MULTILINE)
        assert alert.name in headings


@each_rule_file
def test_every_alert_fires_in_a_test_and_keeps_quiet_in_one(path: Path) -> None:
    document = yaml.safe_load((path.parent / "tests" / f"{path.stem}_test.yml").read_text())
    fires: set[str] = set()
    quiet: set[str] = set()
    for group in document["tests"]:
        for case in group.get("alert_rule_test", ()):
            (fires if case.get("exp_alerts") else quiet).add(case["alertname"])
    names = {alert.name for alert in alerts_of(path)}
    assert names - fires == set()
    assert names - quiet == names & {_SWITCH}


def test_alert_names_are_unique() -> None:
    names = [alert.name for path in _RULES for alert in alerts_of(path)]
    assert len(names) == len(set(names))


def own_metrics() -> dict[str, set[str]]:
    """The daemon's own metrics and those of alerting, which stand as literals in its collectors."""
    text = "\n".join(path.read_text() for path in (_PROJECT / "exporter").rglob("*.py"))
    names = re.findall(r'"((?:redis_vigil|alertmanager)_[a-z0-9_]+)"', text)
    labels = {"rule_group", "integration", "reason", "alertmanager", "direction", "source"}
    labels |= {"receiver", "reaches", "signal", "remote_name", "url", "peer"}
    registry = CollectorRegistry()
    WriteMetrics(registry, float)
    ProcessCollector(registry=registry)
    names += [family.name for family in registry.collect()]
    return {name + suffix: labels for name in names for suffix in ("", "_total")}


def test_something_produces_every_metric_and_label() -> None:
    catalogue = {**own_metrics(), **catalogue_of(declared_families())}
    report = check_rule_files(load_rule_files(_RULES), catalogue)
    assert [str(problem) for problem in (*report.unknown_metrics, *report.unknown_labels)] == []
    assert report.duplicates == ()
