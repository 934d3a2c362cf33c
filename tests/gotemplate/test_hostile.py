"""Templates that were written to do harm: they end soon, and in a `TemplateError` at worst."""

import time
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.errors import TemplateError
from exporter.gotemplate import Limits, TemplateSet
from exporter.gotemplate.alertmanager import FUNCTION_NAMES, notification_functions
from exporter.gotemplate.builtins import BUILTINS
from tests.gotemplate.amtool import sample_data

_FUNCTIONS = notification_functions(lambda: 0.0)
_DATA = sample_data()
_SMALL = Limits(steps=2_000, output_characters=20_000, produced_characters=200_000, seconds=1.0)


def run(text: str, *, html: bool = False, limits: Limits = _SMALL) -> str:
    return (
        TemplateSet(FUNCTION_NAMES, limits)
        .parse(text, name="h")
        .expand(_DATA, _FUNCTIONS, html=html, limits=limits)
    )


_BOMBS = {
    "{{ range 1000000000 }}{{ end }}": "takes more than 2000 steps",
    "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}": "takes more than 2000 steps",
    '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}': "deeper than 100 levels",
    '{{ define "r" }}{{ with . }}{{ template "r" . }}{{ end }}{{ end }}{{ template "r" . }}': "deeper than",
    '{{ $x := "aaaaaaaaaa" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}': "produce too much text",
    '{{ printf "%999999d" 1 }}': "produce too much text",
    '{{ printf "%999999d%999999d" 1 2 }}': "a text of more than 1048576 characters",
    '{{ printf "%.999999f" 1.5 }}': "produce too much text",
    "{{ range 2000 }}0123456789012345678901234567890{{ end }}": "longer than 20000 characters",
    '{{ reReplaceAll "" (printf "%99999d" 1) (printf "%1000d" 1) }}': "a text of more than 1048576",
    '{{ $t := printf "%50000d" 1 }}{{ join $t (stringSlice '
    + '"" ' * 30
    + ") }}": "a text of more than 1048576",
    '{{ match "(a{1000}){1000}" "a" }}': "error parsing regexp",
    '{{ reReplaceAll "(" "" "" }}': "error parsing regexp: missing \\)",
    "{{ index .Alerts 99999999999999 }}": "index out of range",
    '{{ slice "abc" -1 }}': "index out of range",
    "{{ (index .Alerts 0).StartsAt.AddDate 9999999 0 0 }}": "date out of range",
    "{{ (index .Alerts 0).StartsAt.AddDate 0 99999999 0 }}": "date out of range",
    '{{ date "2006" "x" }}': "expected time.Time; got string",
    '{{ tz "../../etc/passwd" (index .Alerts 0).StartsAt }}': "unknown time zone",
    '{{ tz "Nowhere" (index .Alerts 0).StartsAt }}': "unknown time zone Nowhere",
    '{{ urlUnescape "%zz" }}': 'invalid URL escape "%zz"',
    '{{ humanizeDuration "one" }}': 'parsing "one": invalid syntax',
    "{{ toJson len }}": "wrong number of args for len: want 1 got 0",
}


