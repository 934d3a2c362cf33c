"""The default templates, the user's files, and faults in both."""

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.config.alertmanager.config import parse_alertmanager_config
from exporter.config.document import Document
from exporter.errors import ConfigError
from exporter.gotemplate import TemplateSet
from exporter.gotemplate.alertmanager import notification_functions
from exporter.notify.data import notification_data
from exporter.notify.integrations import IntegrationFactory
from exporter.notify.template import Rendering, load_templates, truncate
from tests.notify.samples import NOW, alert, notification

_FUNCTIONS = notification_functions(lambda: NOW)


def render(text: str, templates: TemplateSet | None = None, *, html: bool = False) -> str:
    template = (templates or load_templates()).parse(text, name="t")
    sent = notification(alert(), alert("b:2", resolved=True))
    return template.expand(notification_data(sent), _FUNCTIONS, html=html)


class TestDefaults:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("__alertmanager", "Alertmanager"),
            ("__alertmanagerURL", "http://vigil.example:9121/#/alerts?receiver=team%5C.x"),
            ("__subject", "[FIRING:1] Down (redis)"),
            ("__description", ""),
            ("slack.default.title", "[FIRING:1] Down (redis)"),
            ("slack.default.titlelink", "http://vigil.example:9121/#/alerts?receiver=team%5C.x"),
            ("slack.default.username", "Alertmanager"),
            ("slack.default.color", "danger"),
            ("slack.default.text", ""),
            ("slack.default.pretext", ""),
            ("slack.default.footer", ""),
            ("slack.default.callbackid", ""),
            ("slack.default.iconemoji", ""),
            ("slack.default.iconurl", ""),
            ("email.default.subject", "[FIRING:1] Down (redis)"),
        ],
    )
    def test_names_and_outcomes_are_alertmanagers(self, name: str, text: str) -> None:
        assert render(f'{{{{ template "{name}" . }}}}') == text

    def test_list_in_markdown(self) -> None:
        assert render('{{ template "__text_alert_list_markdown" .Alerts.Firing }}') == (
            "\nLabels:\n  - alertname = Down\n  - instance = a:1\n  - job = redis\n"
            "\nAnnotations:\n  - runbook = https://r.example/?a=1&b=2\n  - summary = a:1 is down\n"
            "\nSource: http://p.example/graph?g0.expr=up&g0.tab=1\n"
        )

    def test_page_is_whole(self) -> None:
        page = render('{{ template "email.default.html" . }}', html=True)
        assert page.startswith("<!DOCTYPE html>")
        assert page.rstrip().endswith("</html>")
        assert "ZgotmplZ" not in page
        assert page.count("<table") == page.count("</table>")
        assert page.count("<td") == page.count("</td>")


class TestFiles:
    def test_replace_what_has_the_same_name(self, tmp_path: Path) -> None:
        (tmp_path / "a.tmpl").write_text('{{ define "__subject" }}mine {{ .Status }}{{ end }}')
        (tmp_path / "b.tmpl").write_text('{{ define "own" }}<{{ template "__subject" . }}>{{ end }}')
        templates = load_templates([tmp_path / "a.tmpl", tmp_path / "b.tmpl"])
        assert render('{{ template "slack.default.title" . }}', templates) == "mine firing"
        assert render('{{ template "own" . }}', templates) == "<mine firing>"
        assert render('{{ template "slack.default.title" . }}') == "[FIRING:1] Down (redis)"

    def test_all_faults_are_told_at_once(self, tmp_path: Path) -> None:
        contents = {
            "a.tmpl": b'{{ define "a" }}\n  {{ nope }}{{ end }}',
            "b.tmpl": b"\xff",
            "c.tmpl": b"x" * (2 << 20),
            "d.tmpl": b"fine",
        }
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load_templates([*(tmp_path / name for name in contents), tmp_path / "gone.tmpl"])
        lines = [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()]
        assert lines == [
            'a.tmpl:2:6: function "nope" not defined',
            "b.tmpl: is not UTF-8 text",
            "c.tmpl: is larger than 1 MiB",
            "gone.tmpl: cannot be read: No such file or directory",
        ]


