"""alertmanager.yml as a whole: what is accepted, what is refused and how that is said."""

import subprocess
from pathlib import Path

import pytest
import yaml

from exporter.config.alertmanager.config import (
    AlertmanagerConfig,
    load_alertmanager_config,
    parse_alertmanager_config,
)
from exporter.config.document import Document
from exporter.errors import ConfigError
from tests.peers import require_program

ROOT = "route: {receiver: a}\nreceivers: [{name: a}]\n"
INTERVAL = ROOT + "time_intervals: [{name: x, time_intervals: [%s]}]\n"


def child(text: str) -> str:
    return f"route: {{receiver: a, routes: [{text}]}}\nreceivers: [{{name: a}}]\n"


GOOD = {
    "smallest": ROOT,
    "deprecated forms": child("{match: {a: 1, b: true, c: }, match_re: {d: x.*}}"),
    "matchers": child("{matchers: ['{foo=\"bar\",x=y}', 'a=b,c=~d', 'e!=', f!~g]}"),
    "empty child": child("{}"),
    "group by nothing": "route: {receiver: a, group_by: []}\nreceivers: [{name: a}]",
    "group by all": "route: {receiver: a, group_by: ['...']}\nreceivers: [{name: a}]",
    "group by all twice": "route: {receiver: a, group_by: ['...', '...']}\nreceivers: [{name: a}]",
    "bare zero": "route: {receiver: a, group_wait: 0}\nreceivers: [{name: a}]",
    "no duration": "route: {receiver: a, group_wait: }\nreceivers: [{name: a}]",
    "empty global": "global:\n" + ROOT,
    "inherited receiver": child('{receiver: ""}'),
    "empty inhibit rule": ROOT + "inhibit_rules: [{}]",
    "inhibit rule": ROOT + "inhibit_rules:"
    " [{source_match: {a: b}, source_matchers: [a=b], target_match_re: {c: d}, equal: [x, x]}]",
    "interval without moments": ROOT + "time_intervals: [{name: x}]",
    "intervals": INTERVAL
    % (
        "{times: [{start_time: 10:00, end_time: '24:00'}], years: [2020:2030, '2040'],"
        " months: [1:may, March],"
        " days_of_month: ['1:-1', '-3:-1'], weekdays: [monday:Friday, SUNDAY], location: Europe/Berlin}"
    ),
    "locations": INTERVAL % "{location: ''}, {location: Local}, {location: UTC}",
    "month that does not exist": INTERVAL % "{months: [13, 0:44]}",
    "both kinds of intervals": child("{mute_time_intervals: [x], active_time_intervals: [y]}")
    + "mute_time_intervals: [{name: x, time_intervals: []}]\ntime_intervals: [{name: y}]",
    "missing template": ROOT + "templates: ['/nonexistent/*.tmpl']",
    "words for true": child("{continue: yes}, {continue: on}, {continue: Off}"),
    "second document": ROOT + "---\nfoo: bar",
    "unused receiver": "route: {receiver: a}\nreceivers: [{name: a}, {name: b, webhook_configs: }]",
    "globals": "global: {resolve_timeout: 0s, smtp_smarthost: 'mail:25', smtp_from: x, smtp_require_tls: no,"
    " http_config: {basic_auth: {username: u, password: p}}, pagerduty_url: 'http://x'}\n" + ROOT,
    "webhook": "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x/y'}]}]",
}

