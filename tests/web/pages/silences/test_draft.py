"""Whatever is typed into the form of a silence is read, or told to be wrong under its field."""

import math

from hypothesis import given
from hypothesis import strategies as st

from exporter.alerting.silences import Silences
from exporter.config.alertmanager.matchers import format_matchers, parse_matchers
from exporter.web.pages.actions import Form
from exporter.web.pages.silences.draft import Draft

NOW = 1_773_460_800.0
FIELDS = ("filter", "starts", "duration", "created_by", "comment")
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", 'a="b"', '{a="b",c=~"d|e"}', "2h", "0s", "9y", "2026-03-14 22:00", "ann", "99999999999999w"]
    ),
    st.text(alphabet='{}=!~",\\ab0129hdm:-TZ+.', max_size=30),
)


@given(
    st.fixed_dictionaries(dict.fromkeys(FIELDS, TEXTS)),
    st.one_of(st.floats().map(repr), st.text(max_size=9)),
)
def test_anything_typed_makes_a_silence_or_an_error(texts: dict[str, str], until: str) -> None:
    more = {"until": until, "until_for": texts["duration"]}
    draft = Draft.of_form(Form(texts | more, is_fresh=True))
    silence = draft.complete(NOW, None)
    assert set(draft.errors) <= set(FIELDS)
    if draft.errors:
        return
    # What has no error is taken.
    (made,) = Silences(10).put(silence, NOW)
    assert NOW <= made.starts_at < made.ends_at
    assert math.isfinite(made.ends_at)
    assert draft.until_text(NOW)
    # Its matchers can be written down and read again.
    assert tuple(parse_matchers(format_matchers(made.matchers))) == made.matchers


def test_the_end_that_the_button_said_holds_for_what_it_was_said_for() -> None:
    texts = {"filter": "a=b", "comment": "x", "created_by": "ann"}
    for duration, said_for, starts, ends_in in (
        ("2h", "2h", "", 7000.0),
        ("3h", "2h", "", 10_800.0),
        ("2h", "2h", "2026-03-14 04:10", 7800.0),
    ):
        until = repr(NOW + 7000.0)
        form = {**texts, "duration": duration, "until": until, "until_for": said_for, "starts": starts}
        assert Draft.of_form(Form(form, is_fresh=True)).complete(NOW, None).ends_at == NOW + ends_in
