"""Escaping in HTML: whatever a value holds, the page keeps the structure that the template gave it."""

from html.parser import HTMLParser

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from exporter.errors import TemplateError
from exporter.gotemplate import Html, Url, parse

_PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<b title='",
            '<b title="',
            '<a href="',
            "<a href='http://x/?a=",
            "<a id=",
            "'>",
            '">',
            ">",
        ),
        *(
            "<!-- ",
            " -->",
            "<title>",
            "</title>",
            "<textarea>",
            "</textarea>",
            "<br/>",
            "text ",
            " ",
            "=",
            "<",
            "&amp;",
        ),
        *(
            "<p style='color: ",
            "<img src=",
            "<p data-x=",
            "/",
            "<!DOCTYPE html>",
            "<style>",
            "</style>",
            "\n",
        ),
        *["{{ . }}"] * 12,
    ]
)
_VALUES = st.lists(
    st.sampled_from(
        [*"<>\"'`=&/ \t\n;:(){}x", "--", "script", "javascript:", "</title>", "-->", "onerror", "\0", "é"]
    ),
    min_size=1,
    max_size=12,
).map("".join)


class _Structure(HTMLParser):
    """The tags and the names of their attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))
        if tag in ("textarea", "title"):
            # As in browsers: there are no tags inside these.
            self.set_cdata_mode(tag)

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")


def structure(page: str) -> list[object]:
    parser = _Structure()
    parser.feed(page)
    parser.close()
    return parser.seen


def expand(text: str, value: object) -> str:
    return parse(text, name="page").expand(value, html=True)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(_PIECES, min_size=1, max_size=12), value=_VALUES)
@example(pieces=["<a id=", "{{ . }}", ">"], value="x onerror=y")
@example(pieces=["<title>", "{{ . }}", "</title>"], value="</title><script>")
@example(pieces=["<!-- ", "{{ . }}", " -->"], value="--><script>")
def test_structure_is_that_of_the_template(pieces: list[str], value: str) -> None:
    # A word may be the name of an attribute; all else where a name stands becomes a safe one.
    assume(not value.isalnum())
    text = "".join(pieces)
    try:
        harmless, hostile = expand(text, "x"), expand(text, value)
    except TemplateError:
        assume(False)
    assert _unnamed(structure(hostile)) == _unnamed(structure(harmless))


def _unnamed(seen: list[object]) -> list[object]:
    return [
        (entry[0], [name for name in entry[1] if "zgotmplz" not in name and "x" not in name])
        if isinstance(entry, tuple)
        else entry
        for entry in seen
    ]


@pytest.mark.parametrize(
    ("text", "value", "page"),
    [
        ("{{ . }}", Html("<b>x</b>"), "<b>x</b>"),
        ('<a href="{{ . }}">', Url("tel:+1"), '<a href="tel:&#43;1">'),
        ('<a href="{{ . }}">', "tel:+1", '<a href="#ZgotmplZ">'),
        ('<a href="{{ . }}">', "HTTPS://x/<é>", '<a href="HTTPS://x/%3c%c3%a9%3e">'),
        ('<a href="mailto:{{ . }}">', "javascript:x", '<a href="mailto:javascript:x">'),
        ("<p {{ . }}=x>", "onclick", "<p ZgotmplZ=x>"),
        ("<p on{{ . }}x=y>", "a", "<p onax=y>"),
        ("<p id={{ . }}>", "", "<p id=ZgotmplZ>"),
        ("a < b {{ . }}", "<", "a &lt; b &lt;"),
        ("<!-- {{ . }} -->x<!-- y -->", "<", "x"),
        ("{{ . }}", None, ""),
    ],
)
def test_a_value_is_escaped_for_its_context(text: str, value: object, page: str) -> None:
    assert expand(text, value) == page


@pytest.mark.parametrize(
    "text",
    [
        "<script>{{ . }}</script>",
        "<script>var x = '{{ . }}'</script>",
        '<a onclick="{{ . }}">',
        "<a onclick='f(\"{{ . }}\")'>",
        "<a on{{ `click` }}={{ . }}>",
        "<a data-onclick={{ . }}>",
        "<a x:onclick={{ . }}>",
    ],
)
def test_programs_take_no_values(text: str) -> None:
    with pytest.raises(TemplateError, match=r"a value inside (a script|an event handler) is not supported"):
        expand(text, "x")
