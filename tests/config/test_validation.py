"""What is proposed for words that nothing is called."""

import pytest

from exporter.config.validation import hint

RULES = ("RedisConnectionErrors", "RedisDown", "RedisLoadHigh", "RedisMemoryHigh", "VigilWatchdog")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("RedisDwn", "RedisDown"),
        ("redis_down", "RedisDown"),
        ("MemoryHigh", "RedisMemoryHigh"),
        ("RedisMemory", "RedisMemoryHigh"),
        ("VigilWatchdg", "VigilWatchdog"),
    ],
)
def test_a_rule_that_was_meant(written: str, meant: str) -> None:
    assert hint(written, RULES, prefix="Redis") == f', did you mean "{meant}"?'


@pytest.mark.parametrize("written", ["RedisCpuHigh", "RedisTooManyConnections", "RedisOutOfMemory", "Redis"])
def test_no_rule_is_meant_because_all_begin_alike(written: str) -> None:
    assert not hint(written, RULES, prefix="Redis")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("when", ""), ("off", ""), ("lables", "labels"), ("For", "for"), ("disabled", "enabled: false")],
)
def test_keys(written: str, meant: str) -> None:
    known = ("enabled", "for", "labels", "threshold", "where")
    assert hint(written, known) == (f', did you mean "{meant}"?' if meant else "")
