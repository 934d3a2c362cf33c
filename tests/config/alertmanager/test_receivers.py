"""Receivers of alertmanager.yml: what is accepted, what is refused and how, and what comes from `global`."""

import textwrap

import pytest

from exporter.config.alertmanager.config import AlertmanagerConfig, parse_alertmanager_config
from exporter.config.alertmanager.merging import with_globals
from exporter.config.alertmanager.not_sent import NotSentConfig
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.document import Document
from exporter.errors import ConfigError
from exporter.model.secret import Secret


def load(receiver: str, global_: str = "{}") -> AlertmanagerConfig:
    indented = textwrap.indent(textwrap.dedent(receiver).strip("\n"), "    ")
    text = f"global: {global_}\nroute: {{receiver: team}}\nreceivers:\n  - name: team\n{indented}\n"
    return parse_alertmanager_config(Document.parse(text, "am.yml"))


def merged(receiver: str, global_: str = "{}") -> Receiver:
    config = load(receiver, global_)
    return with_globals(config.receivers[0], config.global_)


_REFUSED = {
    "slack_configs: [{channel: x}]": (
        "21: slack_configs[0]: there is no address: write api_url or app_token here, "
        "or slack_api_url or slack_app_token in global"
    ),
    "slack_configs: [{api_url: 'http://x', api_url_file: y}]": (
        "21: slack_configs[0]: at most one of api_url, api_url_file can be given"
    ),
    "slack_configs: [{api_url: 'http://x', app_token: y}]": (
        "21: slack_configs[0]: at most one of api_url, app_token can be given"
    ),
    "slack_configs: [{app_token: x, http_config: {authorization: {credentials: y}}}]": (
        "21: slack_configs[0]: "
        "app_token goes without http_config.authorization: the token is the authorization"
    ),
    "slack_configs: [{api_url: 'ftp://x'}]": (
        "31: slack_configs[0].api_url: must be a URL that begins with http:// or https://"
    ),
    "slack_configs: [{api_url: 'http://x', update_message: true}]": (
        "59: slack_configs[0].update_message: needs a Slack app (app_token, or an api_url "
        "that ends with /chat.postMessage): messages of an incoming webhook cannot be changed"
    ),
    "slack_configs: [{api_url: 'http://x', fields: [{title: a}]}]": (
        "52: slack_configs[0].fields[0].value: is missing"
    ),
    "slack_configs: [{api_url: 'http://x', actions: [{type: button, text: a}]}]": (
        "53: slack_configs[0].actions[0]: needs a url or a name"
    ),
    "slack_configs: [{api_url: 'http://x', titel: a}]": (
        '43: slack_configs[0].titel: unknown key, did you mean "title"?'
    ),
    "email_configs: [{to: a@b}]": (
        "21: email_configs[0]: "
        "there is no mail server: write smarthost here, or smtp_smarthost in global\n"
        "21: email_configs[0]: there is no sender: write from here, or smtp_from in global"
    ),
    "email_configs: [{from: a@b, smarthost: 'x:25'}]": "21: email_configs[0].to: is missing",
    "email_configs: [{to: a, from: b, smarthost: x}]": (
        '49: email_configs[0].smarthost: "x" is not an address such as mail.example.com:587'
    ),
    "email_configs: [{to: a, from: b, smarthost: 'x:99999'}]": (
        '49: email_configs[0].smarthost: the port "99999" must be a number from 1 to 65535, or one of smtp, '
        "smtps, submissions, submission"
    ),
    "email_configs: [{to: a, from: b, smarthost: 'x:mail'}]": (
        '49: email_configs[0].smarthost: the port "mail" must be a number from 1 to 65535, or one of smtp, '
        "smtps, submissions, submission"
    ),
    "email_configs: [{to: a, from: b, smarthost: 'x:25', headers: {subject: a, SUBJECT: b}}]": (
        '79: email_configs[0].headers.SUBJECT: the header "Subject" is there already'
    ),
    "email_configs: [{to: a, from: b, smarthost: 'x:25', headers: {\"a b\": c}}]": (
        '67: email_configs[0].headers.a b: "a b" is not the name of a header'
    ),
    "email_configs: [{to: a, from: b, smarthost: 'x:25', threading: {enabled: true}}]": (
        "68: email_configs[0].threading: needs thread_by_date: none or daily"
    ),
    "email_configs: [{to: a, auth_password: x, auth_password_file: y}]": (
        "21: email_configs[0]: at most one of auth_password, auth_password_file can be given"
    ),
    "webhook_configs: [{url: 'http://x:99999/'}]": (
        "29: webhook_configs[0].url: is not a URL: the port must be a number from 1 to 65535"
    ),
    "webhook_configs: [{}]": "23: webhook_configs[0]: needs a url or a url_file",
    "webhook_configs: [{url: 'http://x', url_file: y}]": (
        "23: webhook_configs[0]: at most one of url, url_file can be given"
    ),
    "webhook_configs: [{url: 'http://x', max_alerts: -1}]": (
        "53: webhook_configs[0].max_alerts: must be at least 0"
    ),
    "pagerduty_configs: [{severity: x}]": (
        "25: pagerduty_configs[0]: needs routing_key or routing_key_file or service_key or service_key_file"
    ),
    "telegram_configs: [{bot_token: t, chat_id: 1, chat_id_file: f}]": (
        "24: telegram_configs[0]: at most one of chat_id, chat_id_file can be given"
    ),
    "telegram_configs: [{chat_id: 1}]": (
        "24: telegram_configs[0]: write bot_token or bot_token_file here, "
        "or telegram_bot_token or telegram_bot_token_file in global"
    ),
    "opsgenie_configs: [{api_key: k, responders: [{name: a, type: nobody}]}]": (
        "66: opsgenie_configs[0].responders[0].type: must be one of team, teams, user, escalation, schedule"
    ),
    "opsgenie_configs: [{api_key: k, teams: a}]": ("37: opsgenie_configs[0].teams: unknown key"),
    "victorops_configs: [{api_key: k, routing_key: r, custom_fields: {entity_id: x}}]": (
        "70: victorops_configs[0].custom_fields.entity_id: is set by Alertmanager itself"
    ),
    "webex_configs: [{room_id: r}]": "21: webex_configs[0]: needs http_config.authorization",
    "sns_configs: [{sigv4: {}}]": "19: sns_configs[0]: needs one of target_arn, topic_arn and phone_number",
    "jira_configs: [{project: p, issue_type: Bug}]": (
        "20: jira_configs[0]: write api_url here, or jira_api_url in global"
    ),
    "discord_configs: [{title: x}]": "23: discord_configs[0]: needs webhook_url or webhook_url_file",
    "pushover_configs: [{user_key: u, token: t, retry: soon}]": (
        '55: pushover_configs[0].retry: "soon" is not a duration such as 1m30s'
    ),
}


