"""The commands and the files that a README shows: what tests follow is read from it, not copied."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
DEPLOY: Final = ROOT / "deploy"
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# `$ ` for anybody, `# ` for root: what a console shows before a command.
_PROMPTS: Final = ("$ ", "# ")


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences, with the heading above it."""

    language: str
    text: str
    heading: str


def blocks_of(path: Path) -> list[Block]:
    """All blocks of a document, in its order."""
    text = path.read_text()
    found = []
    for match in _FENCE.finditer(text):
        headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", text[: match.start()]), re.MULTILINE)
        found.append(Block(match[1], match[2], headings[-1] if headings else ""))
    return found


def commands_of(path: Path, *headings: str) -> list[str]:
    """The commands that a document shows under these headings (under all where none is named), in order.

    A line that ends with a backslash goes on in the next one. What a command prints is left out.
    """
    found: list[str] = []
    known = [block.heading for block in blocks_of(path)]
    assert all(heading in known for heading in headings), f"{path} has no commands under one of {headings}"
    for block in blocks_of(path):
        if block.language == "console" and (not headings or block.heading in headings):
            found += _commands(block.text)
    return found


def _commands(text: str) -> list[str]:
    lines = text.replace("\\\n", "").splitlines()
    return [line[2:].strip() for line in lines if line.startswith(_PROMPTS)]


def own_environment(folder: Path) -> dict[str, str]:
    """This process' environment, in which `redis-vigil` is the one of this checkout."""
    program = folder / "bin" / "redis-vigil"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m exporter "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
