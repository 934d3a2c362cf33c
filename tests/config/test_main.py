"""config.yml: what is taken from it, and one clear line for each thing wrong with it."""

from pathlib import Path

import pytest

from exporter.config.main import add_targets, default_config, load_config
from exporter.config.url import parse_server_url
from exporter.errors import ConfigError, UsageError
from exporter.model.http_url import HttpUrl
from exporter.model.target import Address, PasswordSource
from exporter.shipped import shipped_rules


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yml"
    path.write_text(text)
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, text))
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


FULL = """
global: {sample_interval: 1m, sample_timeout: 2s, evaluation_interval: 30s, external_labels: {cluster: prod}}
targets:
  - url: rediss://cache.example.com:6380/3
    instance: cache-1
    username: monitor
    password_file: secret
    labels: {env: prod}
    sample_interval: 5s
    tls: {ca_file: ca.pem, server_name: x, insecure_skip_verify: true}
    samplers: {info: {max_commands: 7}}
  - url: unix:///run/redis.sock?db=2
  - url: valkey://:pa55@[::1]
samplers: {info: {interval: 10s}}
rule_files: ["rules/*.yml"]
alerting: {config_file: alertmanager.yml, alertmanagers: ["http://am-1:9093/"]}
storage: {path: data, retention: 2h, memory_limit: 64MB}
web: {listen_address: "127.0.0.1:9000", external_url: "https://vigil.example.com/"}
"""


def test_everything_is_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file\n")
    for name in ("ca.pem", "alertmanager.yml"):
        (tmp_path / name).write_text("")
    config = load_config(write(tmp_path, FULL))
    first, second, third = (section.to_target() for section in config.targets)
    assert first.address == Address("cache.example.com", 6380, database=3, tls=True)
    assert (first.instance, first.credentials.username) == ("cache-1", "monitor")
    assert first.credentials.source == PasswordSource(file=tmp_path / "secret")
    assert first.tls.ca_file == tmp_path / "ca.pem"
    assert second.address == Address(path="/run/redis.sock", database=2)
    assert second.instance == "/run/redis.sock"
    assert (third.instance, third.credentials.password.reveal()) == ("[::1]:6379", "pa55")
    assert config.global_.sample_interval.seconds == 60
    assert config.storage.memory_limit == 64 << 20
    assert config.storage.path == tmp_path / "data"
    assert config.alerting.alertmanagers == (HttpUrl("http://am-1:9093"),)
    assert config.web.external_url == "https://vigil.example.com"


def test_a_secret_never_shows(tmp_path: Path) -> None:
    config = load_config(
        write(tmp_path, "targets: [{url: 'redis://u:pa55@h'}, {url: i, password: inl1ne}]\n")
    )
    program = load_config(write(tmp_path, "targets: [{url: h, password_command: [cat, inl1ne]}]\n"))
    for text in (repr(program), str(program), program.model_dump_json(by_alias=True)):
        assert "inl1ne" not in text
    for text in (repr(config), str(config), config.model_dump_json(by_alias=True)):
        assert "pa55" not in text
        assert "inl1ne" not in text


