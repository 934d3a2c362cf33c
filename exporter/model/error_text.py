"""`error_text`: what a library says of an error, for people."""

import re
from typing import Final

_NUMBER: Final = re.compile(r"\[Errno -?\d+\] ")


def error_text(error: Exception) -> str:
    """The text of an error without the number that the system has for it; its kind where it has no text."""
    return _NUMBER.sub("", str(error)) or type(error).__name__
