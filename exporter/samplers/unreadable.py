"""Faults of samplers that come of a reply which they cannot read, in one sentence."""

import traceback
from pathlib import Path
from typing import Final

import exporter
from exporter.errors import Reason, TargetError

_PACKAGE: Final = Path(exporter.__file__).parent
# What comes of reading a reply of another form than that of any server that is known.
_OF_OTHER_FORMS: Final = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def fault_of(error: Exception, where: str, sampler: str) -> TargetError:
    """Return the error for what stopped a sampler, other than an error of the connection.

    It is a reply of a form that the sampler does not know, or else a fault of ours. Its text names the line
    that raised it, and nothing of the reply.
    """
    what = f"{type(error).__name__} at {_place_of(error)}"
    if isinstance(error, _OF_OTHER_FORMS):
        text = f"{where}: a reply is none that the sampler {sampler} can read ({what})"
        return TargetError(Reason.PROTOCOL, text)
    return TargetError(Reason.INTERNAL, f"{where}: the sampler {sampler} failed ({what})")


def _place_of(error: Exception) -> str:
    """Return the innermost line of this package, as `sampling/slots.py:12`."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE):
            return f"{path.relative_to(_PACKAGE)}:{frame.lineno}"
    return "an unknown place"
