"""The files that come with the daemon, before the judges of Prometheus and Alertmanager and our own."""

import subprocess
from pathlib import Path

import pytest

from exporter.config.main import load_config
from exporter.promql import parse
from exporter.routing import load_routing
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from tests.peers import require_program

ROOT = Path(__file__).parent.parent
RULES = sorted((ROOT / "rules").glob("*.yml"))


@pytest.mark.peers("promtool")
def test_promtool_accepts_the_rules() -> None:
    done = subprocess.run(
        [require_program("promtool"), "check", "rules", *RULES], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.peers("amtool")
def test_amtool_accepts_the_alertmanager_configuration() -> None:
    done = subprocess.run(
        [require_program("amtool"), "check-config", ROOT / "alertmanager.yml"],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_starting_points_are_good() -> None:
    assert len(load_config(ROOT / "config.yml").targets) == 1
    assert load_routing(ROOT / "alertmanager.yml", lambda: 0.0).config.receivers


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    bare = [
        f"{rule.name}: {name}"
        for file in load_rule_files(RULES)
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, AlertSpec)
        for name in ("severity", "summary", "description", "recommendation", "runbook_url")
        if name not in dict((*rule.label_texts, *rule.annotation_texts))
    ]
    assert bare == []


def test_every_runbook_link_leads_somewhere() -> None:
    for file in load_rule_files(RULES):
        for group in file.groups:
            for rule in group.rules:
                if isinstance(rule, AlertSpec):
                    page, _, anchor = dict(rule.annotation_texts)["runbook_url"].partition("#")
                    path = ROOT / "docs" / "runbooks" / page.rsplit("/", 1)[1]
                    assert path.exists(), rule.name
                    headings = [
                        line.lstrip("# ").lower() for line in path.read_text().splitlines() if line[:1] == "#"
                    ]
                    assert anchor in headings, f"{path} has no heading {rule.name}"


def test_expressions_read_back_as_they_are_printed() -> None:
    for file in load_rule_files(RULES):
        for group in file.groups:
            for rule in group.rules:
                assert str(parse(str(rule.expression))) == str(rule.expression)