BAD = {
    "empty": "",
    "list": "[]",
    "no route": "receivers: [{name: a}]",
    "no receiver at the root": "route: {}\nreceivers: [{name: a}]",
    "unknown receiver": child("{receiver: b}"),
    "receivers that are not named": "route: {receiver: a}\nreceivers: [{name: a}, {}]",
    "doubled receiver": "route: {receiver: a}\nreceivers: [{name: a}, {name: a}]",
    "empty receiver name": "route: {receiver: a}\nreceivers: [{name: a}, {name: ''}]",
    "root matchers": "route: {receiver: a, matchers: [a=b]}\nreceivers: [{name: a}]",
    "root match": "route: {receiver: a, match: {a: b}}\nreceivers: [{name: a}]",
    "root match_re": "route: {receiver: a, match_re: {a: b}}\nreceivers: [{name: a}]",
    "root mute": "route: {receiver: a, mute_time_intervals: [x]}\nreceivers: [{name: a}]\n"
    "time_intervals: [{name: x}]",
    "root active": "route: {receiver: a, active_time_intervals: [x]}\nreceivers: [{name: a}]\n"
    "time_intervals: [{name: x}]",
    "root continue": "route: {receiver: a, continue: true}\nreceivers: [{name: a}]",
    "text in quotes for true": child('{continue: "true"}'),
    "matchers as a text": child("{matchers: 'foo=bar'}"),
    "bad matcher": child("{matchers: [foo]}"),
    "bad pattern in a matcher": child("{matchers: ['foo=~(']}"),
    "bad pattern": child("{match_re: {a: '('}}"),
    "pattern that is nothing": child("{match_re: {a: }}"),
    "label name that is none": child("{match: {'a-b': x}}"),
    "list for a text": child("{match: {a: [x]}}"),
    "group_by as a text": "route: {receiver: a, group_by: foo}\nreceivers: [{name: a}]",
    "group_by doubled": "route: {receiver: a, group_by: [a, a]}\nreceivers: [{name: a}]",
    "group_by all and more": "route: {receiver: a, group_by: [a, '...']}\nreceivers: [{name: a}]",
    "group_by empty name": "route: {receiver: a, group_by: ['']}\nreceivers: [{name: a}]",
    "zero group_interval": "route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]",
    "zero repeat_interval": "route: {receiver: a, repeat_interval: 0}\nreceivers: [{name: a}]",
    "fraction of a second": "route: {receiver: a, group_wait: 1.5s}\nreceivers: [{name: a}]",
    "unknown key": child("{foo: bar}"),
    "unknown key at the top": ROOT + "foo: bar",
    "unknown key in global": "global: {foo: bar}\n" + ROOT,
    "unknown key in an interval": INTERVAL % "{foo: bar}",
    "unknown key in an inhibit rule": ROOT + "inhibit_rules: [{foo: bar}]",
    "doubled key": "route: {receiver: a, receiver: a}\nreceivers: [{name: a}]",
    "unknown interval": child("{mute_time_intervals: [zz]}"),
    "unknown active interval": child("{active_time_intervals: [zz]}"),
    "doubled interval": ROOT + "mute_time_intervals: [{name: x}]\ntime_intervals: [{name: x}]",
    "interval without name": ROOT + "time_intervals: [{}]",
    "no end time": INTERVAL % "{times: [{start_time: '10:00'}]}",
    "times upside down": INTERVAL % "{times: [{start_time: '10:00', end_time: '10:00'}]}",
    "time of day": INTERVAL % "{times: [{start_time: '9:00', end_time: '25:00'}]}",
    "weekdays upside down": INTERVAL % "{weekdays: [friday:monday]}",
    "weekday by number": INTERVAL % "{weekdays: ['1:5']}",
    "day 0": INTERVAL % "{days_of_month: ['0']}",
    "day 32": INTERVAL % "{days_of_month: ['32']}",
    "negative to positive": INTERVAL % "{days_of_month: ['-1:5']}",
    "days upside down": INTERVAL % "{days_of_month: ['5:1']}",
    "negative days upside down": INTERVAL % "{days_of_month: ['5:-28']}",
    "months upside down": INTERVAL % "{months: [may:april]}",
    "month of another kind": INTERVAL % "{months: [maj]}",
    "years upside down": INTERVAL % "{years: ['2030:2020']}",
    "range of three": INTERVAL % "{years: ['1:2:3']}",
    "location": INTERVAL % "{location: Mars/Phobos}",
    "pattern of templates": ROOT + "templates: ['[']",
    "inhibit pattern": ROOT + "inhibit_rules: [{target_match_re: {x: '('}}]",
    "inhibit label": ROOT + "inhibit_rules: [{source_match: {'a-b': x}}]",
    "smarthost without port": "global: {smtp_smarthost: localhost}\n" + ROOT,
    "url of another kind": "global: {slack_api_url: 'ftp://x'}\n" + ROOT,
    "two slack urls": "global: {slack_api_url: 'http://x', slack_api_url_file: /x}\n" + ROOT,
    "two ways to log in": "global: {http_config: {bearer_token: x, basic_auth: {username: u}}}\n" + ROOT,
    "headers without a proxy": "global: {http_config: {proxy_connect_header: {a: [b]}}}\n" + ROOT,
    "exceptions without a proxy": "global: {http_config: {no_proxy: a}}\n" + ROOT,
    "no mail server": "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: x, from: y}]}]",
    "no slack url": "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{channel: x}]}]",
    "no url of a webhook": "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{}]}]",
}

