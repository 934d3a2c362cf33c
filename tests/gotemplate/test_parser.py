"""What the parser refuses, and where it says so."""

import pytest

from exporter.errors import TemplateError
from exporter.gotemplate import Limits, TemplateSet, parse

_REFUSED = {
    "{{ nope }}": '1:4: function "nope" not defined',
    "a\nb {{ $x }}": '2:6: undefined variable "$x"',
    "{{ if true }}": "1:14: unexpected end of the template in input",
    "{{ end }}": '1:4: unexpected "end" in command',
    "{{ else }}": '1:4: unexpected "else" in command',
    "{{ if }}{{ end }}": "1:7: missing value for if",
    "{{ }}": "1:4: missing value for command",
    "{{ 1": "1:1: unclosed action",
    '{{ "a': "1:4: unterminated quoted string",
    "{{ `a": "1:4: unterminated raw quoted string",
    "{{ 'a": "1:4: unterminated character constant",
    "{{/* a": "1:1: unclosed comment",
    "{{/* a */ }}": "1:8: comment ends before closing delimiter",
    "{{ (1 }}": "1:7: unclosed left paren",
    "{{ 1) }}": "1:5: unexpected right paren",
    "{{ 1 : 2 }}": "1:6: expected :=",
    "{{ } }}": "1:4: unexpected } in action: an action ends with two of them",
    "{{ a+b }}": "1:5: bad character U+002B '+'",
    "{{ \x01 }}": "1:4: unrecognized character in action: U+0001",
    "{{ 1x }}": '1:4: bad number syntax: "1x"',
    "{{ 0x }}": '1:4: illegal number syntax: "0x"',
    "{{ 'ab' }}": "1:4: malformed character constant: 'ab'",
    '{{ "\\q" }}': "1:4: invalid syntax: \\q",
    '{{ "\\ud800" }}': "1:4: invalid syntax: \\ud800",
    "{{ 99999999999999999999 }}": '1:4: integer overflow: "99999999999999999999"',
    "{{ break }}": "1:4: {{break}} outside {{range}}",
    "{{ range . }}{{ else }}{{ continue }}{{ end }}": "1:27: {{continue}} outside {{range}}",
    '{{ range . }}{{ block "b" . }}{{ break }}{{ end }}{{ end }}': "1:34: {{break}} outside {{range}}",
    "{{ if 1 }}{{ else }}{{ else }}{{ end }}": "1:21: expected end of if; found a second else",
    '{{ define "a" }}{{ else }}{{ end }}': '1:17: unexpected else in the definition of "a"',
    '{{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }}': '1:30: multiple definition of template "a"',
    '{{ define "a" }}{{ $v }}{{ end }}': '1:20: undefined variable "$v"',
    '{{ if 1 }}{{ define "a" }}{{ end }}{{ end }}': '1:14: unexpected "define" in command',
    "{{ template x }}": '1:13: unexpected "x" in template clause',
    "{{ $a, $b := 1 }}": "1:6: too many declarations in command",
    "{{ range $a, 1 }}{{ end }}": "1:14: range can only initialize variables",
    '{{ "a" | "b" }}': "1:10: non executable command in pipeline stage 2",
    "{{ true.x }}": "1:4: unexpected . after a literal term",
    "{{ $y = 1 }}": '1:4: undefined variable "$y"',
    "{{ 1, 2 }}": '1:5: unexpected "," in operand',
}


@pytest.mark.parametrize(("text", "message"), _REFUSED.items())
def test_refuses_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text, name="t.tmpl", variables=())
    assert str(caught.value) == f"t.tmpl:{message}"


def test_error_knows_its_place() -> None:
    with pytest.raises(TemplateError) as caught:
        parse("a\n\n  {{ nope }}", name="summary")
    assert (caught.value.name, caught.value.line, caught.value.column) == ("summary", 3, 6)
    assert caught.value.message == 'function "nope" not defined'


