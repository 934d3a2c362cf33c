"""Values that a shell reads when it starts something: `$(cat FILE)`, `$(< FILE)`, and both in backquotes.

Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06_03.
"""

import re
from typing import Final

_READ: Final = r"(?:cat\s+|<\s*)(?:--\s+)?[\"']?([^\"'`()|;&$<>*\s]+)[\"']?\s*"
_FILE: Final = re.compile(rf"\$\(\s*{_READ}\)|`\s*{_READ}`")
_ANY: Final = re.compile(r"\$\(|`")


def file_of(value: str) -> str:
    """The file that all of a value is read from; empty where it is something else."""
    match = _FILE.fullmatch(value.strip())
    return (match[1] or match[2]) if match else ""


def is_substitution(value: str) -> bool:
    """Whether a shell would put something in that is not known here."""
    return re.match(r"\$\([^)]+\s[^)]*\)|`[^`]+`$", value.strip()) is not None


def as_words(script: str) -> str:
    """A script in which what is read from a file holds no spaces, so that it is part of one word."""
    return _FILE.sub(lambda match: f"$(<{match[1] or match[2]})", script)


def is_open(command: str) -> bool:
    """Whether a command holds something that a shell would put in, other than what stands in a file."""
    return _ANY.search(_FILE.sub("", command)) is not None
