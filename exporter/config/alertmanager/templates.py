"""The patterns of `templates`, and the files that they stand for."""

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path

_MAGIC = re.compile(r"[*?\[\\]")


def check_pattern(pattern: str) -> str:
    """Check a pattern; raises `ValueError` where it is none, returns it otherwise."""
    for name in Path(pattern).parts:
        _translate(name)
    return pattern


def expand(patterns: Iterable[str], base: Path) -> Sequence[Path]:
    """The files that patterns stand for, in order, each once; relative ones start at `base`.

    As in Go's filepath.Glob: `*` and `?` stop at a slash and match a leading dot too, a backslash takes the
    next character as it is. A pattern without files is none's problem.
    """
    files: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(base, pattern)
        found = reduce(_matching, path.parts[1:] if path.is_absolute() else path.parts, [_start(path)])
        files.update((file, None) for file in found if file.is_file())
    return list(files)


def _start(path: Path) -> Path:
    return Path(path.anchor) if path.is_absolute() else Path()


def _matching(directories: list[Path], name: str) -> list[Path]:
    """What of this name is in these directories."""
    if not _MAGIC.search(name):
        return [directory / name for directory in directories if (directory / name).exists()]
    wanted = re.compile(_translate(name), re.DOTALL)
    return [
        entry
        for directory in directories
        if directory.is_dir()
        for entry in sorted(directory.iterdir())
        if wanted.fullmatch(entry.name)
    ]


def _translate(pattern: str) -> str:
    """The regular expression of one name with wildcards."""
    expression = ""
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char in "*?":
            expression += {"*": ".*", "?": "."}[char]
        elif char == "[":
            part, position = _translate_class(pattern, position)
            expression += part
        else:
            if char == "\\":
                char = pattern[position : position + 1]
                position += 1
            if not char:
                raise ValueError(f'"{pattern}" ends with a backslash')
            expression += re.escape(char)
    return expression


def _translate_class(pattern: str, position: int) -> tuple[str, int]:
    """A class such as `[a-z]` that begins before `position`, and where it ends."""
    match = re.compile(r"\^?(?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+\]").match(pattern, position)
    if match is None:
        raise ValueError(f'"{pattern}" holds a "[" that begins no class such as [a-z]')
    inner = re.sub(r"(?<!\\)([\[&~|])", r"\\\1", match[0][:-1])
    return f"[{inner}]", match.end()