BAD = {
    "malformed": (
        "targets: [\n",
        ["config.yml:2:1: not valid YAML: while parsing a flow node, did not find expected node content"],
    ),
    "unknown key": ("target: []\n", ['config.yml:1:1: target: unknown key, did you mean "targets"?']),
    "unknown nested key": (
        "targets: [{url: h, passwrod: x}]\n",
        ['config.yml:1:20: targets[0].passwrod: unknown key, did you mean "password"?'],
    ),
    "scheme": (
        "targets: [{url: 'http://h'}]\n",
        [
            "config.yml:1:17: targets[0].url: must begin with redis://, rediss:// (TLS), valkey://, "
            "valkeys:// or unix://"
        ],
    ),
    "port": (
        "targets: [{url: 'redis://:pa55@h:70000'}]\n",
        ["config.yml:1:17: targets[0].url: is not a URL: the port must be a number from 1 to 65535"],
    ),
    "no url": ("targets: [{instance: a}]\n", ["config.yml:1:11: targets[0].url: is missing"]),
    "duration": (
        "global: {sample_interval: 15}\n",
        [
            'config.yml:1:27: global.sample_interval: "15" is not a duration: write whole numbers with units '
            "y, w, d, h, m, s, ms, largest first, such as 15s or 1h30m"
        ],
    ),
    "zero": (
        "global: {sample_interval: 0s}\n",
        ["config.yml:1:27: global.sample_interval: must be longer than 0"],
    ),
    "secret file": (
        "targets: [{url: h, password_file: nosuch}]\n",
        [
            "config.yml:1:35: targets[0].password_file: {folder}/nosuch cannot be read: "
            "no such file or directory"
        ],
    ),
    "secret variable": (
        "targets: [{url: h, password_env: VIGIL_NO_SUCH}]\n",
        ["config.yml:1:34: targets[0].password_env: the environment variable VIGIL_NO_SUCH is not set"],
    ),
    "secret of a program as one text": (
        "targets: [{url: h, password_command: cat inl1ne}]\n",
        [
            "config.yml:1:38: targets[0].password_command: must be a list, since no shell runs it: "
            "[program, argument]"
        ],
    ),
    "secret of a program that is not there": (
        "targets: [{url: h, password_command: [nosuch-program, inl1ne]}]\n",
        ["config.yml:1:38: targets[0].password_command: the program nosuch-program is not in PATH"],
    ),
    "secret of a file that is no program": (
        "targets: [{url: h, password_command: [./config.yml]}]\n",
        [
            "config.yml:1:38: targets[0].password_command: the program {folder}/config.yml cannot be run: it "
            "is not there, or not executable"
        ],
    ),
    "only entry of a list": (
        "discovery: {cluster: [{urls: ['unix:/a']}]}\n",
        [
            "config.yml:1:31: discovery.cluster[0].urls[0]: must name the socket by its full path after "
            "unix://, as in unix:///a"
        ],
    ),
    "INFO switched off": (
        "samplers: {info: {enabled: false}}\n",
        [
            "config.yml:1:28: samplers.info.enabled: must be true: without INFO nothing is known of a "
            "server, not even whether it is up; set interval to ask more rarely, or take the server out of "
            "targets"
        ],
    ),
    "fragment of an Alertmanager": (
        "alerting: {alertmanagers: ['http://u:inl1ne#x@am']}\n",
        [
            "config.yml:1:28: alerting.alertmanagers[0]: holds a #, after which nothing is sent: write %23 "
            "where it is part of a password"
        ],
    ),
    "hosts that are none": (
        "web: {hosts: [a.example.com, 'b.example.com:9121', 'https://c', '*.d', '[::1]', 'e.']}\n",
        [
            f"config.yml:1:{column}: web.hosts[{place}]: must be a host name as vigil.example.com, without "
            "a port, a scheme or a wildcard"
            for column, place in ((30, 1), (52, 2), (65, 3))
        ],
    ),
    "password for everybody": (
        "web: {external_url: 'http://u:inl1ne@vigil'}\n",
        ["config.yml:1:21: web.external_url: must hold no user or password: it stands in every message"],
    ),
    "query for everybody": (
        "web: {external_url: 'http://vigil/?inl1ne'}\n",
        [
            "config.yml:1:21: web.external_url: must end with its path: the paths of pages are appended to "
            "it, so it has no ? or #"
        ],
    ),
    "two secrets": (
        "targets: [{url: h, password: inl1ne, password_env: HOME}]\n",
        ["config.yml:1:52: targets[0].password_env: password is given too: only one of them can be"],
    ),
    "a secret in the URL too": (
        "targets: [{url: 'redis://:pa55@h', password: inl1ne}]\n",
        ["config.yml:1:46: targets[0].password: the URL holds a password too: only one of them can be"],
    ),
    "tls without TLS": (
        "targets: [{url: 'redis://h', tls: {insecure_skip_verify: true}}]\n",
        ["config.yml:1:35: targets[0].tls: has no effect: TLS needs a URL with rediss:// or valkeys://"],
    ),
    "two secrets, a bad label and a repeated instance": (
        "targets: [{url: h, password: a, password_env: HOME}, {url: h, labels: {-: x}}]\n",
        [
            "config.yml:1:47: targets[0].password_env: password is given too: only one of them can be",
            "config.yml:1:72: targets[1].labels.-: is not a label name: letters, digits and _, "
            "not beginning with __",
        ],
    ),
    "two names of a cluster": (
        "discovery: {cluster: [{urls: [h], name: a, labels: {cluster: b}}]}\n",
        [
            "config.yml:1:41: discovery.cluster[0].name: labels holds a cluster too: only one of them can be",
        ],
    ),
    "probe pattern": (
        "web: {probe_allow: ['10[']}\n",
        ["config.yml:1:21: web.probe_allow[0]: is not a regular expression: missing closing ]: `[`"],
    ),
    "sampler": (
        "samplers: {info: {enabled: 3, intervall: 5s}}\n",
        [
            'config.yml:1:28: samplers.info.enabled: must be true or false, not "3"',
            'config.yml:1:31: samplers.info.intervall: unknown key, did you mean "interval"?',
        ],
    ),
    "same instance": (
        "targets: [{url: 'h:1'}, {url: 'other:2', instance: 'h:1'}]\n",
        ['config.yml:1:52: targets[1].instance: instance "h:1" is targets[0] already'],
    ),
    "labels": (
        "targets: [{url: h, labels: {instance: a, b-c: d}}]\n",
        [
            "config.yml:1:29: targets[0].labels.instance: is set by the key instance of the target",
            "config.yml:1:42: targets[0].labels.b-c: is not a label name: letters, digits and _, "
            "not beginning with __",
        ],
    ),
    "listen address": (
        "web: {listen_address: '9121'}\n",
        [
            'config.yml:1:23: web.listen_address: "9121" is not a listen address: write host:port or '
            ":port, such as :9121"
        ],
    ),
    "rule file": (
        "rule_files: [nosuch.yml]\n",
        ["config.yml:1:14: rule_files[0]: {folder}/nosuch.yml cannot be read: no such file or directory"],
    ),
    "several at once": (
        "global: {sample_timeout: x}\ntargets: 3\nweb: {lisen_address: ':1'}\n",
        [
            'config.yml:1:26: global.sample_timeout: "x" is not a duration: write whole numbers with units '
            "y, w, d, h, m, s, ms, largest first, such as 15s or 1h30m",
            "config.yml:2:10: targets: must be a list, not a text",
            'config.yml:3:7: web.lisen_address: unknown key, did you mean "listen_address"?',
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD.keys())
def test_each_problem_is_one_line_with_its_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = problems_of(tmp_path, text)
    assert found == [line.replace("{folder}", str(tmp_path)) for line in expected]
    assert "pa55" not in str(found)
    assert "inl1ne" not in str(found)


def test_a_pattern_of_rule_files_may_match_nothing_yet(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "rule_files: ['rules/*.yml']\n"))
    assert config.rule_paths == []
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text("")
    assert config.rule_paths == [tmp_path / "rules" / "a.yml"]
    assert load_config(write(tmp_path, "{}\n")).rule_paths is None


def test_rules_of_your_own_beside_the_shipped_ones(tmp_path: Path) -> None:
    for name in ("memory.yml", "mine.yml"):
        (tmp_path / name).write_text("groups: []\n")
    config = load_config(write(tmp_path, "rule_files: [shipped, memory.yml, mine.yml]\n"))
    paths = config.rule_paths
    assert paths is not None
    names = [path.name for path in paths]
    assert sorted(names) == sorted({path.name for path in shipped_rules()} | {"mine.yml"})
    assert [path.parent for path in paths if path.name == "memory.yml"] == [tmp_path]


def test_rule_files_below_a_folder_with_a_strange_name(tmp_path: Path) -> None:
    folder = tmp_path / "[a]*?"
    folder.mkdir()
    (folder / "a.yml").write_text("")
    config = load_config(write(folder, "rule_files: ['a.yml', '*l.yml', '?.yml']\n"))
    assert config.rule_paths == [folder / "a.yml"]


@pytest.mark.parametrize(
    ("urls", "environment", "expected"),
    [
        ([], {}, ["localhost:6379"]),
        ([], {"REDIS_URL": "redis://:x@cache"}, ["cache:6379"]),
        (["a", "b:1"], {"REDIS_URL": "redis://cache"}, ["a:6379", "b:1"]),
        (["a", "redis://a:6379", "a"], {}, ["a:6379"]),
    ],
)
def test_without_a_file(urls: list[str], environment: dict[str, str], expected: list[str]) -> None:
    config = default_config(urls, environment)
    assert [section.to_target().instance for section in config.targets] == expected


def test_a_bad_url_on_the_command_line_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"^the server's URL must begin with redis://"):
        default_config(["ftp://:pa55@h"])


