"""No text from outside, and no function, lets markup through to Slack."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import TemplateError
from exporter.gotemplate import TemplateSet
from exporter.gotemplate.alertmanager import FUNCTION_NAMES, notification_functions
from exporter.notify.data import notification_data
from exporter.notify.slack_markup import finish, guard, reveal, with_original_text
from exporter.notify.slack_messages import MemoryMessages, Message
from tests.notify.samples import alert, notification

_TEMPLATES = [
    "{{ .CommonLabels.x }}",
    "{{ .CommonLabels }}",
    "{{ .CommonLabels.x | toUpper }}",
    "{{ .CommonLabels.x | toLower }}",
    "{{ .CommonLabels.x | title }}",
    "{{ .CommonLabels.x | trimSpace }}",
    "{{ .CommonLabels.x | printf `%s %v %q %x` }}",
    "{{ printf .CommonLabels.x 1 2 }}",
    "{{ .CommonLabels.x | html }}",
    "{{ .CommonLabels.x | js }}",
    "{{ .CommonLabels.x | urlquery }}",
    "{{ .CommonLabels.x | urlquery | urlUnescape }}",
    "{{ .CommonLabels.x | urlUnescape }}",
    "{{ .CommonLabels.x | reReplaceAll `(.)` `$1$1` }}",
    "{{ reReplaceAll `.` .CommonLabels.x `ab` }}",
    "{{ .CommonLabels.x | toJson }}",
    "{{ .CommonLabels | toJson }}",
    "{{ .CommonLabels.x | safeHtml }}",
    "{{ .CommonLabels.Values | join `,` }}",
    "{{ slice .CommonLabels.x 0 1 }}",
    "{{ print .CommonLabels.x 1 .CommonLabels.x }}",
    "{{ date .CommonLabels.x (index .Alerts 0).StartsAt }}",
    "{{ range $k, $v := .CommonLabels }}{{ $k }}{{ $v }}{{ end }}",
    "{{ .CommonLabels.x | humanizeDuration }}",
    "{{ tz .CommonLabels.x (index .Alerts 0).StartsAt }}",
]
_PIECES = [*"<>&!@#|%3CcEe26aZ %", "\U0001d200", "\U0001d201", "\x00", "é", "channel", "http://x"]
_HOSTILE = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=20).map("".join)


@pytest.mark.parametrize("template", _TEMPLATES)
@settings(max_examples=60, deadline=None)
@given(text=_HOSTILE)
def test_no_function_lets_markup_through(template: str, text: str) -> None:
    data = notification_data(notification(alert(x=text)), guard)
    functions = with_original_text(notification_functions(lambda: 0.0))
    try:
        made = TemplateSet(FUNCTION_NAMES).parse(template, name="t").expand(data, functions)
    except TemplateError as error:
        made = guard(str(error))
    result = finish(made, links_names=False)
    assert "<" not in result
    assert ">" not in result


@given(st.text())
def test_guard_is_undone_by_reveal(text: str) -> None:
    stand_ins = set("\U0001d200\U0001d201\U0001d202\U0001d203")
    if not stand_ins & set(text):
        assert reveal(guard(text)) == text


def test_messages_are_forgotten_when_there_are_too_many() -> None:
    messages = MemoryMessages(most=2)
    for number in range(3):
        messages.put(str(number), Message("c", str(number)))
    assert messages.get("0") is None
    assert messages.get("2") == Message("c", "2")
    messages.delete("2")
    messages.delete("2")
    assert messages.get("2") is None