@pytest.mark.parametrize(("receiver", "message"), _REFUSED.items())
def test_refusal_names_place_and_way_out(receiver: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(receiver)
    lines = str(caught.value).replace("receivers[0].", "").splitlines()
    assert lines == [f"am.yml:5:{line}" for line in message.splitlines()]


def test_secrets_stay_out_of_errors() -> None:
    with pytest.raises(ConfigError) as caught:
        load("slack_configs: [{api_url: 'topsecret', app_token: {a: topsecret}}]")
    assert "topsecret" not in str(caught.value)


# One entry of each kind that is not sent to, with what it needs at least and one thing more.
_OTHERS = {
    "discord": "webhook_url: 'http://h/topsecret', content: x",
    "incidentio": "url: 'http://h', alert_source_token: topsecret, max_alerts: 5",
    "jira": "api_url: 'http://h', project: OPS, issue_type: Bug, "
    "summary: {template: x, enable_update: false}, description: plain, "
    "fields: {a: [1]}, reopen_duration: 30d",
    "mattermost": "webhook_url: 'http://h/topsecret', attachments: [{fields: [{title: a, value: b}]}],"
    " priority: {requested_ack: yes}",
    "msteams": "webhook_url_file: a.txt, summary: x",
    "msteamsv2": "webhook_url: 'http://h/topsecret', title: x",
    "opsgenie": "api_key: topsecret, responders: [{name: ops, type: Team}, {id: 1, type: '{{ .x }}'}],"
    " details: {a: b}",
    "pagerduty": "routing_key: topsecret, class: a, details: {firing: {a: [b]}}, links: [{href: x, text: y}]",
    "pushover": "user_key: topsecret, token: topsecret, retry: 1m30s, expire: 1.5h, html: true",
    "rocketchat": "token_id: topsecret, token: topsecret, actions: [{type: button, imageurl: x}]",
    "sns": "topic_arn: x, sigv4: {region: us-east-1, access_key: a, secret_key: topsecret},"
    " attributes: {a: b}",
    "telegram": "bot_token: topsecret, chat_id: -1001234567890, message_thread_id: 7, parse_mode: ''",
    "victorops": "api_key: topsecret, routing_key: r, custom_fields: {a: b}",
    "webex": "room_id: r, http_config: {authorization: {credentials: topsecret}}",
    "wechat": "api_secret: topsecret, corp_id: c, message_type: markdown, to_party: 1",
}


@pytest.mark.parametrize("kind", _OTHERS)
def test_every_other_kind_of_alertmanager_loads_and_hides_its_secrets(kind: str) -> None:
    config = load(f"{kind}_configs: [{{send_resolved: false, {_OTHERS[kind]}}}]\nlabels: {{team: ops}}")
    receiver = config.receivers[0]
    ((name, index, entry),) = receiver.not_sent
    assert (name, index, entry.send_resolved, receiver.is_sent) == (kind, 0, False, False)
    assert "topsecret" not in config.to_yaml()
    assert "topsecret" not in repr(config)


def test_all_kinds_of_alertmanager_are_known() -> None:
    not_sent = {kind for kind, model in Receiver.kinds().items() if issubclass(model, NotSentConfig)}
    assert not_sent == set(_OTHERS)


def test_the_label_name_of_a_receiver_is_its_name() -> None:
    assert load("labels: {name: team, tier: one}").receivers[0].all_labels == {"name": "team", "tier": "one"}
    with pytest.raises(ConfigError, match=r"labels\.name: must be the name of the receiver"):
        load("labels: {name: b}")


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load("""
            telegram_configs: [{a: b}]
            slack_configs: [{api_url: x}, {channel: x}]
            webhook_configs: [{url: http://x, max_alerts: x}]
            """)
    assert len(caught.value.problems) == 3


def test_fields_that_are_not_written_have_alertmanagers_defaults() -> None:
    receiver = load("""
        webhook_configs: [{url: http://x}]
        slack_configs: [{api_url: http://x}]
        email_configs: [{to: a, from: b, smarthost: "c:25"}]
        """).receivers[0]
    assert receiver.webhook_configs[0].send_resolved
    assert not receiver.slack_configs[0].send_resolved
    assert not receiver.email_configs[0].send_resolved
    assert receiver.slack_configs[0].title == '{{ template "slack.default.title" . }}'
    assert receiver.email_configs[0].html == '{{ template "email.default.html" . }}'
    assert receiver.email_configs[0].text == ""


class TestGlobals:
    def test_a_mail_is_completed_from_global(self) -> None:
        email = merged(
            "email_configs: [{to: a}]",
            "{smtp_smarthost: 'm:587', smtp_from: f@x, smtp_auth_username: u, smtp_auth_password: p,"
            " smtp_auth_identity: i, smtp_hello: h, smtp_require_tls: false, smtp_auth_secret: q,"
            " smtp_tls_config: {server_name: s}, smtp_force_implicit_tls: true}",
        ).email_configs[0]
        assert (email.smarthost, email.from_, email.hello) == ("m:587", "f@x", "h")
        assert (email.auth_username, email.auth_identity) == ("u", "i")
        assert (email.auth_password, email.auth_secret) == (Secret("p"), Secret("q"))
        assert (email.require_tls, email.force_implicit_tls) == (False, True)
        assert email.tls_config is not None
        assert email.tls_config.server_name == "s"

    def test_mail_says_it_better(self) -> None:
        email = merged(
            "email_configs: [{to: a, from: me, smarthost: 'n:25', require_tls: true, auth_password_file: f,"
            " hello: me, tls_config: {}}]",
            "{smtp_smarthost: 'm:587', smtp_from: f@x, smtp_auth_password: p, smtp_hello: h,"
            " smtp_require_tls: false, smtp_tls_config: {server_name: s}}",
        ).email_configs[0]
        assert (email.smarthost, email.from_, email.hello, email.require_tls) == ("n:25", "me", "me", True)
        assert email.auth_password is None
        assert email.tls_config is not None
        assert email.tls_config.server_name == ""

    def test_mail_is_encrypted_and_greets_as_localhost_by_default(self) -> None:
        email = merged("email_configs: [{to: a, from: b, smarthost: 'm:25'}]").email_configs[0]
        assert email.require_tls is True
        assert email.hello == "localhost"

    def test_slack_webhook(self) -> None:
        slack = merged("slack_configs: [{channel: a}]", "{slack_api_url: 'http://x'}").slack_configs[0]
        assert slack.api_url == Secret("http://x")
        assert not slack.posts_as_app

    def test_slack_app(self) -> None:
        slack = merged("slack_configs: [{update_message: true}]", "{slack_app_token: t}").slack_configs[0]
        assert slack.app_token == Secret("t")
        assert slack.app_url == "https://slack.com/api/chat.postMessage"
        assert slack.posts_as_app

    def test_own_address_keeps_the_global_one_away(self) -> None:
        slack = merged("slack_configs: [{api_url: 'http://own'}]", "{slack_app_token: t}").slack_configs[0]
        assert slack.app_token is None
        assert slack.api_url == Secret("http://own")

    def test_address_of_an_app_can_be_the_api_url(self) -> None:
        slack = merged(
            "slack_configs: [{api_url: 'https://slack.com/api/chat.postMessage', update_message: true}]"
        ).slack_configs[0]
        assert slack.posts_as_app

    def test_http_config(self) -> None:
        receiver = """
            webhook_configs: [{url: http://x}, {url: http://x, http_config: {}}]
            slack_configs: [{api_url: http://x}]
            """
        result = merged(receiver, "{http_config: {proxy_url: 'http://p'}}")
        assert result.webhook_configs[0].http_config is not None
        assert result.webhook_configs[0].http_config.proxy_url == "http://p"
        assert result.webhook_configs[1].http_config is not None
        assert result.webhook_configs[1].http_config.proxy_url == ""
        assert result.slack_configs[0].http_config is not None
        assert result.slack_configs[0].http_config.proxy_url == "http://p"


def test_webhook_address_may_be_a_template() -> None:
    receiver = load("webhook_configs: [{url: 'http://x/{{ .Status }}'}]").receivers[0]
    assert receiver.webhook_configs[0].url == Secret("http://x/{{ .Status }}")