def test_a_bad_url_in_the_environment_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"^\$REDIS_URL must begin with redis://"):
        default_config([], {"REDIS_URL": "ftp://:pa55@h"})


def test_servers_of_the_command_line_come_after_those_of_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "targets: [{url: 'redis://:pa55@a', labels: {env: prod}}]\n"))
    first, second = (section.to_target() for section in add_targets(config, ["a", "b"]).targets)
    assert (first.instance, first.credentials.password.reveal()) == ("a:6379", "pa55")
    assert second.instance == "b:6379"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://h", "redis://h:6379"),
        ("rediss://u:p@h:1/2", "rediss://h:1/2"),
        ("redis://[::1]:7", "redis://[::1]:7"),
        ("unix:///run/r.sock?db=1", "unix:///run/r.sock?db=1"),
        ("h?db=4", "redis://h:6379/4"),
    ],
)
def test_urls_are_shown_without_credentials(text: str, shown: str) -> None:
    assert str(parse_server_url(text)) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "global: {sample_interval: 1s, sample_timeout: 10s}",
            "config.yml:1:47: global.sample_timeout: 10s is longer than sample_interval (1s): the next pass "
            "would come before its end",
        ),
        (
            "targets: [{url: 'redis://h', sample_interval: 2s, sample_timeout: 5s}]",
            "config.yml:1:67: targets[0].sample_timeout: 5s is longer than sample_interval (2s): the "
            "next pass "
            "would come before its end",
        ),
        (
            "targets: [{url: 'redis://h', sample_timeout: 20s}]",
            "config.yml:1:46: targets[0].sample_timeout: 20s is longer than global.sample_interval "
            "(15s): the "
            "next pass would come before its end",
        ),
        (
            "samplers: {queues: {frameworks: [rq, Celry]}}",
            'config.yml:1:38: samplers.queues.frameworks[1]: there is no framework "Celry", did you mean '
            '"celery"?',
        ),
        (
            "samplers: {queues: {frameworks: bullmq}}",
            "config.yml:1:33: samplers.queues.frameworks: must be auto, or a list such as [bullmq], not "
            '"bullmq"',
        ),
        (
            "storage: {memory_limit: 256}",
            "config.yml:1:25: storage.memory_limit: must be at least 1MB: 256 without a unit are bytes, "
            "write "
            "256MB",
        ),
        ("storage: {memory_limit: 512KB}", "config.yml:1:25: storage.memory_limit: must be at least 1MB"),
        (
            "storage: {retention: 30}",
            'config.yml:1:22: storage.retention: "30" is not a duration: write whole numbers with units '
            "y, w, "
            "d, h, m, s, ms, largest first, such as 30s or 1h30m",
        ),
        (
            "alerting: {alertmanagers: ['http://${AM}:9093']}",
            "config.yml:1:28: alerting.alertmanagers[0]: holds ${AM}, and variables are not put in here: "
            "write "
            "the host as it is",
        ),
    ],
)
def test_what_could_not_be_meant(tmp_path: Path, text: str, expected: str) -> None:
    assert problems_of(tmp_path, text) == [expected]


def test_a_short_interval_needs_no_timeout_of_its_own(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "global: {sample_interval: 1s}"))
    assert config.global_.sample_timeout.seconds == 5


@pytest.mark.parametrize("path", ["/proc/redis-vigil", "/proc", "file/data", "link", "x" * 300])
def test_a_directory_that_cannot_be_made(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere/at/all")
    (problem,) = problems_of(tmp_path, f"storage: {{path: '{path}'}}")
    assert problem.startswith("config.yml:1:17: storage.path: ")
    assert "cannot be" in problem or "is not a directory" in problem


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    load_config(write(tmp_path, "storage: {path: data/deeper}"))
    assert [path.name for path in tmp_path.iterdir()] == ["config.yml"]
