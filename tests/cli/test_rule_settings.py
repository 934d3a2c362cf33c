"""The section `rules` of config.yml: what `check config` says of it."""

from pathlib import Path

import pytest

from tests.cli.in_process import run_command

HEAD = "targets: [{url: 'redis://a:6379', labels: {env: prod}}]\n"


def said(folder: Path, rules: str) -> tuple[int, list[str]]:
    """The exit status, and what is written about a section on the second line of the file."""
    (folder / "config.yml").write_text(f"{HEAD}rules: {rules}\n")
    done = run_command(folder, "check", "config", "config.yml")
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize(
    ("rules", "warning"),
    [
        (
            "{RedisMemoryHigh: {threshold: 80}}",
            "2:38: rules.RedisMemoryHigh.threshold: 80 is more than the whole, which is 1, so that the alert "
            "would never fire: did you mean 0.8 or 80%? (default 85%)",
        ),
        (
            "{RedisHitRateLow: {threshold: 1.5}}",
            "2:38: rules.RedisHitRateLow.threshold: 1.5 is more than the whole, which is 1, so that the "
            "alert would always fire (default 70%)",
        ),
        (
            "{RedisHugeKey: {threshold: 100}}",
            "2:35: rules.RedisHugeKey.threshold: 100 are bytes: did you mean 100MiB? (default 100MiB)",
        ),
        (
            "{RedisKeyGrows: {threshold: {size: 20}}}",
            "2:43: rules.RedisKeyGrows.threshold.size: 20 are bytes: did you mean 20MiB? (default 10MiB)",
        ),
        (
            "{RedisLatencyHigh: {threshold: 100}}",
            "2:39: rules.RedisLatencyHigh.threshold: 100 are seconds: did you mean 100ms? (default 100ms)",
        ),
        (
            "{RedisQueueBacklog: [{threshold: -1}]}",
            "2:41: rules.RedisQueueBacklog.threshold: -1 is below 0, so that the alert would always fire "
            "(default 1000)",
        ),
        (
            "{RedisMemoryFull: [{threshold: 0.9}, {where: {env: prod}, enabled: false}]}",
            "2:45: rules.RedisMemoryFull[1]: is for nothing: the entries before it are for everything that "
            "it is for",
        ),
        (
            "{RedisMemoryFull: {where: {env: prodd}, threshold: 0.9}}",
            '2:34: rules.RedisMemoryFull.where: no server has env="prodd", did you mean "prod"?',
        ),
        (
            "{RedisMemoryFull: {where: {team: a}, threshold: 0.9}}",
            '2:34: rules.RedisMemoryFull.where: alerts of RedisMemoryFull have no label "team": there are '
            "cluster, env, instance, job",
        ),
        (
            "{RedisHostDown: {where: 'instance=~\"a.*\"', enabled: false}}",
            '2:32: rules.RedisHostDown.where: alerts of RedisHostDown have no label "instance": there are '
            "target_host",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_warning_with_its_place(tmp_path: Path, rules: str, warning: str) -> None:
    assert said(tmp_path, rules) == (0, [f"warning: config.yml:{warning}"])


@pytest.mark.parametrize(
    "rules",
    [
        "{RedisMemoryHigh: {threshold: 80%, where: {env: prod}}}",
        "{RedisMemoryHigh: [{where: {env: prod, instance: 'a:6379'}, for: 1m}, {enabled: false}]}",
        "{RedisQueueBacklog: {where: 'queue=~\"mail.*\"', threshold: 5}}",
        "{RedisMostDown: {threshold: {main: 2, share: 30%, hosts: 0}}}",
        "{RedisRssOverLimit: {threshold: 150%}}",
        "{RedisCertificateExpired: {where: {certificate: server}, severity: warning}}",
        "{VigilWatchdog: {enabled: false}}",
    ],
)
def test_what_can_be_meant_is_nothing_to_warn_of(tmp_path: Path, rules: str) -> None:
    assert said(tmp_path, rules) == (0, [])


def test_errors_of_the_section_and_of_other_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\n")
    (tmp_path / "config.yml").write_text(
        f"{HEAD}rules: {{RedisMemoryHig: {{threshold: 0.8}}}}\nalerting: {{config_file: alertmanager.yml}}\n"
    )
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == (
        "config.yml:2:9: rules.RedisMemoryHig: no rule of rule_files has this name, did you mean "
        '"RedisMemoryHigh"?'
    )
    assert second.startswith("alertmanager.yml:") or "alertmanager.yml" in second


def test_the_list_of_rules_shows_variants_with_what_they_are_for(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(
        f"{HEAD}rules: {{RedisMemoryHigh: [{{where: {{env: prod}}, threshold: 80%, severity: critical}}]}}\n"
    )
    done = run_command(tmp_path, "rules", "--config", "config.yml", "--format", "csv")
    lines = [line for line in done.stdout.splitlines() if line.startswith("RedisMemoryHigh,")]
    assert lines == [
        'RedisMemoryHigh,0.8,300,critical,"env=""prod""",memory.yml',
        'RedisMemoryHigh,0.85,300,warning,"env!=""prod""",memory.yml',
    ]
