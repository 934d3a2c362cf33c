"""`split`: a line as words."""

import shlex

from exporter.errors import UsageError


def split(line: str, origin: str) -> list[str]:
    """The words of a line, as a shell takes them; lines that end with a backslash go on."""
    try:
        return shlex.split(line.replace("\\\n", " "), comments=True)
    except ValueError as error:
        raise UsageError(f"{origin}: {str(error).lower()}") from None
