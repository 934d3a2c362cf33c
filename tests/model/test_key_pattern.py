"""Patterns for names of keys mean what they mean to Redis."""

import pytest

from exporter.model.key_pattern import includes_pattern, matches_key
from tests.servers import RealServer

_PATTERNS = [
    "*",
    "user:*",
    "user:?",
    "user:[12]",
    "user:[^1]",
    "user:[1-3]",
    "user:[3-1]",
    "[]",
    "[^]",
    "user:[1",
    r"user:\*",
    r"user:[\]1]",
    r"a\?",
    "u*r*1",
    "^",
    "a.c",
    "a[b.]c",
    "a|b",
    "[a-]",
    "line*end",
    "[[]",
    "?",
    "??",
    "é",
    "[é]*",
    "[a",
    "a\\",
    "[a-z",
    "[^a-z]*",
]
_NAMES = [
    *("user:1", "user:2", "user:3", "user:10", "user:*", "user:]", "user:", "user", "USER:1", "a?"),
    *("ab", "a", "abc", "a.c", "a|b", "-", "^", "line\nend", "é", "ü", "["),
]


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_the_keys_that_a_server_finds(pattern: str, empty_server: RealServer) -> None:
    client = empty_server.client
    for name in _NAMES:
        client.set(name, "1")
    found = {key.decode() if isinstance(key, bytes) else key for key in client.scan_iter(match=pattern)}
    assert {name for name in _NAMES if matches_key(pattern, name)} == found


@pytest.mark.parametrize(
    ("pattern", "other", "includes"),
    [
        ("*", "anything:*", True),
        ("user:*", "user:*", True),
        ("user:*", "user:1*", True),
        ("user:*", "user:[12]", True),
        ("user:*", "us*", False),
        ("user:*", "*", False),
        ("user:*", "user?*", False),
        ("user:?", "user:?", True),
        ("user:?", "user:[12]", False),
        ("user[:]*", "user[:]*1", False),
        ("user:*:*", "user:*", False),
        ("user:1", "user:1*", False),
        ("", "*", False),
    ],
)
def test_patterns_that_are_surely_part_of_another(pattern: str, other: str, *, includes: bool) -> None:
    assert includes_pattern(pattern, other) is includes


def test_a_hostile_name_costs_no_time() -> None:
    assert not matches_key("*a*a*a*a*a*a*a*a*b", "a" * 15_000)
