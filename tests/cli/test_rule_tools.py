"""`test rules`, and what `check rules` says about rules that load."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from exporter.cli import check
from exporter.cli import try_rules as rules_tool
from exporter.errors import ConfigError

_RULES = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n"
_TEST = """
rule_files: [rules.yml]
tests:
- interval: 1m
  input_series: [{series: up, values: "1 0"}]
  alert_rule_test: [{eval_time: %s, alertname: Down, exp_alerts: [{}]}]
"""


@pytest.fixture
def app() -> typer.Typer:
    """The group `test` with this command and another, as it has several."""
    group = typer.Typer()
    rules_tool.register(group)
    group.command("other")(lambda: None)
    return group


def test_passing_and_failing_files(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(_RULES)
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(_TEST % "1m")
    bad.write_text(_TEST % "0m")
    passed = CliRunner().invoke(app, ["rules", str(good)])
    assert (passed.exit_code, passed.stdout) == (0, f"Unit Testing:  {good}\n  SUCCESS\n\n")
    failed = CliRunner().invoke(app, ["rules", str(good), str(bad)])
    assert failed.exit_code == 1
    assert failed.stdout.count("SUCCESS") == 1
    assert failed.stderr.startswith("  FAILED:\n    alertname: Down, time: 0s, \n")


def test_metrics_that_nobody_produces_are_errors_and_labels_are_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text("groups: [{name: g, rules: [{alert: A, expr: redis_upp == 0}]}]\n")
    done = CliRunner().invoke(check.app, ["rules", str(path)])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == f'{path}:1:45: A: nothing produces the metric "redis_upp"'
    path.write_text("groups: [{name: g, rules: [{alert: A, expr: sum by (env) (redis_up) == 0}]}]\n")
    done = CliRunner().invoke(check.app, ["rules", str(path)])
    assert (done.exit_code, done.stdout) == (0, f"{path}: good, 1 rule\n")
    assert done.stderr == f'warning: {path}:1:45: A: "sum by": what is aggregated has no label "env"\n'
    assert CliRunner().invoke(check.app, ["rules", "--label", "env", str(path)]).stderr == ""


def test_what_the_daemon_tells_of_itself_is_known(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text("groups: [{name: g, rules: [{alert: A, expr: redis_vigil_whatever == 0}]}]\n")
    assert CliRunner().invoke(check.app, ["rules", str(path)]).exit_code == 0


def test_a_configuration_is_told_of_the_same_doubts(tmp_path: Path) -> None:
    rules, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    rules.write_text(
        "groups: [{name: g, rules: [{alert: A, expr: 'sum by (env, zone) (redis_up) + redis_upp'}]}]\n"
    )
    config.write_text(
        "targets: [{url: 'redis://localhost', labels: {env: prod}}]\nrule_files: [rules.yml, 'more/*.yml']\n"
    )
    done = CliRunner().invoke(check.app, ["config", str(config)])
    assert (done.exit_code, done.stdout) == (0, f"{config}: good, 1 target, 1 rule\n")
    assert done.stderr.splitlines() == [
        f'warning: {config}: rule_files: no file matches "{tmp_path}/more/*.yml"',
        f'warning: {rules}:1:45: A: nothing produces the metric "redis_upp"',
        f'warning: {rules}:1:45: A: "sum by": what is aggregated has no label "zone"',
    ]


def test_check_config_warns_of_lists_between_which_keys_have_to_decide(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(
        "targets:\n"
        "  - url: redis://h\n"
        "    samplers: {queues: {lists: [{key: 'a:{name}'}, {key: '{name}:a', state: dead}]}}\n"
        "samplers:\n"
        "  queues:\n"
        "    lists:\n"
        "      - key: queue:{name}:{priority}\n"
        "      - {key: 'queue:processing:{name}', state: active}\n"
        "      - {key: queue:delayed, type: zset, state: delayed, name: later}\n"
    )
    first, second = warnings_of(config)
    assert first == (
        f'warning: {config}:8:15: samplers.queues.lists[1].key: "queue:processing:0" is active in "0" by '
        '"queue:processing:{name}" or waiting in "processing" with priority 0 by "queue:{name}:{priority}": '
        'all keys together decide which, and where they do not, "queue:processing:{name}" wins; '
        "to decide it, add the key itself: "
        '{key: "queue:processing:0", name: "processing", priority: "0", state: waiting}'
    )
    assert second.startswith(f'warning: {config}:3:58: targets[0].samplers.queues.lists[1].key: "a:a" is')
    way_out = first.rpartition("itself: ")[2]
    config.write_text(config.read_text() + f"      - {way_out}\n")
    assert warnings_of(config) == [second]


def warnings_of(config: Path) -> list[str]:
    done = CliRunner().invoke(check.app, ["config", str(config)])
    assert done.exit_code == 0
    return done.stderr.splitlines()


def test_a_common_file_with_rules_for_other_exporters_may_pass(tmp_path: Path) -> None:
    path, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    path.write_text("groups: [{name: g, rules: [{alert: A, expr: node_load1 > redis_up}]}]\n")
    config.write_text("targets: [{url: redis://a}]\nrule_files: [rules.yml]\n")
    unknown = f'{path}:1:45: A: nothing produces the metric "node_load1"'
    run = CliRunner().invoke
    for words, wanted in (
        (["rules", str(path)], "error"),
        (["rules", "--unknown-metrics", "warn", str(path)], "warning"),
        (["rules", "--unknown-metrics", "ignore", str(path)], ""),
        (["config", str(config)], "warning"),
        (["config", "--unknown-metrics", "error", str(config)], "error"),
        (["config", "--unknown-metrics", "ignore", str(config)], ""),
    ):
        done = run(check.app, words)
        assert (str(done.exception) if done.exception else "") == (unknown if wanted == "error" else "")
        assert done.stderr == (f"warning: {unknown}\n" if wanted == "warning" else "")


def test_doubts_about_rules_for_other_exporters_are_ignored_too(tmp_path: Path) -> None:
    path, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    path.write_text(
        "groups: [{name: g, rules: [\n"
        "{alert: A, expr: redis_memory_used_bytes / on (host) node_memory_MemTotal_bytes > 1},\n"
        "{alert: B, expr: redis_up / on (host) redis_up > 1}]}]\n"
    )
    config.write_text("targets: [{url: redis://a}]\n")
    words = ["rules", "--config", str(config), str(path), "--unknown-metrics"]
    doubt = '"/ on": one side has no label "host"'
    ignored = CliRunner().invoke(check.app, [*words, "ignore"]).stderr.splitlines()
    assert ignored == [f"warning: {path}:3:18: B: {doubt}"]
    warned = CliRunner().invoke(check.app, [*words, "warn"]).stderr.splitlines()
    assert warned[1:] == [f"warning: {path}:2:18: A: {doubt}", *ignored]


def test_names_of_servers_and_alerts_of_files_beside_the_configured_ones_give_no_doubts(
    tmp_path: Path,
) -> None:
    path, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    path.write_text(
        "groups: [{name: g, rules: [{alert: Mine, expr: redis_up == 0},\n"
        '{alert: Two, expr: \'ALERTS{alertname="Mine"} or ALERTS{alertname="RedisDown"}\'}]}]\n'
    )
    config.write_text("targets: [{url: redis://a, instance: cache}, {url: redis://b, instance: jobs}]\n")
    for words in (["config", str(config)], ["rules", "--config", str(config), str(path)]):
        assert CliRunner().invoke(check.app, words).stderr == ""


def test_values_that_no_target_of_a_configuration_has(tmp_path: Path) -> None:
    path, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    path.write_text(
        'groups: [{name: g, rules: [{alert: A, expr: \'up{job="reddis"} == 0 or '
        'redis_up{instance="elsewhere.example", env="prod"} == 0 or '
        'redis_instance_info{role="primary"}\'}]}]\n'
    )
    config.write_text(
        "targets: [{url: redis://a, labels: {env: prod}}, {url: redis://b, job: cache}]\n"
        "rule_files: [rules.yml]\n"
    )
    place = f"warning: {path}:1:45: A: no series of"
    role = f'{place} "redis_instance_info" has role="primary": role is active-replica, master, replica, '
    known = [
        f'{place} "up" has job="reddis": did you mean "redis"?',
        f'{place} "redis_up" has instance="elsewhere.example": instance is a:6379, b:6379',
        f"{role}sentinel, slave",
    ]
    run = CliRunner().invoke
    assert run(check.app, ["config", str(config)]).stderr.splitlines() == known
    assert run(check.app, ["rules", "--config", str(config), str(path)]).stderr.splitlines() == known
    alone = run(check.app, ["rules", "--label", "env", str(path)]).stderr.splitlines()
    assert alone == known[2:]
    # What is still to be found may be any server; which job it has is known.
    config.write_text(config.read_text() + "discovery: {cluster: [{urls: [redis://c], job: found}]}\n")
    assert run(check.app, ["config", str(config)]).stderr.splitlines() == [known[0], known[2]]
