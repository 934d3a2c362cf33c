"""What `check config` and `check alertmanager` find in files that the daemon would take."""

from pathlib import Path

import pytest

from tests.cli.in_process import run_command

_TARGET = "targets: [{url: 'redis://h'}]\nrule_files: []\n"
_ROUTES = """route: {receiver: ops}
templates: ["*.tmpl"]
receivers:
- name: ops
  slack_configs: [{api_url: 'http://127.0.0.1:1/', channel: '#x', text: '%s'}]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "rule_files: []\n",
            "config.yml: neither targets nor discovery name a server: nothing would be watched",
        ),
        (
            _TARGET + "storage: {retention: 30d}\n",
            "config.yml:3:22: storage.retention: 30d is more than storage.memory_limit has room for: "
            "256MB hold "
            "about 13d of 1 busy server, and then the oldest samples are dropped",
        ),
        (
            _TARGET + "storage: {history: 30d}\n",
            "config.yml:3:20: storage.history: has no effect: without storage.path nothing is kept on disk",
        ),
        (
            _TARGET + "storage: {path: data, history: 1h, retention: 6h}\n",
            "config.yml:3:32: storage.history: is shorter than storage.retention: memory reaches back "
            "further than the disk",
        ),
        (
            _TARGET + "storage: {path: data, history: 5d, downsample_after: 60d}\n",
            "config.yml:3:54: storage.downsample_after: has no effect: samples are dropped after "
            "storage.history before that",
        ),
        (
            "targets: [{url: 'redis://h', password: 'a${REDIS_PASSWORD}'}]\nrule_files: []\n",
            "config.yml:1:40: targets[0].password: holds ${REDIS_PASSWORD}, which is taken as it stands: "
            "variables are not put in",
        ),
    ],
)
def test_doubtful_configurations(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "config.yml").write_text(text)
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert (done.returncode, done.stderr) == (0, f"warning: {expected}\n")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            "[{action: labeldrop, regex: 'replica|alert.*'}]",
            ":4:27: alerting.alert_relabel_configs[0]: takes the label alertname from CacheFull and 1 other",
        ),
        (
            "[{source_labels: [severity], regex: page, target_label: alertname, replacement: ''}]",
            ":4:27: alerting.alert_relabel_configs[0]: takes the label alertname from CacheFull",
        ),
        (
            "[{action: labeldrop, regex: replica}, {action: labelkeep, regex: instance}]",
            ":4:64: alerting.alert_relabel_configs[1]: takes the label alertname from CacheFull and 1 other",
        ),
        ("[{action: labelkeep, regex: none}]", " from CacheFull and 1 other"),
        ("[{source_labels: [alertname], action: drop, regex: '.*'}, {action: labeldrop, regex: '.*'}]", ""),
        ("[{action: labeldrop, regex: replica}, {target_label: alertname, replacement: 'x $1'}]", ""),
        ("[{action: labelkeep, regex: 'alertname|instance|severity'}]", ""),
    ],
)
def test_relabelling_that_takes_their_names_from_alerts(tmp_path: Path, steps: str, expected: str) -> None:
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: g, rules: [{alert: CacheFull, expr: redis_up == 0, labels: {severity: page}}, "
        "{alert: Down, expr: redis_up == 0}]}]\n"
    )
    (tmp_path / "config.yml").write_text(
        "targets: [{url: 'redis://h'}]\nrule_files: [rules.yml]\nalerting:\n"
        f"  alert_relabel_configs: {steps}\n"
    )
    done = run_command(tmp_path, "check", "config", "config.yml")
    warnings = [line for line in done.stderr.splitlines() if "alertname" in line]
    assert (done.returncode, len(warnings)) == (0, bool(expected)), done.stderr
    assert all(expected + ": routes, silences and messages know an alert" in line for line in warnings)


def test_files_for_tls_that_hold_something_else(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "alertmanager.yml").write_text(
        "route: {receiver: ops}\n"
        "receivers:\n"
        "- name: ops\n"
        "  webhook_configs:\n"
        "  - {url: 'https://h/', http_config: {tls_config: {ca_file: empty.pem}}}\n"
    )
    (tmp_path / "config.yml").write_text(
        "targets:\n"
        "- {url: 'rediss://h', tls: {ca_file: empty.pem}}\n"
        "- {url: 'rediss://i', tls: {cert_file: empty.pem, key_file: empty.pem}}\n"
        "- {url: 'rediss://j', tls: {server_name: j.example}}\n"
        "web: {external_url: 'http://v/'}\nalerting: {config_file: alertmanager.yml}\nrule_files: []\n"
    )
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert done.returncode == 0
    assert [line.replace(f"{tmp_path}/", "") for line in done.stderr.splitlines()] == [
        "warning: config.yml:2:28: targets[0].tls: cannot use the TLS files empty.pem: it holds no "
        "certificate in PEM format",
        "warning: config.yml:3:28: targets[1].tls: cannot use the TLS files empty.pem, empty.pem: both have "
        "to be in PEM format, and the key not encrypted",
        "warning: alertmanager.yml:5:51: receivers[0].webhook_configs[0].http_config.tls_config: empty.pem: "
        "no certificates: it holds no certificate in PEM format",
    ]


@pytest.mark.parametrize(
    "text",
    [
        _TARGET + "storage: {retention: 24h}\n",
        _TARGET,
        "discovery: {file: [{files: ['*.json'], relabel_configs: [{source_labels: [__address__], "
        "regex: '(?P<HOST>.*)', target_label: host, replacement: '${HOST}'}]}]}\nrule_files: []\n",
    ],
)
def test_nothing_to_doubt(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yml").write_text(text)
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{{ template "nosuch" . }}', 'there is no template "nosuch"'),
        (
            '{{ if .Alerts }}{{ template "slack.defualt.title" . }}{{ end }}',
            'there is no template "slack.defualt.title", did you mean "slack.default.title"?',
        ),
        ('{{ template "mine" . }}', 'there is no template "deeper"'),
    ],
)
def test_templates_that_do_not_exist(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "am.yml").write_text(_ROUTES % text)
    (tmp_path / "a.tmpl").write_text(
        '{{ define "mine" }}{{ range .Alerts }}{{ template "deeper" . }}{{ end }}{{ end }}'
    )
    (tmp_path / "config.yml").write_text(_TARGET + "alerting: {config_file: am.yml}\n")
    line = f"am.yml:5:73: receivers[0].slack_configs[0].text: {message}"
    for arguments in (("alertmanager", "am.yml"), ("config", "config.yml")):
        done = run_command(tmp_path, "check", *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{line}\n")


def test_templates_that_exist(tmp_path: Path) -> None:
    text = '{{ template "mine" . }}{{ template "slack.default.title" . }}'
    (tmp_path / "am.yml").write_text(_ROUTES % text)
    (tmp_path / "a.tmpl").write_text('{{ define "mine" }}{{ template "mine" . }}{{ end }}')
    done = run_command(tmp_path, "check", "alertmanager", "am.yml")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "http_server_config: {http2: true}\n",
            "warning: web.yml:1:29: http_server_config.http2: redis-vigil speaks HTTP/1.1 only, which every "
            "client of HTTP/2 speaks too\n",
        ),
        ("http_server_config: {http2: false}\n", ""),
        ("http_server_config: {}\n", ""),
    ],
)
def test_http2_is_taken_and_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "web.yml").write_text(text)
    (tmp_path / "config.yml").write_text(_TARGET + "web: {config_file: web.yml}\n")
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert (done.returncode, done.stderr) == (0, said)


@pytest.mark.parametrize(
    ("query", "status"), [("?token=s3cret", 1), ("?a=b&api_key=s3cret", 1), ("?tenant=a", 0), ("", 0)]
)
def test_a_token_in_the_query_of_an_alertmanager(tmp_path: Path, query: str, status: int) -> None:
    text = _TARGET + f"alerting: {{alertmanagers: ['http://am.example.com/x{query}']}}\n"
    (tmp_path / "config.yml").write_text(text)
    done = run_command(tmp_path, "check", "config", "config.yml")
    assert done.returncode == status
    assert "s3cret" not in done.stderr + done.stdout
    assert ("alerting.alertmanagers[0]: holds a secret in its query" in done.stderr) == (status == 1)