# Alertmanager 0.27 and later accept them.
NEWER = {
    "utf-8 in group_by": "route: {receiver: a, group_by: ['a-b', 'ü']}\nreceivers: [{name: a}]",
    "utf-8 in equal": ROOT + "inhibit_rules: [{equal: ['a-b']}]",
    "quoted name": child("{matchers: ['\"a b\"=c']}"),
    "name of an inhibit rule": ROOT + "inhibit_rules: [{name: x}]",
    "app token": "global: {slack_app_token: x, smtp_auth_secret_file: /x, smtp_force_implicit_tls: true}\n"
    + ROOT,
    "headers": "global: {http_config: {http_headers: {X-A: {values: [a], secrets: [b]}}}}\n" + ROOT,
}


def parse(text: str) -> AlertmanagerConfig:
    return parse_alertmanager_config(Document.parse(text, "am.yml", lenient=True))


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """amtool's verdict."""
    command = [str(require_program("amtool")), "check-config", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)


@pytest.mark.parametrize("text", [*GOOD.values(), *NEWER.values()], ids=[*GOOD, *NEWER])
def test_a_valid_file_is_accepted(text: str) -> None:
    assert parse(text).route.receiver == "a"


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_an_invalid_file_is_refused(text: str) -> None:
    assert all(line.startswith("am.yml:") for line in problems_of(text))


@pytest.mark.peers("amtool")
def test_amtool_judges_the_same(tmp_path: Path) -> None:
    different = []
    for name, text in {**GOOD, **BAD}.items():
        path = tmp_path / "alertmanager.yml"
        path.write_text(text)
        if (check(path).returncode == 0) is not (name in GOOD):
            different.append(name)
    assert different == []


