"""`remote_write` takes what Prometheus takes, and says in one line what is not meant or not known here."""

from pathlib import Path

import pytest
import yaml

from exporter.config.main import load_config
from exporter.errors import ConfigError

NO_LOGIN = "is not known here: use basic_auth, authorization or oauth2, or a proxy that signs"
FULL = """
remote_write:
  - url: https://user:hunter2@mimir.example.com/api/v1/push?token=hunter3
    name: mimir
    remote_timeout: 10s
    headers: {X-Scope-OrgID: 7, X-Key: hunter4}
    write_relabel_configs:
      - {source_labels: [__name__], regex: 'go_.*', action: drop}
    oauth2: {client_id: me, client_secret: hunter5, token_url: 'https://auth.example.com/token'}
    tls_config: {insecure_skip_verify: true, server_name: other}
    proxy_url: http://proxy.example.com:3128
    no_proxy: localhost
    follow_redirects: false
    enable_http2: true
    send_exemplars: false
    send_native_histograms: false
    protobuf_message: io.prometheus.write.v2.Request
    queue_config:
      {capacity: 1, min_shards: 2, max_shards: 3, max_samples_per_send: 4, batch_send_deadline: 5s,
       min_backoff: 6s, max_backoff: 7s, retry_on_http_429: true, sample_age_limit: 8s}
    metadata_config: {send: true, send_interval: 1m, max_samples_per_send: 9}
"""


def problem_of(tmp_path: Path, section: str) -> str:
    """The one line that is said of a section."""
    path = tmp_path / "config.yml"
    path.write_text(f"remote_write:\n  - {section}\n")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    (problem,) = error.value.problems
    return str(problem).removeprefix(f"{path}:")


def test_all_keys_of_prometheus_are_taken_and_no_secret_shows(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(FULL)
    config = load_config(path)
    (section,) = config.remote_write
    assert section.headers["X-Scope-OrgID"].reveal() == "7"
    assert section.queue_config.max_samples_per_send == 4
    assert section.shown_name == "mimir"
    assert section.url.shown == "https://mimir.example.com/api/v1/push"
    assert "hunter" not in repr(config)
    assert "hunter" not in yaml.safe_dump(config.model_dump(mode="json"))


def test_defaults_are_those_of_prometheus(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("remote_write: [{url: 'http://h/write'}]\n")
    (section,) = load_config(path).remote_write
    queue = section.queue_config
    assert (queue.capacity, queue.max_shards, queue.min_shards, queue.max_samples_per_send) == (
        10_000,
        50,
        1,
        2000,
    )
    assert (str(queue.batch_send_deadline), str(queue.min_backoff), str(queue.max_backoff)) == (
        "5s",
        "30ms",
        "5s",
    )
    assert (str(section.remote_timeout), str(section.metadata_config.send_interval)) == ("30s", "1m")
    assert section.protobuf_message == "prometheus.WriteRequest"
    assert (section.enable_http2, section.follow_redirects) == (False, True)


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("{}", "2:5: remote_write[0].url: is missing"),
        ("{url: h}", "2:11: remote_write[0].url: must be a URL that begins with http:// or https://"),
        (
            "{url: 'http://u:secret@h:99999/x'}",
            "2:11: remote_write[0].url: has a port that is no number from 0 to 65535",
        ),
        ("{url: 'http://h a/x'}", "2:11: remote_write[0].url: has no host, or one with a space in it"),
        (
            "{url: 'http://h', send_exemplars: true}",
            "2:39: remote_write[0].send_exemplars: exemplars are not sent: what is sampled here has none",
        ),
        (
            "{url: 'http://h', send_native_histograms: true}",
            "2:47: remote_write[0].send_native_histograms: native histograms are not sent: what is sampled "
            "here has classic ones",
        ),
        (
            "{url: 'http://h', sigv4: {region: eu}}",
            f"2:23: remote_write[0].sigv4: {NO_LOGIN}",
        ),
        (
            "{url: 'http://h', azuread: {}}",
            f"2:23: remote_write[0].azuread: {NO_LOGIN}",
        ),
        (
            "{url: 'http://h', google_iam: {}}",
            f"2:23: remote_write[0].google_iam: {NO_LOGIN}",
        ),
        (
            "{url: 'http://h', headers: {Authorization: x}}",
            '2:33: remote_write[0].headers.Authorization: the header "Authorization" cannot be set here',
        ),
        (
            "{url: 'http://h', queue_config: {min_shards: 9, max_shards: 3}}",
            "2:65: remote_write[0].queue_config.max_shards: must not be less than min_shards (9)",
        ),
        (
            "{url: 'http://h', queue_config: {min_backoff: 9s, max_backoff: 3s}}",
            "2:68: remote_write[0].queue_config.max_backoff: must not be shorter than min_backoff (9s)",
        ),
        (
            "{url: 'http://h', write_relabel_configs: [{action: drop, regex: '('}]}",
            "remote_write[0].write_relabel_configs[0].regex: is not a regular expression",
        ),
        (
            "{url: 'http://h', queue_confg: {}}",
            '2:23: remote_write[0].queue_confg: unknown key, did you mean "queue_config"?',
        ),
    ],
)
def test_what_is_wrong_is_one_line(section: str, line: str, tmp_path: Path) -> None:
    assert line in problem_of(tmp_path, section)


def test_two_receivers_need_names_of_their_own(tmp_path: Path) -> None:
    both = "{url: 'http://h/w?token=a'}\n  - {url: 'http://h/w?token=b'}"
    assert (
        problem_of(tmp_path, both)
        == '3:11: remote_write[1].url: "http://h/w" is remote_write[0] already: give each a name of its own'
    )