def test_known_functions_and_variables_are_accepted() -> None:
    template = parse("{{ $labels }}{{ mine }}", name="t", functions={"mine"}, variables=("$labels",))
    with pytest.raises(TemplateError, match='t:1:17: "mine" is not a defined function'):
        template.expand(None, variables={"$labels": ""})


@pytest.mark.parametrize("opening", ["{{ if 1 }}", "{{ range . }}", "{{ with . }}"])
def test_nesting_of_blocks_is_limited(opening: str) -> None:
    deepest = Limits().nesting
    parse(opening * (deepest - 1) + "{{ end }}" * (deepest - 1), name="t")
    with pytest.raises(TemplateError, match=f"nested deeper than {deepest} levels"):
        parse(opening * 100_0 + "{{ end }}" * 1000, name="t")


def test_nesting_of_parentheses_is_limited() -> None:
    with pytest.raises(TemplateError, match="nested deeper than"):
        parse("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", name="t")


def test_long_chain_of_else_if_is_no_nesting() -> None:
    text = "{{ if 0 }}" + "{{ else if 0 }}" * 1000 + "{{ else }}x{{ end }}"
    assert parse(text, name="t").expand(None) == "x"


def test_length_is_limited() -> None:
    with pytest.raises(TemplateError, match="longer than 10 characters"):
        parse("x" * 11, name="t", limits=Limits(source_characters=10))


class TestTemplateSet:
    def test_later_definitions_replace_earlier_ones(self) -> None:
        templates = TemplateSet()
        templates.add(
            '{{ define "a" }}1{{ end }}{{ define "b" }}[{{ template "a" }}]{{ end }}', name="one.tmpl"
        )
        templates.add('{{ define "a" }}2{{ end }}', name="two.tmpl")
        assert templates.parse('{{ template "b" }}', name="t").expand(None) == "[2]"

    def test_empty_definition_replaces_nothing(self) -> None:
        templates = TemplateSet()
        templates.add('{{ define "a" }}1{{ end }}', name="one.tmpl")
        templates.add('{{ define "a" }} \n {{ end }}', name="two.tmpl")
        assert templates.parse('{{ template "a" }}', name="t").expand(None) == "1"

    def test_file_can_be_called_by_its_name(self) -> None:
        templates = TemplateSet()
        templates.add("I am {{ . }}", name="/etc/templates/me.tmpl")
        assert templates.parse('{{ template "me.tmpl" "x" }}', name="t").expand(None) == "I am x"

    def test_parsing_leaves_the_set_alone(self) -> None:
        templates = TemplateSet()
        templates.parse('{{ define "a" }}1{{ end }}', name="t")
        assert "a" not in templates
        assert list(templates) == []

    def test_failed_file_leaves_the_set_alone(self) -> None:
        templates = TemplateSet()
        with pytest.raises(TemplateError, match=r"^x.tmpl:1:30: "):
            templates.add('{{ define "a" }}1{{ end }}{{ nope }}', name="x.tmpl")
        assert "a" not in templates

    def test_error_names_the_file_in_which_it_happens(self) -> None:
        templates = TemplateSet()
        templates.add('\n{{ define "a" }}{{ len 5 }}{{ end }}', name="x.tmpl")
        template = templates.parse('{{ template "a" }}', name="t")
        with pytest.raises(TemplateError, match=r"^x.tmpl:2:20: error calling len: len of type int"):
            template.expand(None)

    def test_copy_is_apart(self) -> None:
        templates = TemplateSet(("f",))
        copy = templates.copy()
        copy.add('{{ define "a" }}{{ f }}{{ end }}', name="x")
        assert "a" in copy
        assert "a" not in templates

    def test_parse_can_build_on_a_set(self) -> None:
        templates = TemplateSet()
        templates.add('{{ define "a" }}1{{ end }}', name="x")
        assert parse('{{ template "a" }}', name="t", definitions=templates).expand(None) == "1"
