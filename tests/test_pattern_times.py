"""No regular expression of the project takes a text's length squared, or for ever."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.pattern_times import MOST_SECONDS, slowest

_ROOT: Final = Path(__file__).parents[1]


def test_no_pattern_is_slow_for_a_long_text() -> None:
    command = (sys.executable, "-m", "tests.pattern_times")
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
        pytest.fail(f"does not end: {output.decode(errors='replace').splitlines()[-1:]}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 200
    assert [pair for pair in pairwise(lines) if pair[1].startswith("\t")] == []


@pytest.mark.parametrize("pattern", [rb"(.+:)(.+?)(?:\.[DX]Q)?\.msgs", rb"[0-9]+\.?[0-9]*(?:e[0-9]+)?"])
def test_one_that_is_slow_is_found(pattern: bytes) -> None:
    seconds, _ = slowest(re.compile(pattern, re.DOTALL))
    assert seconds > MOST_SECONDS / 4
