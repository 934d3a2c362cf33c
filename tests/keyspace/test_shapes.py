"""Ids by their looks."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.keyspace.shapes import (
    canonical,
    collapse_numbers,
    cut,
    escape,
    generalise,
    is_identifier,
    without_addresses,
)

IDS = [
    "17",
    "550e8400-e29b-41d4-a716-446655440000",
    "550E8400-E29B-41D4-A716-446655440000",
    "2024-01-31",
    "2024-01-31T10",
    "20240131",
    "10.0.0.1",
    "1.5",
    "a1b2c3d4",
    "d41d8cd98f00b204e9800998ecf8427e",
    "deadbeefdeadbeef",
    "507f1f77bcf86cd799439011",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "V1StGXR8_Z5jdHi6B-myT",
    "cjld2cjxh0000qzrmn831i7rn",
    "dQw4w9WgXcQ",
    "joe.doe@example.com",
    "joe+tag@mail.example.org",
    "FRCWdVzRXGBdgJtVbW3NkDXiEAwzMrYW",
]
WORDS = [
    "",
    "user",
    "v2",
    "l1",
    "tenant1",
    "sha256",
    "deadbeef",
    "feature.flag.new-checkout",
    "user_profile_cache_2024",
    "getUserProfileByIdAndName",
    "User_Profile_Cache_Of_2024",
    "royalty-run",
    "-1-",
    "@babel",
]


@pytest.mark.parametrize("piece", IDS)
def test_ids(piece: str) -> None:
    assert is_identifier(piece.encode())


@pytest.mark.parametrize("piece", WORDS)
def test_words(piece: str) -> None:
    assert not is_identifier(piece.encode())


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ("cache_page_17", "cache_page_*"),
        ("user_17_profile", "user_*_profile"),
        ("page=2&size=10", "page=*&size=*"),
        ("v1.2", "v1.*"),
        ("{17}.cart", "{*}.cart"),
        ("mail-joe@example.com", "*"),
        ("order/550e8400-e29b-41d4-a716-446655440000/items", "order/*/items"),
        ("a1b2c3d4_e5f6a7b8", "*"),
        ("plain", "plain"),
    ],
)
def test_ids_within_a_piece(piece: str, expected: str) -> None:
    assert generalise(piece.encode()).decode() == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rl:llm:2001:db8:85a3::8a2e:370:7334", "rl:llm:*"),
        ("rl:2001:0db8:85a3:0000:0000:8a2e:0370:7334:x", "rl:*:x"),
        ("x:2001:db8::1:user", "x:*:user"),
        ("a:1:2:3:4:5:6:7:8", "a:1:2:3:4:5:6:7:8"),
        ("books::12", "books::12"),
        ("db::5", "db::5"),
    ],
)
def test_addresses_of_ipv6(name: str, expected: str) -> None:
    assert without_addresses(name.encode()).decode() == expected


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a_", ["a_"]),
        ("a_b.c", ["a_b.c"]),
        ("a_b.c-d.e", ["a_b.", "c-d.", "e"]),
        ("www.example.co.uk", ["www.example.co.uk"]),
        ("a|eu.example.com/x.y", ["a|", "eu.example.com/", "x.", "y"]),
        ("eu.example.de/x", ["eu.example.de/", "x"]),
        ("texts.home.de", ["texts.", "home.", "de"]),
        ("com.example.Job", ["com.", "example.", "Job"]),
        ("a/b|", ["a/", "b|", ""]),
        ("{*}.x", ["{", "*}", ".x"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert cut(text.encode()) == [token.encode() for token in tokens]


def test_an_id_of_several_words_has_one_wildcard() -> None:
    assert canonical(b"post:*-*_*:views") == b"post:*:views"
    assert canonical(b"a:*:*") == b"a:*:*"


def test_a_star_in_a_name_is_no_wildcard() -> None:
    assert escape(b"glob*") == b"glob\\*"
    assert canonical(b"glob:\\*-*") == b"glob:\\*-*"


def test_numbers_are_collapsed() -> None:
    assert collapse_numbers(b"page_17_of_203") == b"page_0_of_0"


@given(st.binary(max_size=300))
def test_tokens_make_up_the_text(text: bytes) -> None:
    assert b"".join(cut(text)) == text


@given(st.binary(max_size=300))
def test_no_name_is_too_strange(name: bytes) -> None:
    without_addresses(name)
    generalise(name)
    is_identifier(name)


@pytest.mark.parametrize(
    "part", ["a", "1", "a1", "0x", "a.", "1-", "@", "a@", "a@b.", "f:", ":", "A1b2", "_-", "1T"]
)
def test_hostile_names_take_no_time(part: str) -> None:
    name = (part * 256)[:256].encode()
    started = time.process_time()
    for _ in range(20):
        without_addresses(name)
        generalise(name)
        is_identifier(name)
    assert time.process_time() - started < 0.5
