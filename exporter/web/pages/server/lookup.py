"""Finding the server that an address names, or those that may have been meant."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from exporter.samplers.runner import TargetRunner

MOST_SUGGESTED: Final = 8

# Comparing a name with many others takes long; a longer name than this is hardly a mistyped one.
_MOST_COMPARED: Final = 2_000
_LONGEST_COMPARED: Final = 100
_LIKENESS: Final = 0.5


def find(instance: str, runners: Iterable[TargetRunner]) -> TargetRunner | None:
    """Return the server of this name; None where none has it."""
    return next((runner for runner in runners if runner.target.instance == instance), None)


def suggest(instance: str, names: Sequence[str]) -> Sequence[str]:
    """Return the names that are most like this one, those that contain it first."""
    wanted = instance.strip().lower()
    if not wanted or len(wanted) > _LONGEST_COMPARED:
        return ()
    by_lower = {name.lower(): name for name in names[:_MOST_COMPARED] if len(name) <= _LONGEST_COMPARED}
    holding = [low for low in by_lower if wanted in low or low in wanted]
    alike = get_close_matches(wanted, by_lower, MOST_SUGGESTED, _LIKENESS)
    return [by_lower[low] for low in dict.fromkeys([*sorted(holding, key=len), *alike])][:MOST_SUGGESTED]
