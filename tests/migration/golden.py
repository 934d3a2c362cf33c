"""Cases of a conversion as text files: a command, files to read, files that it writes, and what it says.

A case is sections with heads of the form `==== name`:

- `command`: the words after `redis-vigil`, as in a shell; `environment`: lines NAME=value
- `in NAME`: a file that is there; `out NAME`: one that has to be written; `out! NAME`: with mode 0600
- `says`: standard output, or `fails`: standard error of a command that exits with status 2

`DIR` stands for the directory of the files, `<hash>` for a bcrypt hash.
"""

import re
import shlex
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.cli.in_process import run_command

_HEAD: Final = re.compile(r"^==== (.*)\n", re.MULTILINE)
_HASH: Final = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


@dataclass
class Case:
    """One case, or what a command has made of it."""

    command: str
    environment: str = ""
    files: dict[str, str] = field(default_factory=dict)
    """What is there before, by name."""
    written: dict[str, str] = field(default_factory=dict)
    """What is there afterwards besides, by name; the name of a private file begins with a !."""
    says: str = ""
    fails: str = ""

    @classmethod
    def load(cls, path: Path) -> "Case":
        """A case from its file."""
        pieces = _HEAD.split(path.read_text(encoding="utf-8"))[1:]
        case = cls("")
        for head, text in zip(pieces[::2], pieces[1::2], strict=True):
            kind, _, name = head.partition(" ")
            if kind == "in":
                case.files[name] = text
            elif kind in ("out", "out!"):
                case.written[kind.removeprefix("out") + name] = text
            else:
                setattr(case, kind, text)
        return case

    def run(self, folder: Path) -> "Case":
        """The same with what the command does in this directory."""
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        environment = dict(line.split("=", 1) for line in self.environment.splitlines())
        done = run_command(folder, *shlex.split(self.command.replace("\\\n", " ")), environment=environment)
        assert done.returncode == (2 if self.fails else 0), done.stderr
        written = {
            ("!" if stat.S_IMODE(path.stat().st_mode) == 0o600 else "") + str(path.relative_to(folder)): path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and str(path.relative_to(folder)) not in self.files
        }
        return Case(
            self.command,
            self.environment,
            self.files,
            {name: _plain(path.read_text(encoding="utf-8"), folder) for name, path in written.items()},
            _plain(done.stdout, folder) if not self.fails else "",
            _plain(done.stderr, folder) if self.fails else "",
        )

    def __str__(self) -> str:
        """As a file has it."""
        sections = [("command", self.command), ("environment", self.environment)]
        sections += [(f"in {name}", text) for name, text in self.files.items()]
        sections += [
            (f"out! {name[1:]}" if name.startswith("!") else f"out {name}", text)
            for name, text in sorted(self.written.items(), key=lambda item: item[0].lstrip("!"))
        ]
        sections += [("says", self.says), ("fails", self.fails)]
        return "".join(f"==== {head}\n{text}" for head, text in sections if text)


def _plain(text: str, folder: Path) -> str:
    return _HASH.sub("<hash>", text.replace(str(folder), "DIR"))
