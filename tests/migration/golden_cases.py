"""Golden cases of migrations: a directory with what comes in, what goes out, and what is said.

`in/` holds the files of the other program; `message` what is said, and `out/` the files that are written,
where they are. A case that cannot be migrated has a `message` only; `@HERE@` stands for its directory.
`REDIS_VIGIL_WRITE_GOLDEN=1` writes `message` and `out/` anew, to be looked at.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from exporter.drafts import Draft, write_draft
from exporter.errors import ConfigError, UsageError

CASES: Final = Path(__file__).parent / "cases"
HERE: Final = "@HERE@"
_LAYOUT: Final = re.compile(r"[\s\[\]{},#]+|(?<=\s)-(?=\s)")

Migrate = Callable[[Path], Draft]
"""Makes a draft of the files in a directory."""


def cases_of(program: str) -> list[str]:
    """The names of the cases of a program."""
    return sorted(path.name for path in (CASES / program).iterdir())


def run_case(program: str, case: str, directory: Path, migrate: Migrate) -> Path | None:
    """Migrate one case in a directory and compare; the directory with what was written, None for an error."""
    source = directory / "in"
    shutil.copytree(CASES / program / case / "in", source)
    written: dict[str, str] = {}
    output = None
    try:
        draft = migrate(source)
    except (ConfigError, UsageError) as error:
        message = f"{error}\n"
    else:
        message = "".join(f"{line}\n" for line in _lines(draft))
        output = directory / "out"
        write_draft(draft, output)
        written = {name: text.replace(str(source), HERE) for name, text in draft.files.items()}
    message = message.replace(str(source), HERE)
    if os.environ.get("REDIS_VIGIL_WRITE_GOLDEN"):
        _write(CASES / program / case, message, written)
    assert message == (CASES / program / case / "message").read_text()
    expected = _expected(CASES / program / case / "out")
    assert {name: _layout_aside(text) for name, text in written.items()} == {
        name: _layout_aside(text) for name, text in expected.items()
    }
    return output


def _layout_aside(text: str) -> str:
    """A text as it is, unless its lines are broken by how long the name of the input's directory is."""
    return " ".join(_LAYOUT.sub(" ", text).split()) if HERE in text else text


def _lines(draft: Draft) -> Iterator[str]:
    yield from draft.found
    if draft.differs:
        yield "To know:"
        yield from draft.differs
    if draft.private:
        yield f"private: {', '.join(sorted(draft.private))}"


def _write(case: Path, message: str, written: dict[str, str]) -> None:
    shutil.rmtree(case / "out", ignore_errors=True)
    (case / "message").write_text(message)
    for name, text in written.items():
        path = case / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _expected(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
