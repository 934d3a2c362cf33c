"""Rules in force as rule files: they say what is in force, and look as their owner has written them."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from exporter.rule_export import KubernetesOptions, prometheus_rules, rule_texts
from exporter.rule_export.files import MARKER, plain_text, prometheus_file, read_text
from exporter.rule_export.splicing import spliced
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec, RuleFile, RuleSpec
from exporter.shipped import shipped_rules
from tests.peers import require_program
from tests.rule_export.rule_files import ODD, PLAIN, loaded

each_odd_file = pytest.mark.parametrize("text", ODD.values(), ids=ODD)


def with_for(file: RuleFile, name: str, *waits: int) -> RuleFile:
    """The file with this rule once for each of these times."""
    groups = []
    for group in file.groups:
        rules: list[RuleSpec] = []
        for rule in group.rules:
            if isinstance(rule, AlertSpec) and rule.name == name:
                rules += [replace(rule, for_ms=wait) for wait in waits]
            else:
                rules.append(rule)
        groups.append(replace(group, rules=tuple(rules)))
    return replace(file, groups=tuple(groups))


def test_a_file_in_which_nothing_was_changed_is_the_same_below_its_marker(tmp_path: Path) -> None:
    (texts,) = rule_texts([loaded(tmp_path, PLAIN)])
    name, text = prometheus_file(texts)
    assert name == "own.yml"
    assert text == f"{MARKER}\n# From own.yml.\n\n{PLAIN}"


def test_comments_and_other_rules_stay_around_one_that_was_changed(tmp_path: Path) -> None:
    file = loaded(tmp_path, PLAIN)
    text = spliced(PLAIN, file, with_for(file, "CacheFull", 120_000))
    assert text is not None
    expected = PLAIN.replace("for: 1m", "for: 2m")
    expected = expected.replace("labels: {severity: warning}", "labels:\n          severity: warning")
    assert text.split("\n") == expected.split("\n")


def test_a_rule_that_was_switched_off_leaves_a_line_that_says_so(tmp_path: Path) -> None:
    file = loaded(tmp_path, PLAIN)
    text = spliced(PLAIN, file, with_for(file, "CacheFull"))
    assert text is not None
    assert "# The cache is full.\n      # CacheFull is switched off in the configuration.\n" in text
    assert "# The last one.\n      - alert: CacheEmpty" in text


def test_one_rule_may_become_several(tmp_path: Path) -> None:
    file = with_for(loaded(tmp_path, PLAIN), "CacheEmpty", 1000, 2000)
    (texts,) = rule_texts([file])
    assert texts.is_changed
    assert texts.text.count("alert: CacheEmpty") == 2
    assert read_text(texts.text, file.path).groups == file.groups


@each_odd_file
def test_however_a_file_is_written_its_rules_come_out_the_same(tmp_path: Path, text: str) -> None:
    file = loaded(tmp_path, text)
    for now in (file, with_for(file, "A", 1000, 5000)):
        (texts,) = rule_texts([now])
        assert read_text(prometheus_file(texts)[1], file.path).groups == now.groups
        (manifest,) = yaml.safe_load_all(prometheus_rules(texts, KubernetesOptions())[1])
        again = yaml.safe_dump(manifest["spec"], sort_keys=False)
        assert read_text(again, file.path).groups == now.groups


@each_odd_file
def test_texts_are_texts_for_kubernetes(tmp_path: Path, text: str) -> None:
    (texts,) = rule_texts([loaded(tmp_path, text)])
    for group in yaml.safe_load(prometheus_rules(texts, KubernetesOptions())[1])["spec"]["groups"]:
        assert isinstance(group["name"], str)
        for rule in group["rules"]:
            values = [*rule.get("labels", {}).values(), rule.get("for", ""), rule["expr"]]
            assert all(isinstance(value, str) for value in values)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = [loaded(tmp_path / folder, PLAIN) for folder in ("a", "b")]
    assert [texts.stem for texts in rule_texts(files)] == ["own", "b-own"]


def test_a_file_without_any_rule_left_is_left_out(tmp_path: Path) -> None:
    file = loaded(tmp_path, "groups:\n- name: a\n  rules:\n  - {alert: A, expr: m > 1}\n")
    assert rule_texts([with_for(file, "A")]) == []


def test_the_shipped_rules_can_be_written_from_what_was_read() -> None:
    for file in load_rule_files(shipped_rules()):
        assert read_text(plain_text(file), file.path).groups == file.groups


@pytest.mark.peers("promtool")
def test_promtool_takes_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = [*load_rule_files(shipped_rules())]
    files += [
        with_for(loaded(tmp_path / "in", text, f"odd{number}.yml"), "A", 1000, 5000)
        for number, text in enumerate(ODD.values())
        if "query_offset" not in text and "team: web" not in text
    ]
    for texts in rule_texts(files):
        name, text = prometheus_file(texts)
        (tmp_path / name).write_text(text)
    written = sorted(tmp_path.glob("*.yml"))
    assert len(written) == len(files)
    done = subprocess.run(
        [require_program("promtool"), "check", "rules", *written], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_objects_carry_the_namespace_and_the_labels_that_an_operator_selects_by(tmp_path: Path) -> None:
    (texts,) = rule_texts([loaded(tmp_path, PLAIN, "Our_Caches.yml")])
    name, text = prometheus_rules(texts, KubernetesOptions("monitoring", {"release": "prom", "on": "yes"}))
    assert name == "redis-vigil-our-caches.yaml"
    manifest = yaml.safe_load(text)
    assert manifest["apiVersion"] == "monitoring.coreos.com/v1"
    assert manifest["kind"] == "PrometheusRule"
    assert manifest["metadata"] == {
        "name": "redis-vigil-our-caches",
        "namespace": "monitoring",
        "labels": {"app.kubernetes.io/name": "redis-vigil", "release": "prom", "on": "yes"},
    }
    assert manifest["spec"] == yaml.safe_load(PLAIN)
    assert "# The cache is full." in text
