"""Lines of tables and keys in a TOML text, which the standard library's parser does not tell.

Good for files as people write them: a table header or a key at the beginning of its line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_HEADER: Final = re.compile(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*=")


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where one table stands: its header, and the lines of its keys and of tables within it."""

    line: int
    keys: dict[str, int]

    def locate(self, key: str) -> int:
        """The line of a key; of the table where it is not found, or empty."""
        return self.keys.get(key, self.line)


def find_tables(text: str, path: str) -> Sequence[TablePlace]:
    """Where the tables of this name stand, in order; `path` is as in a header: `inputs.redis`."""
    found: list[TablePlace] = []
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            current = re.sub(r"\s*\.\s*", ".", header[1].strip()).replace('"', "")
            if current == path:
                found.append(TablePlace(number, {}))
            elif current.startswith(f"{path}.") and found:
                found[-1].keys.setdefault(current[len(path) + 1 :].partition(".")[0], number)
        elif current == path and found and (key := _KEY.match(line)):
            found[-1].keys.setdefault(key[1], number)
    return found
