import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.samplers.slowlog.arguments import keys_of
from exporter.samplers.slowlog.patterns import PatternNames, command_name


def name(command: str) -> str:
    return PatternNames().name(command.encode().split(b" "))


@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("HGETALL session:17", "HGETALL session:{id}"),
        ("hgetall session:17", "HGETALL session:{id}"),
        ("GET user:1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed:cart", "GET user:{id}:cart"),
        ("GET llm:response:0123456789abcdef", "GET llm:response:{id}"),
        ("GET mail:jo@example.com", "GET mail:{id}"),
        ("GET sess:01ARZ3NDEKTSV4RRFFQ69G5FAV", "GET sess:{id}"),
        ("GET report:2026-11-21", "GET report:{id}"),
        ("GET cache_page_17", "GET cache_page_{id}"),
        ("GET feature.flag.search", "GET feature.flag.search"),
        ("SET session:17 secret EX 60", "SET session:{id}"),
        ("MGET a:1 a:2 a:3", "MGET a:{id}"),
        ("MSET a:1 secret b:2 secret", "MSET a:{id} b:{id}"),
        ("DEL a b c d", "DEL a b c …"),
        ("ZUNIONSTORE out 2 a:1 b:2 WEIGHTS 1 2", "ZUNIONSTORE out a:{id} b:{id}"),
        ("EVAL return(1) 1 lock:5 secret", "EVAL lock:{id}"),
        ("EVALSHA abc 0 secret", "EVALSHA"),
        ("XREADGROUP GROUP g c COUNT 10 STREAMS orders:1 >", "XREADGROUP orders:{id}"),
        ("KEYS session:*", "KEYS session:*"),
        ("SCAN 0 MATCH session:*:17 COUNT 10", "SCAN session:*:{id}"),
        ("CONFIG SET requirepass secret", "CONFIG SET"),
        ("AUTH secret", "AUTH"),
        ("MEMORY USAGE a:1", "MEMORY USAGE a:{id}"),
        ("DEBUG SLEEP 1", "DEBUG SLEEP"),
        ("LMOVE a:1 b:2 LEFT RIGHT", "LMOVE a:{id} b:{id}"),
        ("FLUSHALL", "FLUSHALL"),
    ],
)
def test_pattern(command: str, pattern: str) -> None:
    assert name(command) == pattern


def test_what_the_server_has_cut_off() -> None:
    long = b"session:17:" + b"x" * 117 + b"... (900 more bytes)"

    assert PatternNames().name([b"GET", long]) == "GET session:{id}:" + "x" * 117
    assert list(keys_of([b"DEL", b"a", b"... (70 more arguments)"])) == [b"a"]


def test_configured_patterns_come_first() -> None:
    names = PatternNames(["user:{name}:cart"])

    assert names.name([b"GET", b"user:jo:cart"]) == "GET user:{name}:cart"
    assert names.name([b"GET", b"user:jo:orders"]) == "GET user:jo:orders"


def test_hidden_arguments() -> None:
    assert PatternNames(hide_keys=True).name([b"GET", b"user:jo"]) == "GET"


def test_a_place_with_many_names_is_an_id_whatever_it_looks_like() -> None:
    renamed: list[tuple[list[str], str]] = []
    names = PatternNames(renamed=lambda old, new: renamed.append((sorted(old), new)))
    words = [f"user:{first}{second}:cart" for first in "abcde" for second in "uvwxy"]

    patterns = [names.name([b"GET", word.encode()]) for word in words]

    assert patterns[0] == "GET user:au:cart"
    assert patterns[-1] == "GET user:{id}:cart"
    assert names.name([b"GET", b"user:somebody:cart"]) == "GET user:{id}:cart"
    assert names.name([b"GET", b"user:somebody:orders"]) == "GET user:somebody:orders"
    ((old, new),) = renamed
    assert (len(old), new) == (21, "GET user:{id}:cart")


@given(st.lists(st.binary(max_size=300), max_size=33))
def test_any_arguments_have_a_short_printable_name(arguments: list[bytes]) -> None:
    text = PatternNames().name(arguments)

    assert text.isprintable()
    assert len(text) <= 160 + len(": {id}") * 33


@given(st.text("abcdefghij:", max_size=30).map(str.encode))
def test_a_name_without_ids_stays(key: bytes) -> None:
    assert PatternNames().name_key(key) == key.decode()


def test_what_is_no_command_name_is_not_shown() -> None:
    assert command_name([b"\xff\n"]) == "?"
    assert command_name([]) == "?"
