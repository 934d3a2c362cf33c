"""Functions of notification templates since Alertmanager 0.29: lists and maps, dates, base64."""

import pytest

from exporter.errors import TemplateError
from exporter.gotemplate import TemplateSet
from exporter.gotemplate.alertmanager import FUNCTION_NAMES, notification_functions
from exporter.gotemplate.limits import LARGEST_TEXT

NOW = 1_795_000_000.5


def expand(text: str) -> str:
    template = TemplateSet(FUNCTION_NAMES).parse(text, name="t")
    return template.expand(None, notification_functions(lambda: NOW))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ list }}", "[]"),
        ('{{ list "a" 1 true | toJson }}', '["a",1,true]'),
        (
            '{{ $l := list }}{{ $l = append $l "a" "b" }}{{ len $l }} {{ index $l 1 }} {{ toJson $l }}',
            '2 b ["a","b"]',
        ),
        ("{{ $l := list 1 }}{{ $m := append $l 2 }}{{ toJson $l }}{{ toJson $m }}", "[1][1,2]"),
        ("{{ append nil 1 | toJson }}", "[1]"),
        ('{{ dict "b" 2 "a" (list 1) | toJson }}', '{"a":[1],"b":2}'),
        ('{{ (dict "a" "x").a }} {{ dict }}', "x map[]"),
        ('{{ range list "a" "b" }}<{{ . }}>{{ end }}', "<a><b>"),
        ('{{ printf "%T %T" list dict }}', "[]interface {} map[string]interface {}"),
        ('{{ "redis://ü?" | base64encode }}', "cmVkaXM6Ly_DvD8="),
        ('{{ base64decode "UmVkaXM=" }}', "Redis"),
        ('{{ "ab" | base64encode | base64decode }}', "ab"),
        ("{{ now.Year }} {{ (now).Unix }}", "2026 1795000000"),
        ('{{ (toDate "2006-01-02" "2026-11-28").Weekday }}', "Saturday"),
        (
            '{{ toDate "2006-01-02T15:04:05Z07:00" "2026-11-28T09:08:07.25+02:00" }}',
            "2026-11-28 09:08:07.25 +0200 +0200",
        ),
        (
            '{{ (toDate "Jan _2 2006 3:04PM" "nov  8 2026 1:30pm").Format "2006-01-02 15:04" }}',
            "0001-01-01 00:00",
        ),
        (
            '{{ (toDate "Jan _2 2006 3:04PM" "nov  8 2026 1:30PM").Format "2006-01-02 15:04" }}',
            "2026-11-08 13:30",
        ),
        ('{{ (toDate "02/01/06" "28/11/69").Year }}', "1969"),
        ('{{ (toDate "2006-01-02" "2026-02-30").IsZero }}', "true"),
        ('{{ (toDate "2006-01-02" "").IsZero }}', "true"),
        ('{{ (mustToDate "15:04" "12:30").Hour }}', "12"),
        ('{{ (toDate "2006-002" "2024-366").Format "01-02" }}', "12-31"),
    ],
)
def test_what_they_make(text: str, expected: str) -> None:
    assert expand(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{{ dict "a" }}', "dict requires an even number of arguments"),
        ("{{ dict 1 2 }}", "dict keys must be strings"),
        ('{{ base64decode "a" }}', "illegal base64 data at input byte 0"),
        ('{{ base64decode "UmVk+a==" }}', "illegal base64 data at input byte 4"),
        (
            '{{ mustToDate "2006-01-02" "nope" }}',
            'parsing time "nope" as "2006-01-02": cannot parse "nope" as "2006"',
        ),
        ('{{ mustToDate "2006-01-02" "2026-02-30" }}', 'parsing time "2026-02-30": day out of range'),
        ('{{ mustToDate "2006-01-02" "2026-11-28x" }}', 'parsing time "2026-11-28x": extra text: "x"'),
        ('{{ append (stringSlice "a") "b" }}', "wrong type for value; expected []interface {}; got []string"),
    ],
)
def test_what_they_refuse(text: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        expand(text)
    assert words in str(caught.value)


def test_lists_within_lists_do_not_fill_the_memory() -> None:
    doubled = '{{ $l := list "x" }}' + "{{ $l = list $l $l }}" * 40 + "{{ toJson $l }}"
    with pytest.raises(TemplateError, match=f"more than {LARGEST_TEXT} characters"):
        expand(doubled)
