"""How templates see Python's values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from exporter.errors import QueryError, TemplateError
from exporter.gotemplate import ANY, FLOAT, INT, STRING, Function, StringList, StringMap, Structure, parse


@dataclass(frozen=True, slots=True)
class Server(Structure):
    name: str
    port: int
    secret: str = "hidden"

    go_type: ClassVar[str] = "example.Server"
    go_fields: ClassVar[Mapping[str, str]] = {"Name": "name", "Port": "port"}
    go_methods: ClassVar[Mapping[str, Function]] = {
        "Address": Function(lambda server: f"{server.name}:{server.port}"),
        "On": Function(lambda server, port: f"{server.name}:{port}", (INT,)),
    }


def expand(text: str, data: object = None, functions: Mapping[str, Function] | None = None) -> str:
    functions = functions or {}
    return parse(text, name="t", functions=functions.keys()).expand(data, functions)


def test_structure_shows_fields_and_methods_by_their_go_names() -> None:
    server = Server("a", 1)
    assert (
        expand("{{ .Name }} {{ .Port }} {{ .Address }} {{ .On 5 }} {{ 6 | .On }}", server)
        == "a 1 a:1 a:5 a:6"
    )
    assert (
        expand("{{ . }} {{ printf `%+v` . }} {{ printf `%T` . }}", server)
        == "{a 1} {Name:a Port:1} example.Server"
    )


@pytest.mark.parametrize("name", ["secret", "name", "__class__", "__dict__", "go_fields", "Secret"])
def test_structure_hides_everything_else(name: str) -> None:
    with pytest.raises(TemplateError, match=rf"can't evaluate field {name} in type example\.Server"):
        expand(f"{{{{ .{name} }}}}", Server("a", 1))


@pytest.mark.parametrize("value", ["text", 5, 1.5, True, [1], (1,), object(), len, Exception("x")])
@pytest.mark.parametrize("name", ["__class__", "format", "upper", "real", "append", "args"])
def test_attributes_of_python_objects_are_out_of_reach(value: object, name: str) -> None:
    with pytest.raises(TemplateError, match=f"can't evaluate field {name} in type"):
        expand(f"{{{{ .{name} }}}}", value)


@pytest.mark.parametrize("name", ["keys", "items", "__class__", "get", "clear"])
def test_methods_of_a_dictionary_are_keys_like_others(name: str) -> None:
    assert expand(f"{{{{ .{name} }}}}", StringMap({"a": "b"})) == ""
    assert expand(f"{{{{ .{name} }}}}", {"a": "b"}) == "<no value>"


def test_unknown_objects_print_as_question_marks() -> None:
    assert expand("{{ . }}", object()) == "?interface {}?"


def test_maps_are_walked_in_order_of_their_keys() -> None:
    assert expand("{{ range $k, $v := . }}{{ $k }}{{ $v }}{{ end }}", {"b": 1, "a": 2, "B": 3}) == "B3a2b1"


def test_range_over_a_number_counts() -> None:
    assert expand("{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}") == "01201"


def test_else_with_and_else_if() -> None:
    text = "{{ with .a }}a{{ . }}{{ else with .b }}b{{ . }}{{ else if .c }}c{{ else }}none{{ end }}"
    assert expand(text, {"b": "1"}) == "b1"
    assert expand(text, {"c": "1"}) == "c"
    assert expand(text, {}) == "none"


def test_missing_data_goes_on_as_nothing() -> None:
    assert expand("{{ .a.b.c }}", {}) == "<no value>"
    assert expand("{{ with .a }}x{{ end }}{{ range .a }}x{{ else }}none{{ end }}", {}) == "none"


def test_numbers_take_the_type_that_a_function_wants() -> None:
    functions = {
        "half": Function(lambda value: value / 2, (FLOAT,)),
        "next": Function(lambda value: value + 1, (INT,)),
    }
    assert (
        expand("{{ half 3 }} {{ next 3.0 }} {{ next 0x10 }} {{ half 1e2 }}", None, functions) == "1.5 4 17 50"
    )
    with pytest.raises(TemplateError, match=r"1.5 does not fit into int"):
        expand("{{ next 1.5 }}", None, functions)
    with pytest.raises(TemplateError, match="expected float64; got int"):
        expand("{{ half . }}", 3, functions)


def test_own_functions_come_before_gos() -> None:
    assert expand("{{ len 1 }}", None, {"len": Function(lambda value: "mine", (ANY,))}) == "mine"


def test_error_of_a_function_becomes_a_template_error() -> None:
    def fail(text: str) -> str:
        raise QueryError(f"no series {text}")

    with pytest.raises(TemplateError, match=r"^t:1:4: error calling query: no series x$"):
        expand('{{ query "x" }}', None, {"query": Function(fail, (STRING,))})


def test_functions_are_values_that_call_calls() -> None:
    functions = {"twice": Function(lambda text: text * 2, (STRING,))}
    data = {"f": functions["twice"]}
    assert expand('{{ call .f "a" }}', data) == "aa"
    for text, message in {
        "{{ .f }}": "can't print a function",
        "{{ call .f 1 }}": "arg 0 has type int; should be string",
        "{{ call .f }}": "wrong number of args: got 0 want 1",
        "{{ call .g }}": "call of nil",
        "{{ call 5 }}": "non-function of type int",
    }.items():
        with pytest.raises(TemplateError, match=message):
            expand(text, data)


def test_output_can_always_be_encoded() -> None:
    assert expand('{{ slice "é" 0 1 }} {{ . }}', "\udc80\ud800") == "\ufffd \ufffd\ufffd"
    assert expand('{{ slice "é" 0 1 }}{{ slice "é" 1 2 }}') == "é"


def test_slice_keeps_the_type_of_a_list() -> None:
    assert (
        expand("{{ slice .l 1 }}{{ printf `%T` (slice .l 0 1) }}", {"l": StringList("abc")})
        == "[b c][]string"
    )
    assert expand("{{ slice .l 1 }}", {"l": (1, 2)}) == "[2]"
