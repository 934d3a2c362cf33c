"""Prints each regular expression of the project that takes more than its share of time for some text.

    python -m tests.pattern_times

Texts repeat a sign or two after what a pattern begins with, and end with a sign that fits nowhere: the kind
for which backtracking takes the length squared, or for ever. A line before the look at each pattern says
which it is, so that one that never ends is known too.
"""

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import exporter

_SIGNS: Final = "aZ0_-. $\"'\\/:@%#=\n{}[]()<>*,;!é\t+|?"
_PUMPS: Final = (*_SIGNS, "0_", "1s", "a.", "a:", "a-", " a", "\\a", '\\"', "$a", "0.", "0x", "=a", ", ")
_BEGINNINGS: Final = ("", "a", "$", "{", '"', "[", "a:", "a=", "0x", "1.")
_ENDS: Final = ("!", "\x00")
_LITERAL: Final = re.compile(r"[A-Za-z_$@#:/.=-]{1,12}")
# Beyond this, longer texts are tried; a linear pattern takes a tenth of it.
_SUSPECT_SECONDS: Final = 0.0005
MOST_SECONDS: Final = 0.5
_FEW, _MANY, _MOST = 26, 1_000, 8_000
# Of the texts that take long, so many are tried at full length.
_MOST_SUSPECTS: Final = 12


def collect() -> list[tuple[str, "re.Pattern[Any]"]]:
    """Import all modules; return what they compile, with the module."""
    found: dict[tuple[object, int], tuple[str, re.Pattern[Any]]] = {}
    compile_pattern = re.compile

    def note(pattern: Any, flags: int = 0) -> "re.Pattern[Any]":
        compiled = compile_pattern(pattern, flags)
        module = sys._getframe(1).f_globals.get("__name__", "")
        if module.startswith("exporter."):
            found.setdefault((compiled.pattern, compiled.flags), (module, compiled))
        return compiled

    re.compile = note
    for module in pkgutil.walk_packages(exporter.__path__, "exporter."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    re.compile = compile_pattern
    return list(found.values())


def slowest(pattern: "re.Pattern[Any]") -> tuple[float, str]:
    """Return the CPU time that the slowest text took, in seconds, and that text's beginning."""
    suspects = []
    for begin, pump, end in _texts(pattern):
        for match in (pattern.match, pattern.fullmatch):
            _seconds(match, begin + pump * (_FEW // len(pump)) + end)
            seconds = _seconds(match, begin + pump * (_MANY // len(pump)) + end)
            if seconds > _SUSPECT_SECONDS:
                suspects.append((seconds, match, begin, pump, end))
    suspects.sort(key=lambda suspect: suspect[0], reverse=True)
    worst = (0.0, "")
    for _, match, begin, pump, end in suspects[:_MOST_SUSPECTS]:
        seconds = _seconds(match, begin + pump * (_MOST // len(pump)) + end)
        worst = max(worst, (seconds, f"{begin}{pump * 3}…{end}"))
        if seconds > MOST_SECONDS:
            break
    return worst


def _seconds(match: Callable[..., object], text: str) -> float:
    pattern = match.__self__  # type: ignore[attr-defined]
    given = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
    before = time.process_time()
    match(given)
    return time.process_time() - before


def _texts(pattern: "re.Pattern[Any]") -> Iterator[tuple[str, str, str]]:
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    for begin in (*_BEGINNINGS, *_LITERAL.findall(source)[:4]):
        for pump in _PUMPS:
            for end in _ENDS:
                yield begin, pump, end


def main() -> None:
    """Look at all; lines with tabs are those of slow ones."""
    patterns = collect()
    print(f"{len(patterns)} patterns")
    for module, pattern in patterns:
        print(f"{module}: {pattern.pattern!r}", flush=True)
        seconds, text = slowest(pattern)
        if seconds > MOST_SECONDS:
            print(f"\t{seconds:.1f} s for {text!r}", flush=True)


if __name__ == "__main__":
    main()