@pytest.mark.peers("amtool")
def test_amtool_reads_what_is_shown_of_a_configuration(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        path = tmp_path / "alertmanager.yml"
        path.write_text(parse(text).to_yaml())
        run = check(path)
        assert run.returncode == 0, (name, run.stdout, run.stderr)


def test_everything_is_reported_at_once_and_in_order() -> None:
    text = """\
global:
  resolve_timeout: 5x
route:
  receiver: pager
  group_by: [a, a]
  matchers: [x=y]
  routes:
    - receiver: chta
      mute_time_intervals: [nights]
      matchers: ['a=b', 'c', 'd=~(']
    - routes:
        - {receiver: mail, gruop_wait: 5s}
receivers:
  - name: chat
  - name: chat
time_intervals:
  - name: night
    time_intervals: [{weekdays: [mon]}]
"""
    assert problems_of(text) == [
        'am.yml:2:20: global.resolve_timeout: "5x" is not a duration: write whole numbers with units '
        "y, w, d, h, m, s, ms, largest first, such as 15s or 1h30m",
        'am.yml:4:13: route.receiver: there is no receiver "pager"',
        'am.yml:5:17: route.group_by[1]: "a" is given twice',
        "am.yml:6:3: route.matchers: the root route matches every alert, it can have no conditions",
        'am.yml:8:17: route.routes[0].receiver: there is no receiver "chta", did you mean "chat"?',
        'am.yml:9:29: route.routes[0].mute_time_intervals[0]: there is no time interval "nights", '
        'did you mean "night"?',
        "am.yml:10:25: route.routes[0].matchers[1]: c: expected an operator (=, !=, =~ or !~), found the end",
        'am.yml:10:30: route.routes[0].matchers[2]: "(" is not a regular expression: missing closing ): `(`',
        'am.yml:12:22: route.routes[1].routes[0].receiver: there is no receiver "mail"',
        'am.yml:12:28: route.routes[1].routes[0].gruop_wait: unknown key, did you mean "group_wait"?',
        'am.yml:15:11: receivers[1].name: there is a receiver "chat" already',
        'am.yml:18:34: time_intervals[0].time_intervals[0].weekdays[0]: "mon" is not a weekday: write '
        "sunday to saturday",
    ]


def test_what_is_shown_holds_no_secret() -> None:
    text = (
        "global: {slack_api_url: 'https://hooks.example.com/T0PSECRET', smtp_auth_password: T0PSECRET,\n"
        "  http_config: {authorization: {credentials: T0PSECRET}}}\n" + ROOT
    )
    config = parse(text)
    shown = config.to_yaml()
    assert "T0PSECRET" not in shown + repr(config)
    assert yaml.safe_load(shown)["global"]["slack_api_url"] == "<secret>"


def test_passwords_in_urls_are_not_shown() -> None:
    config = parse(
        "global:\n  jira_api_url: https://u:T0PSECRET@jira.example.com/x\n  http_config:\n"
        "    proxy_url: http://:T0P@SECRET@proxy:3128\n"
        "    oauth2: {client_id: a, token_url: 'https://u:T0PSECRET@idp',\n"
        "      endpoint_params: {password: T0PSECRET}}\n"
        "route: {receiver: ops, group_by: ['...']}\nreceivers:\n- name: ops\n  pagerduty_configs:\n"
        "  - {routing_key: k, client_url: 'https://vigil:9121/a@b', description: 'at https://u:T0PSECRET@x'}\n"
    )
    shown = config.to_yaml()
    assert "SECRET" not in shown
    again = yaml.safe_load(shown)
    assert again["global"]["jira_api_url"] == "https://u:xxxxx@jira.example.com/x"
    assert again["global"]["http_config"]["proxy_url"] == "http://:xxxxx@proxy:3128"
    assert again["receivers"][0]["pagerduty_configs"][0]["client_url"] == "https://vigil:9121/a@b"


def test_what_is_shown_is_read_as_the_same() -> None:
    for name, text in {**GOOD, **NEWER}.items():
        config = parse(text)
        again = parse(config.to_yaml())
        if "<secret>" not in config.to_yaml():
            assert again == config, name


def test_secrets_stay_out_of_problems() -> None:
    lines = problems_of(
        "global: {slack_api_url: 'T0PSECRET', http_config: {bearer_token: [T0PSECRET]}}\n" + ROOT
    )
    assert len(lines) == 2
    assert "T0PSECRET" not in str(lines)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load_alertmanager_config(tmp_path / "alertmanager.yml", "alertmanager.yml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "inhibit_rules: [{target_matchers: [a=b], sources: [{matchers: [c=d]}]}]\n",
            "inhibit_rules[0].sources: several sources for one rule are not known here",
        ),
        (
            "receivers: [{name: a, slack_configs:"
            " [{api_url: http://h, post_updates_to_thread: true, channel: x}]}]\n",
            "receivers[0].slack_configs[0].post_updates_to_thread: messages in threads are not known here",
        ),
    ],
)
def test_what_newer_alertmanagers_have_and_we_have_not_is_refused_with_a_sentence(
    text: str, sentence: str
) -> None:
    parts = {"route": "route: {receiver: a}\n", "receivers": "receivers: [{name: a}]\n"}
    rest = "".join(part for name, part in parts.items() if not text.startswith(name))
    with pytest.raises(ConfigError) as caught:
        parse_alertmanager_config(Document.parse(text + rest, "am.yml"))
    (problem,) = caught.value.problems
    assert sentence in str(problem)


@pytest.mark.parametrize("name", ["Authorization", "host", "Content-Type", "X A", ""])
def test_headers_that_a_request_has_anyway_are_refused(name: str) -> None:
    (problem,) = problems_of(
        f"global: {{http_config: {{http_headers: {{'{name}': {{values: [x]}}}}}}}}\n" + ROOT
    )
    assert "cannot be set here" in problem or "is not the name of a header" in problem


def test_what_is_turned_off_is_no_problem() -> None:
    text = (
        "tracing: {}\nroute: {receiver: a}\nreceivers: [{name: a, pagerduty_configs: [], slack_configs:"
        " [{api_url: http://h, post_updates_to_thread: false}]}]\n"
    )
    assert parse_alertmanager_config(Document.parse(text, "am.yml")).receivers