@pytest.mark.parametrize(("text", "message"), _BOMBS.items())
def test_bomb_ends_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        run(text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("h:1:")


def test_expansion_ends_at_its_deadline() -> None:
    limits = Limits(steps=10**9, produced_characters=10**12, seconds=0.05)
    began = time.monotonic()
    with pytest.raises(TemplateError, match=r"takes longer than 0.05 s"):
        run("{{ range 1000000000 }}{{ $x := toUpper `abc` }}{{ end }}", limits=limits)
    assert time.monotonic() - began < 1.0


def test_script_and_event_handlers_take_no_values() -> None:
    for text in (
        "<script>{{ .Status }}</script>",
        '<a onclick="{{ .Status }}">',
        "<a onclick={{ .Status }}>",
    ):
        with pytest.raises(TemplateError, match="is not supported"):
            run(text, html=True)


_PIECES = st.sampled_from(
    [
        *("{{", "}}", "{{-", " -}}", "(", ")", "|", " ", ".", ",", ":=", "=", "$", "$x", '"', "`", "'", "\n"),
        *(
            "if ",
            "else",
            "else if ",
            "with ",
            "range ",
            "end",
            "break",
            "continue",
            "define ",
            "template ",
            "block ",
        ),
        *(
            "{{ end }}",
            "{{ else }}",
            "{{ range .Alerts }}",
            "{{ if . }}",
            '{{ define "a" }}',
            '{{ template "a" . }}',
        ),
        *("nil", "true", "1", "-1", "1.5", "0x", "1e999", '"%d"', '"%[1]*.*v"', "'a'", '"a"', "/*", "*/"),
        *(
            ".Alerts",
            ".Status",
            ".CommonLabels",
            ".StartsAt",
            ".Format ",
            ".Remove ",
            ".SortedPairs",
            ".Names",
            ".x",
        ),
        *("<a href=", "<script>", "<!--", "-->", "<p style='", ">", "é", "\x00", "\ud800"),
        *(
            f"{name} "
            for name in sorted(
                {*FUNCTION_NAMES, "printf", "index", "slice", "and", "or", "eq", "call", "len"}
            )
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(_PIECES, max_size=25), html=st.booleans())
@example(pieces=["{{", "printf ", '"%[1]*.*v"', " ", "1", "}}"], html=False)
def test_random_templates_never_crash(pieces: list[str], html: bool) -> None:
    with suppress(TemplateError):
        run("".join(pieces), html=html).encode()


_NAMES = st.sampled_from(sorted({*FUNCTION_NAMES, *BUILTINS}))
_FIELDS = st.sampled_from(
    [
        *(
            "Alerts",
            "Firing",
            "Resolved",
            "CommonLabels",
            "SortedPairs",
            "Names",
            "Values",
            "Remove",
            "x",
            "Status",
        ),
        *(
            "StartsAt",
            "Format",
            "Sub",
            "Add",
            "AddDate",
            "Unix",
            "Month",
            "String",
            "Round",
            "Seconds",
            "__class__",
        ),
    ]
)
_OPERANDS = st.recursive(
    st.sampled_from(
        [
            *(
                ".",
                "$",
                ".Alerts",
                "(index .Alerts 0)",
                "(index .Alerts 0).StartsAt",
                ".CommonLabels",
                "nil",
                "true",
            ),
            *(
                "1",
                "-3",
                "1.5",
                "1e300",
                "9223372036854775807",
                "'a'",
                '"a"',
                '"%5.2f%d%q%x%v"',
                '"\\xff"',
                '"2006"',
            ),
            *("since (index .Alerts 0).StartsAt", 'stringSlice "a" "b"', ".CommonLabels.x", ".Status"),
        ]
    ).map(lambda text: f"({text})" if " " in text else text),
    lambda inner: st.one_of(
        st.tuples(_NAMES, st.lists(inner, max_size=4)).map(lambda call: f"({' '.join([call[0], *call[1]])})"),
        st.tuples(inner, _FIELDS, st.lists(inner, max_size=2)).map(
            lambda chain: f"(({chain[0]}).{' '.join([chain[1], *chain[2]])})"
        ),
        st.tuples(inner, _NAMES).map(lambda pipe: f"({pipe[0]} | {pipe[1]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(operand=_OPERANDS, html=st.booleans())
def test_templates_that_parse_never_crash(operand: str, html: bool) -> None:
    for template in (
        f"{{{{ {operand} }}}}",
        f"{{{{ range $a, $b := {operand} }}}}{{{{ $a }}}}{{{{ $b }}}}{{{{ end }}}}",
    ):
        with suppress(TemplateError):
            run(template, html=html).encode()


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_random_text_never_crashes(text: str) -> None:
    for template in (text, "{{" + text + "}}", "{{ printf `" + text.replace("`", "") + "` 1 `x` nil . }}"):
        with suppress(TemplateError):
            run(template).encode()


@settings(max_examples=300, deadline=None)
@given(value=st.text(max_size=30), quote=st.sampled_from(['"', "'"]))
@example(value='"><script>alert(1)</script>', quote='"')
@example(value="javascript:alert(1)", quote="'")
def test_values_never_leave_their_place_in_html(value: str, quote: str) -> None:
    template = TemplateSet().parse(
        "<p>{{ . }}</p><a title='{{ . }}' href='{{ . }}' id={{ . }}>".replace("'", quote),
        name="h",
    )
    result = template.expand(value, html=True)
    assert result.count("<") == 3
    assert result.count(">") == 3
    assert result.count(quote) == 4
    body, _, tag = result.partition("</p>")
    assert not set(body[3:]) & set("<>\"'")
    address = tag.partition("href=" + quote)[2].partition(quote)[0]
    scheme = address.partition(":")[0].lower() if ":" in address.partition("/")[0] else ""
    assert scheme in ("", "http", "https", "mailto")
    identifier = tag.partition(" id=")[2]
    assert not set(identifier[:-1]) & set(" \t\n\r\f\v=`<>\"'")