class TestReceivers:
    _TEXT = (
        "route: {receiver: a}\n"
        "receivers:\n"
        "  - name: a\n"
        "    webhook_configs: [{url: http://x}]\n"
        "  - name: b\n"
        "    slack_configs:\n"
        "      - api_url: http://x\n"
        "        title: '{{ .Status | nope }}'\n"
        "        fields: [{title: a, value: '{{ if }}'}]\n"
        "        actions: [{type: b, text: '{{', url: x}]\n"
        "    email_configs:\n"
        "      - {to: '{{ end }}', from: a@b, smarthost: 'x:1', headers: {Subject: '{{ $x }}'}}\n"
    )

    def test_templates_that_do_not_parse_are_told_with_their_place(self) -> None:
        document = Document.parse(self._TEXT, "am.yml")
        config = parse_alertmanager_config(document)
        factory = IntegrationFactory(config.global_, lambda: NOW, document=document)
        assert len(factory(config.receivers[0])) == 1
        with pytest.raises(ConfigError) as caught:
            factory(config.receivers[1])
        prefix = "the template does not parse"
        assert sorted(str(caught.value).splitlines()) == [
            f"am.yml:10:35: receivers[1].slack_configs[0].actions[0].text: {prefix}: "
            "unclosed action (line 1, column 1 of it)",
            f'am.yml:12:14: receivers[1].email_configs[0].to: {prefix}: unexpected "end" in command '
            "(line 1, column 4 of it)",
            f'am.yml:12:75: receivers[1].email_configs[0].headers.Subject: {prefix}: undefined variable "$x" '
            "(line 1, column 4 of it)",
            f'am.yml:8:16: receivers[1].slack_configs[0].title: {prefix}: function "nope" not defined '
            "(line 1, column 14 of it)",
            f"am.yml:9:36: receivers[1].slack_configs[0].fields[0].value: {prefix}: missing value for if "
            "(line 1, column 7 of it)",
        ]

    def test_without_the_document_there_is_no_line(self) -> None:
        config = parse_alertmanager_config(Document.parse(self._TEXT, "am.yml"))
        with pytest.raises(
            ConfigError, match=r"^alertmanager.yml: receivers.b.email_configs\[0\].to: the template"
        ):
            IntegrationFactory(config.global_, lambda: NOW)(config.receivers[1])

    def test_order_is_alertmanagers(self) -> None:
        text = (
            "route: {receiver: a}\nreceivers:\n  - name: a\n"
            "    slack_configs: [{api_url: http://x}]\n"
            "    email_configs: [{to: a, from: b, smarthost: 'c:1'}]\n"
            "    webhook_configs: [{url: http://x}, {url: http://y, send_resolved: false}]\n"
        )
        config = parse_alertmanager_config(Document.parse(text, "am.yml"))
        made = IntegrationFactory(config.global_, lambda: NOW)(config.receivers[0])
        assert [(one.name, one.send_resolved) for one in made] == [
            ("webhook", True),
            ("webhook", False),
            ("email", False),
            ("slack", False),
        ]


class TestFaults:
    def rendering(self) -> Rendering:
        return Rendering(notification_data(notification()), _FUNCTIONS)

    def test_text_holds_the_fault(self) -> None:
        template = load_templates().parse("{{ .Nope }}", name="title")
        fault = "<error expanding template: title:1:4: can't evaluate field Nope in type *template.Data>"
        assert self.rendering().text(template) == fault
        good = load_templates().parse("good", name="t")
        assert self.rendering().text(template, good) == f"good {fault}"
        assert self.rendering().text(template, template) == fault
        assert self.rendering().text(template, longest=10) == "<error ex…"

    def test_value_is_empty_and_the_fault_kept(self) -> None:
        rendering = self.rendering()
        assert rendering.value(load_templates().parse("{{ .Nope }}", name="url")) == ""
        assert len(rendering.faults) == 1

    def test_page_holds_the_fault_as_text(self) -> None:
        bad = load_templates().parse("<b>{{ .Nope }}", name="html")
        good = load_templates().parse("<b>{{ .Status }}</b>", name="html")
        assert (
            self.rendering()
            .html(bad, good)
            .startswith("<b>firing</b><p>&lt;error expanding template: html:1:7: ")
        )
        assert self.rendering().html(bad, bad).startswith("<p>&lt;error expanding template: ")


class TestBigMessages:
    def test_thousands_of_alerts_fit(self) -> None:
        many = notification(*[alert(f"{number}:1") for number in range(3000)])
        page = load_templates().parse('{{ template "email.default.html" . }}', name="html")
        made = Rendering(notification_data(many), _FUNCTIONS).html(page, page)
        assert made.count("instance = ") == 3000
        assert "error expanding template" not in made

    def test_page_that_is_too_long_still_tells_of_the_first_alerts(self) -> None:
        many = notification(*[alert(f"{number}:1") for number in range(500)])
        long = load_templates().parse("{{ range .Alerts }}" + "x" * 10_000 + "{{ end }}", name="html")
        page = load_templates().parse('{{ template "email.default.html" . }}', name="html")
        made = Rendering(notification_data(many), _FUNCTIONS).html(long, page)
        assert made.count("instance = ") == 50
        assert "&lt;error expanding template: html:1:20: the output is longer than" in made


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert truncate("abc", None) == truncate("abc", 3) == "abc"
    assert truncate("abcd", 3) == "ab…"


class TestData:
    def test_status_and_times(self) -> None:
        data = notification_data(notification(alert(), alert("b:2", resolved=True)))
        assert data.status == "firing"
        assert [one.status for one in data.alerts] == ["firing", "resolved"]
        assert data.alerts[0].ends_at.format("2006") == "0001"
        assert data.alerts[1].ends_at.format("15:04:05") == "03:04:55"
        assert notification_data(notification(alert(resolved=True))).status == "resolved"

    def test_end_in_the_future_is_not_shown(self) -> None:
        text = "{{ range .Alerts }}{{ .Status }} {{ .EndsAt.IsZero }}{{ end }}"
        sent = notification(replace(alert(), ends_at=NOW + 60))
        template = load_templates().parse(text, name="t")
        assert template.expand(notification_data(sent), _FUNCTIONS) == "firing true"

    def test_common_labels(self) -> None:
        data = notification_data(notification(alert(a="1", b="2"), alert("b:2", a="1", b="3")))
        assert dict(data.common_labels) == {"alertname": "Down", "job": "redis", "a": "1"}
        assert list(data.common_annotations) == ["runbook"]

    def test_no_alerts(self) -> None:
        data = notification_data(replace(notification(), alerts=()))
        assert (data.status, dict(data.common_labels)) == ("resolved", {})
